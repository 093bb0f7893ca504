package io.lanyard.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The form of a value: how it is read and what limits it has. Each form is plain data, from which
 * the JSON Schema and the reference are made too.
 *
 * @param <T> the value's type
 */
sealed interface Form<T>
    permits Kind,
        Choice,
        Section,
        Variants,
        Form.Flag,
        Form.Whole,
        Form.Only,
        Form.Within,
        Form.AnyScalar,
        Form.ListOf,
        Form.OneOrMore,
        Form.NamedMap,
        Form.OffOr,
        Form.OrOff,
        Form.FlagOrServices {
  /**
   * Reads a value.
   *
   * @param path the key's path, for messages
   * @param place where to report what the value lacks
   * @return null when the value is wrong, which has been reported
   */
  @Nullable T read(Problems problems, String path, Place place, YamlNode node);

  /** A value as the file writes it. */
  default String text(T value) {
    return value.toString();
  }

  /** The sections of mappings in such a value. */
  default List<Section> sections() {
    return List.of();
  }

  private static boolean isNull(YamlNode node) {
    return node instanceof YamlNode.Scalar scalar && scalar.isNull();
  }

  /** The message about a value that is no mapping. */
  static String noMapping(YamlNode node) {
    String hint = isNull(node) ? " (write {} for an empty one)" : "";
    return "expected a mapping, found " + node.found() + hint;
  }

  /** True or false. */
  record Flag() implements Form<Boolean> {
    @Override
    public @Nullable Boolean read(Problems problems, String path, Place place, YamlNode node) {
      return read(problems, path, node, "true or false");
    }

    static @Nullable Boolean read(Problems problems, String path, YamlNode node, String expected) {
      if (node instanceof YamlNode.Scalar scalar && scalar.isBoolean()) {
        return scalar.text().equalsIgnoreCase("true");
      }
      problems.malformed(node.place(), path, "expected " + expected + ", found " + node.found());
      return null;
    }
  }

  /**
   * A whole number.
   *
   * @param least the least
   * @param most the most
   */
  record Whole(int least, int most) implements Form<Integer> {
    @Override
    public @Nullable Integer read(Problems problems, String path, Place place, YamlNode node) {
      if (node instanceof YamlNode.Scalar scalar
          && scalar.isInteger()
          && scalar.text().matches("[-+]?(0|[1-9][0-9]{0,9})")) {
        long number = Long.parseLong(scalar.text());
        if (number >= least && number <= most) {
          return (int) number;
        }
      }
      problems.malformed(
          node.place(),
          path,
          "expected a number from "
              + least
              + " to "
              + most
              + ", found "
              + node.found()
              + hint(node));
      return null;
    }

    /**
     * The remedy for a number that is not written as one. With a leading zero it would be octal to
     * YAML 1.1, which editors and other tools still read.
     */
    private static String hint(YamlNode node) {
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
  }

  /**
   * A number that is the only one.
   *
   * @param number the number
   * @param why a message's reason
   */
  record Only(int number, String why) implements Form<Integer> {
    @Override
    public @Nullable Integer read(Problems problems, String path, Place place, YamlNode node) {
      if (node instanceof YamlNode.Scalar scalar
          && scalar.plain()
          && scalar.text().equals(Integer.toString(number))) {
        return number;
      }
      problems.malformed(
          node.place(),
          path,
          "expected " + number + ", " + why + "; found " + node.found() + Whole.hint(node));
      return null;
    }
  }

  /**
   * A text that has an order, within limits.
   *
   * @param kind the text's kind
   * @param least the least
   * @param most the most
   * @param <T> the value's type
   */
  record Within<T extends Comparable<T>>(Kind<T> kind, T least, T most) implements Form<T> {
    @Override
    public @Nullable T read(Problems problems, String path, Place place, YamlNode node) {
      T value = kind.read(problems, path, place, node);
      if (value == null || (value.compareTo(least) >= 0 && value.compareTo(most) <= 0)) {
        return value;
      }
      problems.malformed(
          node.place(),
          path,
          "expected " + kind.what() + " from " + range(" to ") + ", found " + text(value));
      return null;
    }

    /** The limits as the file writes them. */
    String range(String between) {
      return text(least) + between + text(most);
    }

    @Override
    public String text(T value) {
      return value instanceof Duration duration ? DurationText.format(duration) : value.toString();
    }
  }

  /** Any text, number, true or false, taken as text. */
  record AnyScalar() implements Form<String> {
    @Override
    public @Nullable String read(Problems problems, String path, Place place, YamlNode node) {
      if (node instanceof YamlNode.Scalar scalar && !scalar.isNull()) {
        return scalar.text();
      }
      problems.malformed(
          node.place(), path, "expected text, a number or true or false, found " + node.found());
      return null;
    }
  }

  /**
   * A list.
   *
   * @param item the form of each item
   * @param most how many there may be
   * @param nouns what a message calls them
   * @param <T> the items' type
   */
  record ListOf<T>(Form<T> item, int most, String nouns) implements Form<List<T>> {
    ListOf(Form<T> item) {
      this(item, Integer.MAX_VALUE, "items");
    }

    /** Items with problems are left out. */
    @Override
    public @Nullable List<T> read(Problems problems, String path, Place place, YamlNode node) {
      if (!(node instanceof YamlNode.Sequence list)) {
        String hint = isNull(node) ? " (write [] for an empty one)" : "";
        problems.malformed(node.place(), path, "expected a list, found " + node.found() + hint);
        return null;
      }
      if (list.items().size() > most) {
        problems.malformed(node.place(), path, tooMany(most, nouns, list.items().size()));
      }
      List<T> values = new ArrayList<>(list.items().size());
      for (int i = 0; i < list.items().size(); i++) {
        YamlNode inner = list.items().get(i);
        T value = item.read(problems, path + "[" + i + "]", inner.place(), inner);
        if (value != null) {
          values.add(value);
        }
      }
      return values;
    }

    @Override
    public List<Section> sections() {
      return item.sections();
    }
  }

  /**
   * One item, or a list of them.
   *
   * @param list the list
   * @param <T> the items' type
   */
  record OneOrMore<T>(ListOf<T> list) implements Form<List<T>> {
    @Override
    public @Nullable List<T> read(Problems problems, String path, Place place, YamlNode node) {
      if (node instanceof YamlNode.Sequence) {
        return list.read(problems, path, place, node);
      }
      T one = list.item().read(problems, path, place, node);
      return one == null ? null : List.of(one);
    }
  }

  private static String tooMany(int most, String nouns, int found) {
    return "expected at most " + most + " " + nouns + ", found " + found;
  }

  /**
   * A mapping whose keys are names that the user chose.
   *
   * @param names the names' kind
   * @param value the form of each value
   * @param most how many there may be
   * @param nouns what a message calls them
   * @param <T> the values' type
   */
  record NamedMap<T>(Kind<String> names, Form<T> value, int most, String nouns)
      implements Form<List<Named<T>>> {
    NamedMap(Kind<String> names, Form<T> value) {
      this(names, value, Integer.MAX_VALUE, "keys");
    }

    /** Entries with bad names are left out. */
    @Override
    public @Nullable List<Named<T>> read(
        Problems problems, String path, Place place, YamlNode node) {
      if (!(node instanceof YamlNode.Mapping mapping)) {
        problems.malformed(node.place(), path, noMapping(node));
        return null;
      }
      if (mapping.entries().size() > most) {
        problems.malformed(node.place(), path, tooMany(most, nouns, mapping.entries().size()));
        return null;
      }
      List<Named<T>> values = new ArrayList<>(mapping.entries().size());
      for (YamlNode.Entry entry : mapping.entries()) {
        String inner = Fields.join(path, entry.key());
        String name = names.readKey(problems, inner, entry);
        if (name != null) {
          T read = value.read(problems, inner, entry.keyPlace(), entry.value());
          values.add(new Named<>(name, inner, entry.keyPlace(), entry.value().place(), read));
        }
      }
      return values;
    }

    @Override
    public String text(List<Named<T>> values) {
      return values.isEmpty() ? "{}" : values.toString();
    }

    @Override
    public List<Section> sections() {
      return value.sections();
    }
  }

  /**
   * An entry of a {@link NamedMap}.
   *
   * @param name the name
   * @param path the entry's path, for messages
   * @param keyPlace where the name is
   * @param place where the value is
   * @param value the value, or null when it is wrong
   * @param <T> the value's type
   */
  record Named<T>(String name, String path, Place keyPlace, Place place, @Nullable T value) {}

  /**
   * The word {@code off}, a mapping, or the word {@code on} in place of a mapping with defaults.
   *
   * @param section the mapping's section
   * @param mayBeOn whether {@code on} is allowed
   */
  record OffOr(Section section, boolean mayBeOn) implements Form<OffOr.Given> {
    /**
     * The value.
     *
     * @param on false for {@code off}
     * @param mapping the mapping, or null for a word
     */
    record Given(boolean on, @Nullable Fields mapping) {}

    /** The words that stand in place of a mapping. */
    List<String> words() {
      return mayBeOn ? List.of("on", "off") : List.of("off");
    }

    @Override
    public @Nullable Given read(Problems problems, String path, Place place, YamlNode node) {
      if (node instanceof YamlNode.Mapping) {
        Fields fields = section.read(problems, path, place, node);
        return fields == null ? null : new Given(true, fields);
      }
      List<String> names = section.names();
      String others = String.join(", ", names.subList(0, names.size() - 1));
      String expected =
          String.join(", ", words())
              + ", or a mapping with "
              + (others.isEmpty() ? "" : others + " and ")
              + names.getLast();
      return Kind.text(problems, path, node, expected, false, this::word);
    }

    private Given word(String text) {
      if (!words().contains(text)) {
        throw new IllegalArgumentException(mayBeOn ? "it is none of them" : "it is neither");
      }
      return new Given(text.equals("on"), null);
    }

    @Override
    public List<Section> sections() {
      return List.of(section);
    }
  }

  /**
   * A value, or the word {@code off}.
   *
   * @param value the value's form
   * @param <T> the value's type
   */
  record OrOff<T>(Form<T> value) implements Form<OrOff.Said<T>> {
    static final String WORD = "off";

    /**
     * The value.
     *
     * @param value null for {@code off}
     * @param <T> its type
     */
    record Said<T>(@Nullable T value) {}

    @Override
    public @Nullable Said<T> read(Problems problems, String path, Place place, YamlNode node) {
      if (node instanceof YamlNode.Scalar scalar && scalar.text().equals(WORD)) {
        return new Said<>(null);
      }
      Problems found = problems.separate();
      T read = value.read(found, path, place, node);
      problems.addWithWord(found, WORD);
      return read == null ? null : new Said<>(read);
    }
  }

  /**
   * True, false, or a list of services.
   *
   * @param services the list
   */
  record FlagOrServices(ListOf<Service> services) implements Form<HostLoopback> {
    @Override
    public @Nullable HostLoopback read(Problems problems, String path, Place place, YamlNode node) {
      if (node instanceof YamlNode.Sequence) {
        List<Service> given = services.read(problems, path, place, node);
        return given == null ? null : new HostLoopback(!given.isEmpty(), given);
      }
      Boolean flag = Flag.read(problems, path, node, "true, false or a list of ports");
      return flag == null ? null : new HostLoopback(flag, List.of());
    }

    @Override
    public String text(HostLoopback value) {
      return value.services().isEmpty()
          ? String.valueOf(value.enabled())
          : value.services().toString();
    }
  }
}
