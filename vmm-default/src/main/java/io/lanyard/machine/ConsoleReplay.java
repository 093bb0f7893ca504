package io.lanyard.machine;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

/**
 * Makes old console output fit to be shown again: a guest's program asked the terminal something
 * (where is the cursor, what are you), and a terminal that is shown the question again would answer
 * it again, into the guest, where nobody asks any more.
 *
 * <p>Nobody knows every question that some terminal answers. So of the sequences of ECMA-48 and
 * xterm only those stay that are known to draw, move, or set something; others, and all device
 * control strings, go. Text and what is only half there at the end stay as they are: its end is
 * still to come, so it is not old.
 */
final class ConsoleReplay {
  private static final int ENQ = 0x05;
  private static final int BEL = 0x07;
  private static final int CAN = 0x18;
  private static final int SUB = 0x1a;
  private static final int ESC = 0x1b;

  /** Final bytes of control sequences with plain parameters that draw, move or set. */
  private static final String PLAIN = "@ABCDEFGHIJKLMPSTXZ`abdefghlmrsu";

  /** Those with a question mark: modes, and erasing what is not protected. */
  private static final String PRIVATE = "JKhlrs";

  /** Modes; not among them those that a terminal reports about as soon as they are set. */
  private static final Set<String> MODES =
      Set.of(
          "1", "3", "4", "5", "6", "7", "8", "9", "12", "25", "45", "47", "66", "67", "69", "1000",
          "1001", "1002", "1003", "1004", "1005", "1006", "1007", "1015", "1016", "1034", "1047",
          "1048", "1049", "2004", "2026");

  /**
   * The characters that may follow ESC alone: DECSC, DECRC, keypad, NEL, HTS, RI, RIS and their
   * like.
   */
  private static final String ESCAPES = "6789=>DEFHMNOclmn|}~";

  /** Operating system commands that set a title or a link; others ask, or set what lasts. */
  private static final List<String> COMMANDS = List.of("0;", "1;", "2;", "8;");

  /** ESC and a backslash. */
  private static final byte[] ST = {ESC, 0x5c};

  private final byte[] bytes;
  private final ByteArrayOutputStream kept;
  private int at;

  private ConsoleReplay(byte[] bytes) {
    this.bytes = bytes;
    this.kept = new ByteArrayOutputStream(bytes.length);
  }

  /**
   * Takes out what a terminal might answer.
   *
   * @param output what a guest has printed
   * @return the rest of it
   */
  static byte[] of(byte[] output) {
    ConsoleReplay replay = new ConsoleReplay(output);
    while (replay.at < output.length) {
      replay.next();
    }
    return replay.kept.toByteArray();
  }

  private int peek(int offset) {
    return at + offset < bytes.length ? bytes[at + offset] & 0xff : -1;
  }

  private void next() {
    int b = peek(0);
    if (b == ENQ) {
      at++; // the answerback message
    } else if (b == ESC) {
      escape();
    } else if (b >= 0x80 && b < 0xa0) {
      control(b, 1); // alone, not within a character of UTF-8: a control character of 8 bits
    } else if (b == 0xc2 && peek(1) >= 0x80 && peek(1) < 0xa0) {
      control(peek(1), 2); // the same in UTF-8
    } else {
      keep(character(0));
    }
  }

  /** How many bytes the character at an offset has in UTF-8, those that are there. */
  private int character(int offset) {
    int first = peek(offset);
    int length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 1;
    int n = 1;
    while (n < length && peek(offset + n) >= 0x80 && peek(offset + n) < 0xc0) {
      n++;
    }
    return n;
  }

  private void keep(int count) {
    kept.write(bytes, at, count);
    at += count;
  }

  private void escape() {
    int next = peek(1);
    if (next >= 0x40 && next < 0x60 && "DEFHMNO".indexOf(next) < 0) {
      control(next + 0x40, 2);
      return;
    }
    int length = 1;
    while (peek(length) >= 0x20 && peek(length) < 0x30) {
      length++; // a character set is named by two bytes or three
    }
    int end = peek(length);
    if (end < 0) {
      keep(bytes.length - at);
    } else if (end == ESC || end < 0x20 || end >= 0x80) {
      at += length; // cut off
    } else if (length > 1 || ESCAPES.indexOf(end) >= 0) {
      keep(length + 1);
    } else {
      at += length + 1;
    }
  }

