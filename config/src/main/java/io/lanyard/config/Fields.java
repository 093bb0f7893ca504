package io.lanyard.config;

import io.lanyard.base.Nearest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A mapping being read: hands out the typed values of its keys, and reports each that is missing,
 * unknown or not what was expected. A value with a problem reads as absent; what is built from it
 * is thrown away in the end.
 */
final class Fields {
  private static final int LONGEST_PLAIN_KEY = 64;

  private final Problems problems;
  private final Section section;
  private final String path;
  private final Place place;
  private final Map<String, YamlNode.Entry> entries = new LinkedHashMap<>();

  private Fields(Problems problems, Section section, String path, Place place) {
    this.problems = problems;
    this.section = section;
    this.path = path;
    this.place = place;
  }

  /**
   * Opens a mapping; reports unknown and missing keys, and which of the section's rules it breaks.
   *
   * @param place where to report a missing key
   * @return null when the node is no mapping
   */
  static @Nullable Fields open(
      Problems problems, Section section, String path, Place place, YamlNode node) {
    if (!(node instanceof YamlNode.Mapping mapping)) {
      problems.malformed(node.place(), path, Form.noMapping(node));
      return null;
    }
    Fields fields = new Fields(problems, section, path, place);
    for (YamlNode.Entry entry : mapping.entries()) {
      fields.admit(entry);
    }
    for (Key<?> key : section.keys()) {
      if (key.required() && !fields.has(key)) {
        problems.malformed(place, path, "the key " + Quoted.quote(key.name()) + " is missing");
      }
    }
    for (KeyRule rule : section.rules()) {
      if (!rule.check(fields)) {
        break;
      }
    }
    return fields;
  }

  private void admit(YamlNode.Entry entry) {
    String key = entry.key();
    if (section.key(key) != null) {
      entries.put(key, entry);
      return;
    }
    String later = section.later().get(key);
    String message =
        later != null ? later + " not supported by this version" : "unknown key" + suggestion(key);
    problems.malformed(entry.keyPlace(), join(path, key), message);
  }

  private String suggestion(String key) {
    String nearest = Nearest.to(key, section.names());
    if (nearest != null) {
      return "; did you mean " + Quoted.quote(nearest) + "?";
    }
    for (Section other : Configuration.Keys.SECTION.tree()) {
      if (other.key(key) != null) {
        return other.equals(Configuration.Keys.SECTION)
            ? "; it belongs at the top of the file"
            : "; it belongs to a " + Quoted.quote(other.name()) + " mapping";
      }
    }
    return "; known here: " + String.join(", ", section.names());
  }

  static String join(String path, String key) {
    String shown = isPlain(key) ? key : Quoted.quote(key);
    return path.isEmpty() ? shown : path + "." + shown;
  }

  /** Whether a key needs no quotes in a message. No pattern: each value's path is joined. */
  private static boolean isPlain(String key) {
    int length = key.length();
    for (int i = 0; i < length; i++) {
      char c = key.charAt(i);
      boolean isPlain =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '_'
              || c == '.'
              || c == '-';
      if (!isPlain) {
        return false;
      }
    }
    return length > 0 && length <= LONGEST_PLAIN_KEY;
  }

  /** The kind of mapping that it is. */
  Section section() {
    return section;
  }

  /** The mapping's own path. */
  String path() {
    return path;
  }

  /** Where the mapping's own problems are reported. */
  Place place() {
    return place;
  }

  Problems problems() {
    return problems;
  }

  /** The names of the known keys that the file has. */
  Set<String> given() {
    return entries.keySet();
  }

  boolean has(Key<?> key) {
    return entry(key) != null;
  }

  private YamlNode.@Nullable Entry entry(Key<?> key) {
    if (!section.keys().contains(key)) {
      throw new IllegalArgumentException("section " + section.name() + " has no key " + key);
    }
    return entries.get(key.name());
  }

  /** Whether the file has a certain text as the key's value. */
  boolean says(Key<?> key, String word) {
    YamlNode.Entry entry = entry(key);
    return entry != null
        && entry.value() instanceof YamlNode.Scalar scalar
        && scalar.text().equals(word);
  }

  /** Where the value of a key begins, or the mapping's place when it is absent. */
  Place placeOf(Key<?> key) {
    YamlNode.Entry entry = entry(key);
    return entry == null ? place : entry.value().place();
  }

  String pathOf(Key<?> key) {
    return join(path, key.name());
  }

  void problem(Key<?> key, String message) {
    problems.add(placeOf(key), pathOf(key), message);
  }

  /** Reports a key that must not be here, at the key. */
  void refuse(Key<?> key, String message) {
    YamlNode.Entry entry = entry(key);
    if (entry != null) {
      problems.add(entry.keyPlace(), pathOf(key), message);
    }
  }

  /** The value of a key, or null when absent or wrong. Reading it twice reports it twice. */
  <T> @Nullable T find(Key<T> key) {
    return read(key, key.form());
  }

  private <T> @Nullable T read(Key<?> key, Form<T> form) {
    YamlNode.Entry entry = entry(key);
    return entry == null ? null : form.read(problems, pathOf(key), entry.keyPlace(), entry.value());
  }

  /** The value of a key, or its default when absent or wrong. */
  <T> T value(Key<T> key) {
    return value(key, key.otherwise());
  }

  /** The value of a key whose default depends on other keys. */
  <T> T value(Key<T> key, T otherwise) {
    T value = find(key);
    return value == null ? otherwise : value;
  }

  /** A number of which the mapping's surroundings allow no more than their own. */
  int atMost(int most, Key<Integer> key, int otherwise) {
    Form.Whole limits = (Form.Whole) key.form();
    Integer value = read(key, new Form.Whole(limits.least(), most));
    return value == null ? otherwise : value;
  }

  /** The mapping under a key; without keys when it is absent or no mapping. */
  Fields mapping(Key<Fields> key) {
    Fields fields = find(key);
    return fields == null ? none(key, (Section) key.form()) : fields;
  }

  /** A mapping without keys, in the place of one that is absent. */
  Fields none(Key<?> key, Section inner) {
    return new Fields(problems, inner, pathOf(key), placeOf(key));
  }

  /** A mapping without keys of which no file says anything: its values are the defaults. */
  static Fields none(Section section) {
    return new Fields(new Problems(""), section, "", new Place(1, 1));
  }

  /** The keys of the mapping under a key, good names or not; none when it is no mapping. */
  List<String> keysOf(Key<?> key) {
    YamlNode.Entry entry = entry(key);
    return entry != null && entry.value() instanceof YamlNode.Mapping mapping
        ? mapping.entries().stream().map(YamlNode.Entry::key).toList()
        : List.of();
  }
}
