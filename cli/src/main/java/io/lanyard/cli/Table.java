package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.control.json.JsonText;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Records, or maps of members, as rows under headings.
 *
 * <p>A column is the name of a member: {@code name}; {@code problems#} shows how many items a list
 * has; {@code receivedFrames=RX FRAMES} has a heading of its own; {@code mode?} is left out where
 * the terminal is too narrow for it, as is one that says nothing.
 */
final class Table {
  /** A column is not made narrower, nor narrower than its heading. */
  private static final int NARROWEST = 8;

  /** Names are arguments of other commands: they are shown whole. */
  private static final Set<String> WHOLE =
      Set.of("network", "name", "id", "address", "mac", "revision", "path");

  /** Sentences and lists: their beginning tells most. They are cut before anything is left out. */
  private static final Set<String> PROSE =
      Set.of("problem", "reason", "why", "source", "capabilities", "ends");

  private static final String NOTHING = "-";
  private static final String GAP = "  ";

  private record Column(String member, String heading, boolean isCount, boolean isSpare) {
    static Column of(String text) {
      int equals = text.indexOf('=');
      String member = equals < 0 ? text : text.substring(0, equals);
      boolean isCount = member.endsWith("#");
      boolean isSpare = member.endsWith("?");
      member = isCount || isSpare ? member.substring(0, member.length() - 1) : member;
      String heading = equals < 0 ? Units.heading(member) : text.substring(equals + 1);
      return new Column(member, heading, isCount, isSpare);
    }

    String cell(Map<?, ?> row) {
      Object value = row.get(member);
      return isCount
          ? Integer.toString(value instanceof Collection<?> items ? items.size() : 0)
          : Table.cell(member, value);
    }
  }

  private Table() {}

  /**
   * The lines of a table.
   *
   * @param list the records or maps
   * @param columns the columns
   * @param width columns of the terminal, which the longest texts are cut to; 0 for no limit
   */
  static List<String> lines(List<?> list, List<String> columns, int width) {
    List<Column> shown = new ArrayList<>(columns.stream().map(Column::of).toList());
    List<Map<?, ?>> objects = new ArrayList<>();
    list.forEach(object -> objects.add(members(object)));
    while (true) {
      List<List<String>> rows = rows(objects, shown);
      int[] widths = widths(rows);
      boolean fits = width == 0 || fit(widths, shown, width, PROSE::contains);
      if (!fits && (leaveEmpty(shown, rows) || leaveOne(shown))) {
        continue;
      }
      if (!fits) {
        fit(widths, shown, width, member -> !WHOLE.contains(member));
      }
      return rows.stream().map(row -> line(row, widths)).toList();
    }
  }

  private static Map<?, ?> members(Object object) {
    return object instanceof Record record ? JsonText.members(record) : (Map<?, ?>) object;
  }

  private static List<List<String>> rows(List<Map<?, ?>> objects, List<Column> columns) {
    List<List<String>> rows = new ArrayList<>(objects.size() + 1);
    rows.add(columns.stream().map(Column::heading).toList());
    objects.forEach(row -> rows.add(columns.stream().map(column -> column.cell(row)).toList()));
    return rows;
  }

  private static int[] widths(List<List<String>> rows) {
    int[] widths = new int[rows.getFirst().size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    return widths;
  }

  private static String line(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String text = cut(row.get(i), widths[i]);
      line.append(text).repeat(" ", widths[i] - text.length()).append(GAP);
    }
    return line.toString().stripTrailing();
  }

  /**
   * Takes from the widest column until all fit; false if none is left that may be cut.
   *
   * @param mayBeCut whether a member's texts may be
   */
  private static boolean fit(
      int[] widths, List<Column> columns, int width, Predicate<String> mayBeCut) {
    int total = GAP.length() * (widths.length - 1);
    for (int one : widths) {
      total += one;
    }
    for (; total > width; total--) {
      int widest = -1;
      for (int i = 0; i < widths.length; i++) {
        int least = Math.max(NARROWEST, columns.get(i).heading().length());
        if (widths[i] > least
            && mayBeCut.test(columns.get(i).member())
            && (widest < 0 || widths[i] > widths[widest])) {
          widest = i;
        }
      }
      if (widest < 0) {
        return false;
      }
      widths[widest]--;
    }
    return true;
  }

  /** Leaves out the last column that says nothing in any row; false if there is none. */
  private static boolean leaveEmpty(List<Column> columns, List<List<String>> rows) {
    for (int i = columns.size() - 1; i >= 0; i--) {
      int at = i;
      if (!WHOLE.contains(columns.get(i).member())
          && rows.stream().skip(1).allMatch(row -> row.get(at).equals(NOTHING))) {
        columns.remove(i);
        return true;
      }
    }
    return false;
  }

  /** Leaves out the last column that can be spared; false if there is none. */
  private static boolean leaveOne(List<Column> columns) {
    for (int i = columns.size() - 1; i >= 0; i--) {
      if (columns.get(i).isSpare()) {
        columns.remove(i);
        return true;
      }
    }
    return false;
  }

  static String cut(String text, int width) {
    if (text.length() <= width) {
      return text;
    }
    int end = width - 1;
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
  }

  /** A member's value as a text that neither begins a line nor speaks to a terminal. */
  static String cell(String member, @Nullable Object value) {
    String text =
        switch (value) {
          case null -> "";
          case Collection<?> items ->
              String.join(
                  ",",
                  items.stream()
                      .filter(item -> item != null && !item.toString().isEmpty())
                      .map(item -> cell(member, item))
                      .toList());
          case Map<?, ?> members -> PrintableText.of(JsonText.text(members));
          default -> PrintableText.of(Units.text(member, value));
        };
    return text.isEmpty() ? NOTHING : text;
  }
}
