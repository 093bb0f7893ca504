package io.lanyard.machine;

import java.nio.charset.StandardCharsets;

/**
 * Finds in what a guest prints that its kernel has panicked: the line {@code Kernel panic - not
 * syncing: } and why.
 *
 * <p>One comparison a byte, nothing allocated until the line is there. A kernel that has panicked
 * prints little after that; when much follows, the line came from somebody else (a log that was
 * shown, say), and is taken back.
 *
 * <p>Thread: one at a time.
 */
final class PanicWatch {
  /** As panic() in the kernel's kernel/panic.c has printed it since 1996. */
  private static final byte[] LINE =
      "Kernel panic - not syncing: ".getBytes(StandardCharsets.US_ASCII);

  /** The kernel's own buffer for the reason has 1,024 bytes; this is what fits a table. */
  private static final int LONGEST_REASON = 160;

  /** More than registers, stack traces of all processors and the last line again. */
  private static final int ALIVE_BYTES = 32 << 10;

  private int matched;
  private final StringBuilder reason = new StringBuilder();
  private boolean reading;
  private String found = "";
  private int after;

  /**
   * Looks at a byte.
   *
   * @return whether {@link #found} has changed
   */
  boolean print(int b) {
    if (reading) {
      return read(b & 0xff);
    }
    if (matched < LINE.length && b == LINE[matched]) {
      matched++;
      if (matched == LINE.length) {
        matched = 0;
        if (found.isEmpty()) {
          reading = true;
        }
      }
    } else {
      matched = b == LINE[0] ? 1 : 0; // its first letter comes only once in it
    }
    if (!found.isEmpty() && ++after >= ALIVE_BYTES) {
      found = "";
      return true;
    }
    return false;
  }

  private boolean read(int b) {
    boolean ended = b == '\r' || b == '\n';
    if (!ended) {
      reason.append(b >= ' ' && b < 0x7f ? (char) b : '?');
    }
    if (!ended && reason.length() < LONGEST_REASON) {
      return false;
    }
    found = reason.isEmpty() ? "it does not say why" : reason.toString();
    reason.setLength(0);
    reading = false;
    after = 0;
    return true;
  }

  /** Why the kernel has panicked; empty if it has not. */
  String found() {
    return found;
  }

  /** Begins anew, for another kernel. */
  void reset() {
    matched = 0;
    reading = false;
    reason.setLength(0);
    found = "";
  }
}