  /** A control character of the upper set, in one byte or as ESC and a letter. */
  private void control(int control, int length) {
    switch (control) {
      case 0x9b -> sequence(length);
      case 0x9d -> string(length, true);
      case 0x90, 0x98, 0x9e, 0x9f -> string(length, false);
      case 0x84, 0x85, 0x88, 0x8d -> keep(length); // IND, NEL, HTS, RI
      default -> at += length; // among them DECID, which asks
    }
  }

  /** ECMA-48 section 5.4: parameters, intermediate bytes, a final byte. */
  private void sequence(int prefix) {
    int length = prefix;
    while (peek(length) >= 0x20 && peek(length) < 0x40) {
      length++;
    }
    int end = peek(length);
    if (end < 0) {
      keep(bytes.length - at);
    } else if (end >= 0x80 || end < 0x20) {
      // Cut off, or a control character within, which a terminal would obey and go on: the rest
      // becomes text.
      at += length;
    } else if (isKnown(text(prefix, length), end)) {
      keep(length + 1);
    } else {
      at += length + 1;
    }
  }

  private String text(int from, int to) {
    return new String(bytes, at + from, to - from, StandardCharsets.ISO_8859_1);
  }

  private static boolean isKnown(String parameters, int end) {
    if (parameters.startsWith("?")) {
      String modes = parameters.substring(1);
      boolean sets = end != 'J' && end != 'K';
      return PRIVATE.indexOf(end) >= 0
          && areNumbers(modes)
          && (!sets || MODES.containsAll(List.of(modes.split(";"))));
    }
    int last = parameters.isEmpty() ? 0 : parameters.charAt(parameters.length() - 1);
    if (last >= 0x20 && last < 0x30) {
      boolean does =
          (last == ' ' && end == 'q') // the cursor's shape
              || (last == '!' && end == 'p') // a soft reset
              || (last == '"' && end == 'q'); // protection from erasing
      return does && areNumbers(parameters.substring(0, parameters.length() - 1));
    }
    return PLAIN.indexOf(end) >= 0 && areNumbers(parameters);
  }

  private static boolean areNumbers(String parameters) {
    return parameters.chars().allMatch(c -> (c >= '0' && c <= '9') || c == ';' || c == ':');
  }

  /** A string until ST, or BEL, or what cuts it off. */
  private void string(int prefix, boolean command) {
    int length = prefix;
    boolean clean = true;
    int end = peek(length);
    while (end >= 0 && end != BEL && end != CAN && end != SUB && end != ESC && end != 0x9c) {
      if (end == 0xc2 && peek(length + 1) == 0x9c) {
        break;
      }
      int size = character(length);
      clean &= end >= 0x20 && (end < 0x80 || size > 1) && !isControl(length);
      length += size;
      end = peek(length);
    }
    boolean half = end < 0 || (end == ESC && peek(length + 1) < 0);
    boolean twoBytes = end == 0xc2 || (end == ESC && peek(length + 1) == '\\');
    boolean ended = twoBytes || end == BEL || end == 0x9c;
    int behind = length + (twoBytes ? 2 : end == ESC ? 0 : 1);
    if (half) {
      // The live output goes on with it; a terminal would obey a control character within already.
      if (clean) {
        keep(bytes.length - at);
      }
      at = bytes.length;
    } else if (ended && command && clean && isHarmless(text(prefix, length))) {
      keep(length);
      // In one byte, the end is none to a terminal that reads UTF-8, and all that follows a title.
      kept.writeBytes(twoBytes ? ST : new byte[] {BEL});
      at += behind - length;
    } else {
      at += behind;
    }
  }

  /**
   * Whether a control character of the upper set stands there, in UTF-8. Within a string some
   * terminals obey it (those built like a VT500), so that a title could ask what a title may not.
   */
  private boolean isControl(int offset) {
    return peek(offset) == 0xc2 && peek(offset + 1) < 0xa0;
  }

  private static boolean isHarmless(String command) {
    return COMMANDS.stream().anyMatch(command::startsWith);
  }
}
