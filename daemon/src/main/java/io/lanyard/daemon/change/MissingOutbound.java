package io.lanyard.daemon.change;

import io.lanyard.config.Configuration;
import io.lanyard.config.NatConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.nat.OutboundCheck;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The address or the interface that a change binds a network's flows to, where the host has none
 * such.
 *
 * <p>Thread: any.
 */
final class MissingOutbound {
  private MissingOutbound() {}

  /**
   * The missing part for a network as it is to be.
   *
   * @return the missing part with what to do about it; empty if nothing is missing, or it was the
   *     same before
   */
  static String of(@Nullable NetworkConfig before, @Nullable NetworkConfig after) {
    NatConfig.Outbound next = of(after);
    return next.equals(of(before)) ? "" : OutboundCheck.missing(next);
  }

  /** The same for each network, with its name. */
  static List<String> of(Configuration before, Configuration after) {
    List<String> all = new ArrayList<>();
    after
        .networks()
        .forEach((name, network) -> {
          String missing = of(before.networks().get(name), network);
          if (!missing.isEmpty()) {
            all.add("networks." + name + ": " + missing);
          }
        });
    return all;
  }

  private static NatConfig.Outbound of(@Nullable NetworkConfig network) {
    return network != null && network.enabled() && network.mode() instanceof NetworkMode.Nat nat
        ? nat.nat().outbound()
        : NatConfig.Outbound.ANY;
  }
}
