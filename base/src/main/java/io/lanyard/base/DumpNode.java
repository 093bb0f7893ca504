package io.lanyard.base;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A component's description: a name, properties in order, and the components inside it.
 *
 * @param name the component's name, kebab-case words and names from the configuration
 * @param properties values by camelCase key; a value is a {@link String}, a {@link Number} or a
 *     {@link Boolean}
 * @param children the parts
 */
public record DumpNode(String name, Map<String, Object> properties, List<DumpNode> children) {
  private static final Pattern KEY = Pattern.compile("[a-z][A-Za-z0-9]*");

  /**
   * Takes copies that cannot be changed; the order of the properties stays.
   *
   * @throws IllegalArgumentException if a key is not camelCase
   */
  public DumpNode {
    for (String key : properties.keySet()) {
      if (!KEY.matcher(key).matches()) {
        throw new IllegalArgumentException("not a camelCase key: " + key);
      }
    }
    properties = Collections.unmodifiableMap(new LinkedHashMap<>(properties));
    children = List.copyOf(children);
  }

  /**
   * Begins a node.
   *
   * @param name what the component is called
   * @return a builder
   */
  public static Builder of(String name) {
    return new Builder(name);
  }

  /** Gathers a node. */
  public static final class Builder {
    private final String name;
    private final Map<String, Object> properties = new LinkedHashMap<>();
    private final List<DumpNode> children = new ArrayList<>();

    private Builder(String name) {
      this.name = name;
    }

    /**
     * Adds a property.
     *
     * @param key its name, camelCase
     * @param value a {@link Number} or a {@link Boolean} stays one; everything else becomes text
     * @return this
     */
    public Builder with(String key, Object value) {
      properties.put(
          key, value instanceof Number || value instanceof Boolean ? value : value.toString());
      return this;
    }

    /**
     * Adds a counter if it is not zero, so that a dump shows events that happened and not every
     * possible one.
     *
     * @param key its name, camelCase
     * @param value the counter
     * @return this
     */
    public Builder withNonZero(String key, long value) {
      return value == 0 ? this : with(key, value);
    }

    /**
     * Adds a part.
     *
     * @param child its description
     * @return this
     */
    public Builder child(DumpNode child) {
      children.add(child);
      return this;
    }

    /**
     * Ends the node.
     *
     * @return the node
     */
    public DumpNode build() {
      return new DumpNode(name, properties, children);
    }
  }
}
