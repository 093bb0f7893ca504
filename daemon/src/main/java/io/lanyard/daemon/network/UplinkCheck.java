package io.lanyard.daemon.network;

import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.config.Problem;
import io.lanyard.config.UplinkConfig;
import io.lanyard.nat.OutboundCheck;
import io.lanyard.vswitch.pcap.Pcap;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks whether this host has what the uplinks of a configuration, and what NAT leaves by, need.
 * Changes nothing.
 *
 * <p>Thread: any that may wait.
 */
public final class UplinkCheck {
  private UplinkCheck() {}

  /**
   * The uplinks that do not work here yet, and the addresses and interfaces that NAT cannot leave
   * by.
   *
   * @param document the document
   * @param configuration its model
   * @return a doubt for each, with its place: the host may get what it lacks
   */
  public static List<Problem> doubts(Document document, Configuration configuration) {
    List<Problem> doubts = new ArrayList<>();
    for (NetworkConfig network : configuration.networks().values()) {
      if (network.mode() instanceof NetworkMode.Bridged(UplinkConfig uplink)
          && uplink.driver() == UplinkConfig.Driver.PCAP
          && !Pcap.isThere()) {
        List<String> steps = List.of("networks", network.name(), "uplink", "driver");
        doubts.add(document.problem(new DocumentPath(steps), Pcap.MISSING));
      }
      String missing =
          network.mode() instanceof NetworkMode.Nat nat
              ? OutboundCheck.missing(nat.nat().outbound())
              : "";
      if (!missing.isEmpty()) {
        List<String> steps = List.of("networks", network.name(), "nat", "outbound");
        doubts.add(document.problem(new DocumentPath(steps), missing));
      }
    }
    return doubts;
  }
}
