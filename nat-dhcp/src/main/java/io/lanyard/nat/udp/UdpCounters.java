package io.lanyard.nat.udp;

import io.lanyard.vswitch.DumpNode;
import java.util.Locale;

/**
 * The counters of the UDP NAT.
 *
 * <p>Thread: written by the network's loop; read there too, or elsewhere for a rough figure.
 */
public final class UdpCounters {
  private static final UdpCount[] ALL = UdpCount.values();

  private final long[] counts = new long[ALL.length];

  /** Makes counters that stand at zero. */
  public UdpCounters() {}

  /**
   * Counts one.
   *
   * @param what which
   */
  public void count(UdpCount what) {
    counts[what.ordinal()]++;
  }

  /**
   * Reads a counter.
   *
   * @param what which
   * @return how often it happened since the NAT was made
   */
  public long get(UdpCount what) {
    return counts[what.ordinal()];
  }

  DumpNode.Builder addTo(DumpNode.Builder node) {
    for (UdpCount what : ALL) {
      node.withNonZero(what.name().toLowerCase(Locale.ROOT).replace('_', '-'), get(what));
    }
    return node;
  }
}
