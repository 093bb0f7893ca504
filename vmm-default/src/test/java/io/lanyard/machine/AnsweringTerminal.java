package io.lanyard.machine;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A terminal as far as it answers, in UTF-8: control characters within sequences are obeyed, DEL is
 * ignored, ESC, CAN and SUB break off. Questions that this does not know are taken for questions.
 *
 * <p>Terminals differ in what a control character of the upper set does within a string: to xterm
 * it is a part of the string, to those that are built like a VT500 (VTE is) it begins what it
 * begins elsewhere.
 */
final class AnsweringTerminal {
  /**
   * An answer that a terminal gives.
   *
   * @param name the question
   * @param end how many bytes it had read
   */
  record Answer(String name, int end) {}

  final List<Answer> answers = new ArrayList<>();
  final StringBuilder text = new StringBuilder();
  private final boolean obeysWithinStrings;
  private int at;
  private String state = "";
  private StringBuilder held = new StringBuilder();

  private AnsweringTerminal(boolean obeysWithinStrings) {
    this.obeysWithinStrings = obeysWithinStrings;
  }

  static AnsweringTerminal xterm() {
    return new AnsweringTerminal(false);
  }

  static AnsweringTerminal vt500() {
    return new AnsweringTerminal(true);
  }

  AnsweringTerminal show(byte[] bytes) {
    String decoded = new String(bytes, StandardCharsets.UTF_8);
    for (int i = 0; i < decoded.length(); i++) {
      char c = decoded.charAt(i);
      at += String.valueOf(c).getBytes(StandardCharsets.UTF_8).length;
      put(c);
    }
    return this;
  }

  private void answer(String name) {
    answers.add(new Answer(name, at));
  }

  private void put(char c) {
    boolean string = state.equals("OSC") || state.equals("DCS") || state.equals("string");
    if (c == 0x18 || c == 0x1a) {
      state = "";
    } else if (c == 0x1b) {
      state = string ? state + " ESC" : "ESC";
      if (!string) {
        held.setLength(0);
      }
    } else if (state.endsWith(" ESC")) {
      if (c == '\\') {
        ended(state.substring(0, state.length() - 4));
      } else {
        state = "ESC";
        held.setLength(0);
        put(c);
      }
    } else if (string) {
      if (c == 0x9c || (c == 7 && state.equals("OSC"))) {
        ended(state);
      } else if (obeysWithinStrings && c >= 0x80 && c < 0xa0) {
        control((char) (c - 0x40));
      } else {
        held.append(c);
      }
    } else if (c < 0x20) {
      if (c == 5) {
        answer("ENQ");
      }
    } else if (c >= 0x80 && c < 0xa0) {
      control((char) (c - 0x40));
    } else if (c == 0x7f) {
      // ignored
    } else if (state.equals("ESC")) {
      if (c < 0x30) {
        held.append(c);
      } else if (!held.isEmpty()) {
        state = "";
      } else {
        control(c);
      }
    } else if (state.equals("CSI")) {
      held.append(c);
      if (c >= 0x40) {
        state = "";
        sequence(held.toString());
      }
    } else {
      text.append(c);
    }
  }

  private void control(char c) {
    held = new StringBuilder();
    state =
        switch (c) {
          case '[' -> "CSI";
          case ']' -> "OSC";
          case 'P' -> "DCS";
          case '_', '^', 'X' -> "string";
          default -> "";
        };
    if (c == 'Z') {
      answer("DECID");
    }
  }

  private void ended(String what) {
    String content = held.toString();
    state = "";
    if (!what.equals("OSC") || (content.contains("?") && !content.matches("(?s)[0128];.*"))) {
      answer(what + content);
    }
  }

  private void sequence(String s) {
    String known = "[\\d;:]*[@A-MPSTXZ`abdefghlmrsu]|\\?[\\d;:]*[JKhlrs]|[\\d;:]*( q|!p|\"q)";
    if (!s.matches(known) || s.equals("?2048h")) {
      answer("CSI " + s);
    }
  }
}
