package io.lanyard.cli;

import java.util.ArrayList;
import java.util.List;

/** Tables below one another, with an empty line between them; empty ones are left out. */
final class Sections {
  private final int width = Terminal.columns();
  private final List<String> lines = new ArrayList<>();

  /** Adds a line before the tables. */
  void add(String line) {
    lines.add(line);
  }

  void add(List<?> list, String... columns) {
    if (!list.isEmpty()) {
      if (!lines.isEmpty()) {
        lines.add("");
      }
      lines.addAll(Table.lines(list, List.of(columns), width));
    }
  }

  List<String> lines() {
    return lines;
  }
}
