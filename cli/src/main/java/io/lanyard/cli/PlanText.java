package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.control.api.ChangeInfo;
import io.lanyard.control.api.PlanInfo;
import java.util.ArrayList;
import java.util.List;

/** A plan for people: a line for each change, and what the changes end or wait for. */
final class PlanText {
  private static final String PLAIN = "\u001b[0m";

  private final boolean colours;
  private final List<String> lines = new ArrayList<>();

  private PlanText(boolean colours) {
    this.colours = colours;
  }

  static List<String> lines(PlanInfo plan, boolean colours) {
    PlanText text = new PlanText(colours);
    for (ChangeInfo change : plan.changes()) {
      text.change(change.text());
    }
    text.section("This waits for a restart of the daemon:", plan.restart(), "\u001b[33m");
    text.section("This ends:", plan.ends(), "\u001b[31m");
    text.section("Problems:", plan.problems(), "");
    return text.lines;
  }

  static boolean isEmpty(PlanInfo plan) {
    return plan.changes().isEmpty() && plan.restart().isEmpty();
  }

  private void change(String text) {
    char sign = text.startsWith("+ ") || text.startsWith("- ") ? text.charAt(0) : '~';
    String colour =
        switch (sign) {
          case '+' -> "\u001b[32m";
          case '-' -> "\u001b[31m";
          default -> "\u001b[33m";
        };
    add(sign == '~' ? "~ " + text : text, colour);
  }

  private void section(String heading, List<String> items, String colour) {
    if (items.isEmpty()) {
      return;
    }
    lines.add(heading);
    items.forEach(item -> add("  " + item, colour));
  }

  private void add(String text, String colour) {
    String safe = PrintableText.of(text);
    lines.add(colours && !colour.isEmpty() ? colour + safe + PLAIN : safe);
  }
}
