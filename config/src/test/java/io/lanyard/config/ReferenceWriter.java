package io.lanyard.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Makes the tables of {@code docs/configuration.md} from the declarations of the keys. */
final class ReferenceWriter {
  /** Each section's heading: where it stands in a file. */
  private final Map<Section, String> headings = new LinkedHashMap<>();

  private ReferenceWriter() {
    Section root = Configuration.Keys.SECTION;
    headings.put(root, "The file");
    place(root, "");
  }

  /** All tables, with a heading each. */
  static String text() {
    ReferenceWriter writer = new ReferenceWriter();
    StringBuilder text = new StringBuilder("\n");
    writer.headings.keySet().forEach(section -> writer.table(section, text));
    return text.toString();
  }

  private void place(Section section, String path) {
    for (Key<?> key : section.keys()) {
      place(key.form(), path + (path.isEmpty() ? "" : ".") + key.name());
    }
  }

  private void place(Form<?> form, String path) {
    switch (form) {
      case Section section -> place(section, path, "");
      case Form.OffOr(Section section, boolean _) -> place(section, path, "");
      case Form.ListOf<?> list -> place(list.item(), path + "[]");
      case Form.NamedMap<?> map -> place(map.value(), path + ".NAME");
      case Variants variants ->
          variants
              .sections()
              .forEach(section ->
                  place(section, path, " of " + variants.decider() + " `" + section.name() + "`"));
      default -> {
        // Such a value has no keys.
      }
    }
  }

  private void place(Section section, String path, String which) {
    if (headings.putIfAbsent(section, "`" + path + "`" + which) == null) {
      place(section, path);
    }
  }

  private void table(Section section, StringBuilder text) {
    text.append("### ").append(headings.get(section)).append("\n\n").append(section.meaning());
    for (KeyRule rule : section.rules()) {
      if (rule instanceof KeyRule.ExactlyOne(List<Key<?>> keys)) {
        text.append(" Exactly one of ").append(and(keys.stream().map(Key::name).toList()));
        text.append(" is there.");
      }
      if (rule instanceof KeyRule.AtMostOne(List<Key<?>> keys)) {
        text.append(" At most one of ").append(and(keys.stream().map(Key::name).toList()));
        text.append(" is there.");
      }
    }
    text.append("\n\n| Key | Value | Default | Meaning |\n|---|---|---|---|\n");
    for (Key<?> key : section.keys()) {
      String meaning = key.meaning() + conditions(section, key);
      text.append(
          "| `%s` | %s | %s | %s |\n"
              .formatted(
                  key.name(), value(key.form()), otherwise(key), meaning.replace("|", "\\|")));
    }
    text.append('\n');
  }

  private static <T> String otherwise(Key<T> key) {
    if (key.required()) {
      return "required";
    }
    return key.hasDefault() ? "`" + key.form().text(key.otherwise()) + "`" : key.unlessSaid();
  }

  private static String conditions(Section section, Key<?> wanted) {
    List<String> not = new ArrayList<>();
    List<String> needed = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    for (KeyRule rule : section.rules()) {
      switch (rule) {
        case KeyRule.OnlyWith(Key<?> key, Key<?> other, String _) when key == wanted ->
            text.append(" Only with `").append(other).append("`.");
        case KeyRule.NotWith(Key<?> key, Key<?> other, String _) when key == wanted ->
            text.append(" Not with `").append(other).append("`.");
        case KeyRule.NotWhere(Key<?> key, Key<?> decider, String word, String _)
            when key == wanted ->
            not.add("`" + decider + ": " + word + "`");
        case KeyRule.NeededWhere(Key<?> key, Key<?> instead, Key<?> decider, String word, String _)
            when key == wanted ->
            needed.add("`" + decider + ": " + word + "` without `" + instead + "`");
        default -> {
          // It is about other keys.
        }
      }
    }
    if (!needed.isEmpty()) {
      text.append(" Required with ").append(String.join(" or ", needed)).append('.');
    }
    if (!not.isEmpty()) {
      text.append(" Not with ").append(String.join(" or ", not)).append('.');
    }
    return text.toString();
  }

  private static String and(List<String> words) {
    List<String> quoted = words.stream().map(word -> "`" + word + "`").toList();
    return String.join(", ", quoted.subList(0, quoted.size() - 1)) + " and " + quoted.getLast();
  }

  private String value(Form<?> form) {
    return switch (form) {
      case Kind<?> kind -> kind(kind, "", kind.examples());
      case Choice<?> choice -> "`" + String.join("`, `", choice.words()) + "`";
      case Section section -> link(section, "mapping");
      case Variants variants ->
          "mapping of "
              + variants.decider()
              + " "
              + String.join(
                  " or ",
                  variants.sections().stream()
                      .map(section -> link(section, "`" + section.name() + "`"))
                      .toList());
      case Form.Flag _ -> "`true` or `false`";
      case Form.Whole(int least, int most) -> least + " to " + most;
      case Form.Only(int number, String _) -> "`" + number + "`";
      case Form.Within<?> within -> within(within);
      case Form.AnyScalar _ -> "text, number, `true` or `false`";
      case Form.ListOf<?> list ->
          "list"
              + (list.most() < Integer.MAX_VALUE ? " of at most " + list.most() : "")
              + "; each item: "
              + value(list.item());
      case Form.OneOrMore<?>(Form.ListOf<?> list) -> value(list.item()) + ", or a " + value(list);
      case Form.NamedMap<?> map ->
          "mapping"
              + (map.most() < Integer.MAX_VALUE ? " of at most " + map.most() : "")
              + "; each key: "
              + kind(map.names(), "", map.names().examples())
              + "; each value: "
              + value(map.value());
      case Form.OffOr offOr ->
          "`" + String.join("`, `", offOr.words()) + "` or " + link(offOr.section(), "mapping");
      case Form.OrOff<?> orOff -> "`" + Form.OrOff.WORD + "` or " + value(orOff.value());
      case Form.FlagOrServices(Form.ListOf<Service> services) ->
          "`true`, `false` or " + value(services);
    };
  }

  private static <T extends Comparable<T>> String within(Form.Within<T> form) {
    List<String> allowed =
        form.kind().examples().stream()
            .filter(example -> {
              T value = form.kind().parser().apply(example);
              return value.compareTo(form.least()) >= 0 && value.compareTo(form.most()) <= 0;
            })
            .toList();
    return kind(form.kind(), ", " + form.range(" to "), allowed);
  }

  private static String kind(Kind<?> kind, String limits, List<String> examples) {
    String what = kind.what().replaceFirst("^(an?|the) ", "") + limits;
    return examples.isEmpty() ? what : what + " (`" + String.join("`, `", examples) + "`)";
  }

  /** A link to a section's table, with the anchor that renderers of Markdown make. */
  private String link(Section section, String text) {
    String heading = headings.getOrDefault(section, "");
    String anchor =
        heading.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9 _-]", "").replace(' ', '-');
    return "[" + text + "](#" + anchor + ")";
  }
}
