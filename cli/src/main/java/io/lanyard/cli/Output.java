package io.lanyard.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.lanyard.base.PrintableText;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A command's output: a table for people, or with {@code --json} JSON for programs. */
final class Output {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  static {
    JSON.getFactory().setCharacterEscapes(new PrintableJson());
  }

  /** Escapes what would speak to a terminal: names come from guests. */
  @SuppressWarnings("serial") // nobody serializes it
  private static final class PrintableJson extends CharacterEscapes {
    private static final int DELETE = 0x7f;

    private final int[] ascii = standardAsciiEscapesForJSON();

    PrintableJson() {
      ascii[DELETE] = ESCAPE_STANDARD;
    }

    @Override
    public int[] getEscapeCodesForAscii() {
      return ascii;
    }

    @Override
    public @Nullable SerializableString getEscapeSequence(int c) {
      return PrintableText.isPrintable((char) c)
          ? null
          : new SerializedString(String.format(Locale.ROOT, "\\u%04x", c));
    }
  }

  /** Ends the name of a column that shows how many members a list has, not the members. */
  static final String COUNT = "#";

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  boolean json() {
    return json;
  }

  @SuppressWarnings("SystemOut") // What a command prints is its result.
  void line(String text) {
    System.out.println(text);
  }

  void print(JsonNode node) {
    line(text(node));
  }

  /** JSON that can be shown on a terminal. */
  static String text(JsonNode node) {
    try {
      return JSON.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree can always be written", e);
    }
  }

  /** Prints the members of a list of objects: all of them as JSON, or the chosen as a table. */
  void table(JsonNode list, List<String> columns) {
    if (json) {
      print(list);
      return;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(columns.stream().map(Output::heading).toList());
    for (JsonNode row : list) {
      rows.add(columns.stream().map(column -> cell(row, column)).toList());
    }
    int[] widths = new int[columns.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        line.append(row.get(i)).repeat(" ", widths[i] - row.get(i).length() + 2);
      }
      line(line.toString().stripTrailing());
    }
  }

  /** Prints an object: as JSON, or a member a line, those of lists and objects under theirs. */
  void properties(JsonNode object) {
    if (json) {
      print(object);
    } else {
      properties(object, "");
    }
  }

  private void properties(JsonNode object, String indent) {
    int width = 0;
    for (var member : object.properties()) {
      width = Math.max(width, words(member.getKey()).length());
    }
    for (var member : object.properties()) {
      JsonNode value = member.getValue();
      String name = indent + words(member.getKey());
      if (value.isValueNode()) {
        line(name + " ".repeat(indent.length() + width + 2 - name.length()) + cell(value));
        continue;
      }
      line(
          value.isEmpty()
              ? name + " ".repeat(indent.length() + width + 2 - name.length()) + "-"
              : name);
      if (value.isObject()) {
        properties(value, indent + "  ");
      } else {
        for (JsonNode item : value) {
          if (item.isObject()) {
            properties(item, indent + "  ");
          } else {
            line(indent + "  " + cell(item));
          }
        }
      }
    }
  }

  private static String words(String member) {
    return heading(member).toLowerCase(Locale.ROOT);
  }

  /** {@code leaseTime} is shown as {@code LEASE TIME}. */
  private static String heading(String column) {
    return column.replace(COUNT, "").replaceAll("([a-z])([A-Z])", "$1 $2").toUpperCase(Locale.ROOT);
  }

  private static String cell(JsonNode row, String column) {
    return column.endsWith(COUNT)
        ? Integer.toString(row.path(column.substring(0, column.length() - 1)).size())
        : cell(row.path(column));
  }

  private static String cell(JsonNode value) {
    if (value.isMissingNode() || value.isNull()) {
      return "-";
    }
    if (value.isArray()) {
      List<String> items = new ArrayList<>();
      value.forEach(item -> items.add(cell(item)));
      return items.isEmpty() ? "-" : String.join(",", items);
    }
    String text = PrintableText.of(value.isValueNode() ? value.asText() : value.toString());
    return text.isEmpty() ? "-" : text;
  }
}
