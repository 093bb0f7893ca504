package io.lanyard.daemon;

import io.lanyard.config.Configuration;
import io.lanyard.config.EgressConfig;
import io.lanyard.config.HostLoopback;
import io.lanyard.config.NatConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.Service;
import io.lanyard.nat.egress.EgressPolicy;
import io.lanyard.nat.egress.EgressRule;
import io.lanyard.nat.egress.EgressService;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.List;

/** Where guests may go, from the configuration's words to the gateway's. */
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

  /**
   * The policy of a network.
   *
   * @param network the network
   * @param subnets those of all networks, its own among them
   * @return the policy
   */
  static EgressPolicy of(NetworkConfig network, List<Subnet> subnets) {
    List<EgressRule> rules = new ArrayList<>();
    for (EgressConfig.Rule rule : network.egress().rules()) {
      EgressConfig.Target target = rule.target();
      rules.add(
          new EgressRule(
              rule.verdict() == EgressConfig.Verdict.ALLOW,
              target.destinations(),
              services(target.services()),
              target.toString()));
    }
    // Guests of the network itself are on its link, and never beyond the gateway.
    Subnet own = network.ipv4() == null ? null : network.ipv4().subnet();
    List<Subnet> others = subnets.stream().filter(subnet -> !subnet.equals(own)).toList();
    NatConfig nat = network.nat();
    HostLoopback loopback = nat == null ? HostLoopback.NONE : nat.hostLoopback();
    return new EgressPolicy(
        network.egress().otherwise() == EgressConfig.Verdict.ALLOW,
        rules,
        others,
        services(loopback.services()));
  }

  private static List<EgressService> services(List<Service> services) {
    return services.stream().map(EgressPolicies::service).toList();
  }

  private static EgressService service(Service service) {
    int protocols =
        switch (service.protocol()) {
          case TCP -> EgressService.TCP;
          case UDP -> EgressService.UDP;
          case TCP_AND_UDP -> EgressService.TCP | EgressService.UDP;
          case ICMP -> EgressService.ICMP;
        };
    return new EgressService(protocols, service.first(), service.last());
  }
}
