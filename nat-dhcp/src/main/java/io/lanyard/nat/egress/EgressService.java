package io.lanyard.nat.egress;

/**
 * Protocols, and ports where they have some.
 *
 * @param protocols {@link #TCP}, {@link #UDP} and {@link #ICMP}, added up
 * @param first the first port; not looked at for ICMP
 * @param last the last port
 */
public record EgressService(int protocols, int first, int last) {
  /** TCP. */
  public static final int TCP = 1;

  /** UDP. */
  public static final int UDP = 2;

  /** ICMP echo. */
  public static final int ICMP = 4;

  private static final int LAST_PORT = 65535;

  /** Checks the range. */
  public EgressService {
    if (protocols < 1 || protocols > 7 || first < 0 || last < first || last > LAST_PORT) {
      throw new IllegalArgumentException(
          "no service: protocols " + protocols + ", ports " + first + " to " + last);
    }
  }

  /**
   * All ports of protocols.
   *
   * @param protocols the protocols, added up
   * @return the service
   */
  public static EgressService of(int protocols) {
    return new EgressService(protocols, 0, LAST_PORT);
  }
}
