package io.lanyard.config;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The keys that one kind of mapping has.
 *
 * @param name the section's name in the schema and in messages
 * @param meaning a sentence about it
 * @param keys every key, in the order in which the reference lists them
 * @param rules what holds among them
 * @param later keys of the format that this version cannot honour, and the beginning of a sentence
 *     about each
 */
record Section(
    String name, String meaning, List<Key<?>> keys, List<KeyRule> rules, Map<String, String> later)
    implements Form<Fields> {
  static Section of(String name, String meaning, Key<?>... keys) {
    return new Section(name, meaning, List.of(keys), List.of(), Map.of());
  }

  /** The key of a name, or null when there is none. */
  @Nullable Key<?> key(String wanted) {
    for (Key<?> key : keys) {
      if (key.name().equals(wanted)) {
        return key;
      }
    }
    return null;
  }

  /** The keys' names, in order. */
  List<String> names() {
    return keys.stream().map(Key::name).toList();
  }

  /** This section and all below it, each once, from the outside in. */
  Set<Section> tree() {
    Set<Section> found = new LinkedHashSet<>();
    addTo(found);
    return found;
  }

  private void addTo(Set<Section> found) {
    if (found.add(this)) {
      for (Key<?> key : keys) {
        for (Section inner : key.form().sections()) {
          inner.addTo(found);
        }
      }
    }
  }

  @Override
  public @Nullable Fields read(Problems problems, String path, Place place, YamlNode node) {
    return Fields.open(problems, this, path, place, node);
  }

  @Override
  public List<Section> sections() {
    return List.of(this);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }
}
