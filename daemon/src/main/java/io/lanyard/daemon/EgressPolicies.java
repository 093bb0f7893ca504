package io.lanyard.daemon;

import io.lanyard.config.Configuration;
import io.lanyard.config.NetworkConfig;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.List;

/** The subnets that guests of other networks do not reach unless a rule says so. */
final class EgressPolicies {
  private EgressPolicies() {}

  /**
   * The subnets of all networks.
   *
   * @param configuration what runs
   * @return subnets, those of isolated networks left out, which have none
   */
  static List<Subnet> subnets(Configuration configuration) {
    List<Subnet> subnets = new ArrayList<>();
    for (NetworkConfig network : configuration.networks().values()) {
      if (network.ipv4() != null) {
        subnets.add(network.ipv4().subnet());
      }
    }
    return subnets;
  }
}
