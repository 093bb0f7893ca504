package io.lanyard.config;

import io.lanyard.base.Nearest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A mapping being read: hands out the typed values of its keys, and reports each that is missing,
 * unknown or not what was expected. A value with a problem reads as absent; what is built from it
 * is thrown away in the end.
 */
final class Fields {
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
   * Opens a mapping and reports its unknown and missing keys.
   *
   * @param place where to report a missing key
   * @return null when the node is no mapping
   */
  static @Nullable Fields open(
      Problems problems, Section section, String path, Place place, YamlNode node) {
    if (!(node instanceof YamlNode.Mapping mapping)) {
      String hint = isNull(node) ? " (write {} for an empty one)" : "";
      problems.add(node.place(), path, "expected a mapping, found " + node.found() + hint);
      return null;
    }
    Fields fields = new Fields(problems, section, path, place);
    for (YamlNode.Entry entry : mapping.entries()) {
      fields.admit(entry);
    }
    for (String key : section.required()) {
      if (!fields.entries.containsKey(key)) {
        problems.add(place, path, "the key " + Quoted.quote(key) + " is missing");
      }
    }
    return fields;
  }

  private void admit(YamlNode.Entry entry) {
    String key = entry.key();
    if (section.keys().contains(key)) {
      entries.put(key, entry);
      return;
    }
    String later = section.later().get(key);
    String message =
        later != null ? later + " not supported by this version" : "unknown key" + suggestion(key);
    problems.add(entry.keyPlace(), join(path, key), message);
  }

  private String suggestion(String key) {
    String nearest = Nearest.to(key, section.keys());
    if (nearest != null) {
      return "; did you mean " + Quoted.quote(nearest) + "?";
    }
    for (Section other : Section.ALL) {
      if (!other.equals(section) && other.keys().contains(key)) {
        return "; it belongs to a " + Quoted.quote(other.name()) + " mapping";
      }
    }
    return "; known here: " + String.join(", ", section.keys());
  }

  static String join(String path, String key) {
    String shown = key.matches("[A-Za-z0-9_.-]{1,64}") ? key : Quoted.quote(key);
    return path.isEmpty() ? shown : path + "." + shown;
  }

  private static boolean isNull(YamlNode node) {
    return node instanceof YamlNode.Scalar scalar && scalar.isNull();
  }

  /** The mapping's own path. */
  String path() {
    return path;
  }

  /** Where the mapping's own problems are reported. */
  Place place() {
    return place;
  }

  /** The known keys that the file has. */
  Set<String> keys() {
    return entries.keySet();
  }

  boolean has(String key) {
    return entry(key) != null;
  }

  private YamlNode.@Nullable Entry entry(String key) {
    if (!section.keys().contains(key)) {
      throw new IllegalArgumentException("section " + section.name() + " has no key " + key);
    }
    return entries.get(key);
  }

  /** Where the value of a key begins, or the mapping's place when it is absent. */
  Place placeOf(String key) {
    YamlNode.Entry entry = entry(key);
    return entry == null ? place : entry.value().place();
  }

  void problem(String key, String message) {
    problems.add(placeOf(key), join(path, key), message);
  }

  /** Reports a key that must not be here, at the key. */
  void refuse(String key, String message) {
    YamlNode.Entry entry = entry(key);
    if (entry != null) {
      problems.add(entry.keyPlace(), join(path, key), message);
    }
  }

  Problems problems() {
    return problems;
  }

  /** A text as a typed value, or null when absent or wrong. */
  <T> @Nullable T value(String key, Kind<T> kind) {
    YamlNode.Entry entry = entry(key);
    return entry == null ? null : value(problems, join(path, key), entry.value(), kind);
  }

  <T> T value(String key, Kind<T> kind, T otherwise) {
    T value = value(key, kind);
    return value == null ? otherwise : value;
  }

  static <T> @Nullable T value(Problems problems, String path, YamlNode node, Kind<T> kind) {
    String expected = "expected " + kind.expected() + ", found " + node.found();
    if (!(node instanceof YamlNode.Scalar scalar)) {
      problems.add(node.place(), path, expected);
      return null;
    }
    if (!scalar.isText()) {
      String hint = "";
      if (scalar.isBoolean() || (scalar.isNumber() && parses(kind, scalar.text()))) {
        hint = "; put it in quotes if it is meant as text";
      } else if (scalar.isNumber()) {
        hint = why(kind, scalar.text());
      }
      problems.add(node.place(), path, expected + hint);
      return null;
    }
    try {
      return kind.parser().apply(scalar.text());
    } catch (IllegalArgumentException e) {
      problems.add(node.place(), path, expected + ": " + e.getMessage());
      return null;
    }
  }

  private static boolean parses(Kind<?> kind, String text) {
    return why(kind, text).isEmpty();
  }

  private static String why(Kind<?> kind, String text) {
    try {
      var _ = kind.parser().apply(text);
      return "";
    } catch (IllegalArgumentException e) {
      return ": " + e.getMessage();
    }
  }

  boolean flag(String key, boolean otherwise) {
    return flag(key, otherwise, "true or false");
  }

  /** The same where something else may stand there, too. */
  boolean flag(String key, boolean otherwise, String expected) {
    YamlNode.Entry entry = entry(key);
    if (entry == null) {
      return otherwise;
    }
    if (entry.value() instanceof YamlNode.Scalar scalar && scalar.isBoolean()) {
      return scalar.text().equalsIgnoreCase("true");
    }
    problem(key, "expected " + expected + ", found " + entry.value().found());
    return otherwise;
  }

