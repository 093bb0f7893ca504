package io.lanyard.vswitch;

/**
 * Group addresses from 01:80:c2:00:00:00 to 0f that a switch may be told to forward (IEEE 802.1Q
 * table 8-1). It keeps them to itself otherwise, as the standard has it; 01, where PAUSE goes, it
 * never forwards.
 */
public enum ReservedGroup {
  /** Spanning tree protocols. */
  STP(0x0),
  /** Slow protocols: link aggregation (IEEE 802.3 annex 57A). */
  LACP(0x2),
  /** Port authentication (IEEE 802.1X). */
  EAPOL(0x3),
  /** Ethernet local management interface (MEF 16). */
  E_LMI(0x7),
  /** Spanning tree of provider bridges (IEEE 802.1ad). */
  PROVIDER_STP(0x8),
  /** Registration of VLANs among provider bridges. */
  PROVIDER_MVRP(0xd),
  /** Link layer discovery (IEEE 802.1AB). */
  LLDP(0xe);

  private static final long FIRST = 0x0180_c200_0000L;

  private final int last;

  ReservedGroup(int last) {
    this.last = last;
  }

  /** The set's bit in a mask. */
  int bit() {
    return 1 << last;
  }

  /** Whether an address is reserved, and not among those of a mask. */
  static boolean kept(long destination, int forwarded) {
    return destination >>> 4 == FIRST >>> 4 && (forwarded >>> (destination & 15) & 1) == 0;
  }
}
