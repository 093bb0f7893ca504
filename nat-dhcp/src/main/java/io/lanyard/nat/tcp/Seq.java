package io.lanyard.nat.tcp;

/**
 * Sequence numbers: arithmetic modulo 2^32 (RFC 9293 section 3.4).
 *
 * <p>Comparisons hold for numbers less than 2^31 apart; windows are at most 2^30 (RFC 7323 section
 * 2.3), so those that occur in a connection are.
 */
final class Seq {
  private Seq() {}

  static boolean before(int a, int b) {
    return a - b < 0;
  }

  static boolean after(int a, int b) {
    return a - b > 0;
  }

  static boolean notBefore(int a, int b) {
    return a - b >= 0;
  }

  static boolean notAfter(int a, int b) {
    return a - b <= 0;
  }

  /** Whether {@code low <= x < high}. */
  static boolean within(int x, int low, int high) {
    return notBefore(x, low) && before(x, high);
  }

  static int max(int a, int b) {
    return a - b >= 0 ? a : b;
  }

  static int min(int a, int b) {
    return a - b <= 0 ? a : b;
  }
}