  /** A duration within bounds. */
  Duration duration(String key, Duration least, Duration most, Duration otherwise) {
    Duration value = value(key, Kind.DURATION, otherwise);
    if (value.compareTo(least) >= 0 && value.compareTo(most) <= 0) {
      return value;
    }
    problem(
        key,
        "expected a duration from "
            + DurationText.format(least)
            + " to "
            + DurationText.format(most)
            + ", found "
            + DurationText.format(value));
    return otherwise;
  }

  int number(String key, int least, int most, int otherwise) {
    YamlNode.Entry entry = entry(key);
    if (entry == null) {
      return otherwise;
    }
    if (entry.value() instanceof YamlNode.Scalar scalar
        && scalar.isInteger()
        && scalar.text().matches("[-+]?(0|[1-9][0-9]{0,9})")) {
      long number = Long.parseLong(scalar.text());
      if (number >= least && number <= most) {
        return (int) number;
      }
    }
    problem(
        key,
        "expected a number from "
            + least
            + " to "
            + most
            + ", found "
            + entry.value().found()
            + numberHint(entry.value()));
    return otherwise;
  }

  /** Reports a number that is not the only one that may stand there. */
  void constant(String key, int value, String why) {
    YamlNode.Entry entry = entry(key);
    if (entry == null) {
      return;
    }
    boolean isThat =
        entry.value() instanceof YamlNode.Scalar scalar
            && scalar.plain()
            && scalar.text().equals(Integer.toString(value));
    if (!isThat) {
      problem(
          key,
          "expected "
              + value
              + ", "
              + why
              + "; found "
              + entry.value().found()
              + numberHint(entry.value()));
    }
  }

  /**
   * The remedy for a number that is not written as one. With a leading zero it would be octal to
   * YAML 1.1, which editors and other tools still read.
   */
  private static String numberHint(YamlNode node) {
    if (!(node instanceof YamlNode.Scalar scalar)) {
      return "";
    }
    if (!scalar.plain()) {
      return scalar.text().matches("[0-9]+") ? "; leave out the quotes" : "";
    }
    if (scalar.text().matches("0[ox].*")) {
      return "; write it in decimal";
    }
    return scalar.text().matches("[-+]?0[0-9]+") ? "; leave out the leading zero" : "";
  }

  /** The mapping under a key, or null when absent or no mapping. */
  @Nullable Fields mapping(String key, Section inner) {
    YamlNode.Entry entry = entry(key);
    return entry == null
        ? null
        : open(problems, inner, join(path, key), entry.keyPlace(), entry.value());
  }

  boolean isList(String key) {
    YamlNode.Entry entry = entry(key);
    return entry != null && entry.value() instanceof YamlNode.Sequence;
  }

  boolean isMapping(String key) {
    YamlNode.Entry entry = entry(key);
    return entry != null && entry.value() instanceof YamlNode.Mapping;
  }

  /** Whether the mapping under a key says {@code enabled: false}; its problems are not reported. */
  boolean turnsOff(String key) {
    YamlNode.Entry entry = entry(key);
    return entry != null
        && entry.value() instanceof YamlNode.Mapping mapping
        && mapping.entries().stream()
            .anyMatch(inner ->
                inner.key().equals("enabled")
                    && inner.value() instanceof YamlNode.Scalar scalar
                    && scalar.isBoolean()
                    && scalar.text().equalsIgnoreCase("false"));
  }

  /** The keys of the mapping under a key, good names or not; none when it is no mapping. */
  List<String> keys(String key) {
    YamlNode.Entry entry = entry(key);
    return entry != null && entry.value() instanceof YamlNode.Mapping mapping
        ? mapping.entries().stream().map(YamlNode.Entry::key).toList()
        : List.of();
  }

  /** Goes through a mapping whose keys are names that the user chose. */
  void named(String key, Kind<String> name, BiConsumer<String, YamlNode.Entry> each) {
    YamlNode.Entry entry = entry(key);
    if (entry == null) {
      return;
    }
    if (!(entry.value() instanceof YamlNode.Mapping mapping)) {
      String hint = isNull(entry.value()) ? " (write {} for an empty one)" : "";
      problem(key, "expected a mapping, found " + entry.value().found() + hint);
      return;
    }
    for (YamlNode.Entry item : mapping.entries()) {
      String why = why(name, item.key());
      if (why.isEmpty()) {
        each.accept(name.parser().apply(item.key()), item);
      } else {
        problems.add(
            item.keyPlace(),
            join(join(path, key), item.key()),
            "expected " + name.expected() + why);
      }
    }
  }

  /** Goes through a list. */
  void items(String key, BiConsumer<String, YamlNode> each) {
    YamlNode.Entry entry = entry(key);
    if (entry == null) {
      return;
    }
    if (!(entry.value() instanceof YamlNode.Sequence list)) {
      String hint = isNull(entry.value()) ? " (write [] for an empty one)" : "";
      problem(key, "expected a list, found " + entry.value().found() + hint);
      return;
    }
    for (int i = 0; i < list.items().size(); i++) {
      each.accept(join(path, key) + "[" + i + "]", list.items().get(i));
    }
  }

  /** A list of typed values; those with problems are left out. */
  <T> List<T> values(String key, Kind<T> kind, List<T> otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    List<T> values = new ArrayList<>();
    items(
        key,
        (itemPath, node) -> {
          T value = value(problems, itemPath, node, kind);
          if (value != null) {
            values.add(value);
          }
        });
    return values;
  }
}
