package io.lanyard.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.lanyard.base.PrintableText;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A command's output: a table for people, or with {@code --json} JSON for programs. */
final class Output {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private static final ObjectMapper LINES = new ObjectMapper();

  static {
    LINES.getFactory().setCharacterEscapes(new PrintableJson());
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

  /** Prints JSON as one line, for streams of it. */
  void printLine(JsonNode node) {
    line(lineOf(node));
  }

  /** Says that something is done; as JSON, the daemon's answer if it has one. */
  void done(JsonNode answer, String text) {
    if (!json) {
      line(text);
    } else if (!answer.isMissingNode()) {
      print(answer);
    }
  }

  /** Whether what reads standard output has gone, or it cannot be written. */
  @SuppressWarnings("SystemOut")
  static boolean isGone() {
    return System.out.checkError();
  }

  /** JSON that can be shown on a terminal. */
  static String text(JsonNode node) {
    return write(JSON, node);
  }

  /** The same in one line. */
  static String lineOf(JsonNode node) {
    return write(LINES, node);
  }

  private static String write(ObjectMapper mapper, JsonNode node) {
    try {
      return mapper.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree can always be written", e);
    }
  }

  /** Prints the members of a list of objects: all of them as JSON, or the chosen as a table. */
  void table(JsonNode list, List<String> columns) {
    if (json) {
      print(list);
    } else {
      Table.lines(list, columns, Terminal.columns()).forEach(this::line);
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
      width = Math.max(width, Units.words(member.getKey()).length());
    }
    for (var member : object.properties()) {
      JsonNode value = member.getValue();
      String name = indent + Units.words(member.getKey());
      if (value.isValueNode()) {
        line(
            name
                + " ".repeat(indent.length() + width + 2 - name.length())
                + Table.cell(member.getKey(), value));
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
            line(indent + "  " + Table.cell(member.getKey(), item));
          }
        }
      }
    }
  }
}
