package io.lanyard.nat.gateway;

import io.lanyard.vswitch.DumpNode;
import java.util.Locale;

/**
 * The gateway's counters.
 *
 * <p>Thread: written by the network's loop; read there too, or elsewhere for a rough figure.
 */
public final class GatewayCounters {
  private static final GatewayCount[] ALL = GatewayCount.values();

  private final long[] counts = new long[ALL.length];

  /** Makes counters that stand at zero. */
  public GatewayCounters() {}

  void count(GatewayCount what) {
    counts[what.ordinal()]++;
  }

  /**
   * Reads a counter.
   *
   * @param what which
   * @return how often it happened since the gateway was made
   */
  public long get(GatewayCount what) {
    return counts[what.ordinal()];
  }

  /** Adds every counter that is not zero to a description. */
  DumpNode.Builder addTo(DumpNode.Builder node) {
    for (GatewayCount what : ALL) {
      node.withNonZero(what.name().toLowerCase(Locale.ROOT).replace('_', '-'), get(what));
    }
    return node;
  }
}
