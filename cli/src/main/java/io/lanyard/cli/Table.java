package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.lanyard.base.PrintableText;
import java.util.ArrayList;
import java.util.List;

/**
 * Objects as rows under headings.
 *
 * <p>A column is the name of a member: {@code name}; {@code problems#} shows how many items a list
 * has; {@code receivedFrames=RX FRAMES} has a heading of its own.
 */
final class Table {
  /** A column is not made narrower. */
  private static final int NARROWEST = 8;

  private static final String GAP = "  ";

  private record Column(String member, String heading, boolean isCount) {
    static Column of(String text) {
      int equals = text.indexOf('=');
      String member = equals < 0 ? text : text.substring(0, equals);
      boolean isCount = member.endsWith("#");
      member = isCount ? member.substring(0, member.length() - 1) : member;
      String heading = equals < 0 ? Units.heading(member) : text.substring(equals + 1);
      return new Column(member, heading, isCount);
    }

    String cell(JsonNode row) {
      JsonNode value = row.path(member);
      return isCount ? Integer.toString(value.size()) : Table.cell(member, value);
    }
  }

  private Table() {}

  /**
   * The lines of a table.
   *
   * @param list the objects
   * @param columns the columns
   * @param width columns of the terminal, which the longest texts are cut to; 0 for no limit
   */
  static List<String> lines(Iterable<JsonNode> list, List<String> columns, int width) {
    List<Column> shown = columns.stream().map(Column::of).toList();
    List<List<String>> rows = new ArrayList<>();
    rows.add(shown.stream().map(Column::heading).toList());
    for (JsonNode row : list) {
      rows.add(shown.stream().map(column -> column.cell(row)).toList());
    }
    int[] widths = new int[shown.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    if (width > 0) {
      fit(widths, width);
    }
    List<String> lines = new ArrayList<>(rows.size());
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String text = cut(row.get(i), widths[i]);
        line.append(text).repeat(" ", widths[i] - text.length()).append(GAP);
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }

  /** Takes from the widest until all fit, or none is wide. */
  private static void fit(int[] widths, int width) {
    int total = GAP.length() * (widths.length - 1);
    for (int one : widths) {
      total += one;
    }
    for (; total > width; total--) {
      int widest = 0;
      for (int i = 1; i < widths.length; i++) {
        widest = widths[i] > widths[widest] ? i : widest;
      }
      if (widths[widest] <= NARROWEST) {
        return;
      }
      widths[widest]--;
    }
  }

  static String cut(String text, int width) {
    if (text.length() <= width) {
      return text;
    }
    int end = width - 1;
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
  }

  /** A member's value as a text that neither begins a line nor speaks to a terminal. */
  static String cell(String member, JsonNode value) {
    if (value.isMissingNode() || value.isNull()) {
      return "-";
    }
    if (value.isArray()) {
      List<String> items = new ArrayList<>();
      value.forEach(item -> {
        if (!item.asText("-").isEmpty()) {
          items.add(cell(member, item));
        }
      });
      return items.isEmpty() ? "-" : String.join(",", items);
    }
    String text =
        PrintableText.of(value.isValueNode() ? Units.text(member, value) : value.toString());
    return text.isEmpty() ? "-" : text;
  }
}
