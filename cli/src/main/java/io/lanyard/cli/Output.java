package io.lanyard.cli;

import io.lanyard.control.client.Reply;
import io.lanyard.control.json.JsonException;
import io.lanyard.control.json.JsonText;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A command's output: a table for people, or with {@code --json} JSON for programs. */
final class Output {
  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  boolean json() {
    return json;
  }

  @SuppressWarnings("SystemOut") // What a command prints is its result.
  void line(String text) {
    System.out.println(text);
  }

  /** Prints a record, a list or a map as JSON. */
  void print(Object value) {
    line(JsonText.printable(value, true));
  }

  /** Prints an answer of the daemon as it came. */
  void print(Reply<?> answer) {
    print(plain(answer.json()));
  }

  /** Says that something is done; as JSON, what is done. */
  void done(Object result, String text) {
    if (json) {
      print(result);
    } else {
      line(text);
    }
  }

  /** Says that something is done that the daemon says nothing of; JSON is none then. */
  void done(String text) {
    if (!json) {
      line(text);
    }
  }

  /** Whether what reads standard output has gone, or it cannot be written. */
  @SuppressWarnings("SystemOut")
  static boolean isGone() {
    return System.out.checkError();
  }

  /** JSON in one line that can be shown on a terminal, for streams of it. */
  static String lineOf(Object value) {
    return JsonText.printable(value, false);
  }

  /** An answer's JSON as plain values. */
  static Object plain(String json) {
    try {
      Object value = JsonText.parse(json);
      return value == null ? Map.of() : value;
    } catch (JsonException e) {
      throw new IllegalStateException("an answer that was read is no JSON: " + json, e);
    }
  }

  /** Prints records or maps: all of their members as JSON, or the chosen as a table. */
  void table(List<?> list, List<String> columns) {
    if (json) {
      print(list);
    } else {
      Table.lines(list, columns, Terminal.columns()).forEach(this::line);
    }
  }

  /** Prints the members of an object, one per line, those of lists and objects under theirs. */
  void properties(Map<?, ?> object) {
    properties(object, "");
  }

  private void properties(Map<?, ?> object, String indent) {
    int width = 0;
    for (Object name : object.keySet()) {
      width = Math.max(width, Units.words(name.toString()).length());
    }
    for (var member : object.entrySet()) {
      String name = member.getKey().toString();
      String words = indent + Units.words(name);
      String padded = words + " ".repeat(indent.length() + width + 2 - words.length());
      switch (member.getValue()) {
        case Map<?, ?> inner -> {
          line(inner.isEmpty() ? padded + "-" : words);
          properties(inner, indent + "  ");
        }
        case List<?> items -> {
          line(items.isEmpty() ? padded + "-" : words);
          items.forEach(item -> item(name, item, indent + "  "));
        }
        case null, default -> line(padded + Table.cell(name, member.getValue()));
      }
    }
  }

  private void item(String name, @Nullable Object item, String indent) {
    if (item instanceof Map<?, ?> inner) {
      properties(inner, indent);
    } else {
      line(indent + Table.cell(name, item));
    }
  }
}
