package io.lanyard.daemon.network;

import io.lanyard.base.Clock;
import io.lanyard.config.BitRate;
import io.lanyard.config.GuardMode;
import io.lanyard.config.PortConfig;
import io.lanyard.config.PortPolicy;
import io.lanyard.config.ReservedFrames;
import io.lanyard.config.StormConfig;
import io.lanyard.config.SwitchConfig;
import io.lanyard.vswitch.Policy;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.PortRules.Reach;
import io.lanyard.vswitch.ReservedGroup;
import io.lanyard.vswitch.StormLimits;
import io.lanyard.vswitch.policy.Guard;
import io.lanyard.vswitch.policy.HostDestinations;
import io.lanyard.vswitch.policy.HostShield;
import io.lanyard.vswitch.policy.PortAddresses;
import io.lanyard.vswitch.policy.RateLimit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes the switch's rules of a network's ports from what the configuration says of them.
 *
 * <p>Thread: the network's loop only.
 */
final class PortPolicies {
  private final SwitchConfig network;
  private final PortAddresses addresses;
  private final Clock clock;
  private final @Nullable StormLimits storm;

  /**
   * Makes one.
   *
   * @param network what the network says
   * @param addresses the network's, for its guards
   * @param clock the network's clock
   */
  PortPolicies(SwitchConfig network, PortAddresses addresses, Clock clock) {
    this.network = network;
    this.addresses = addresses;
    this.clock = clock;
    storm = storm(network.storm());
  }

  /** The rules of a port that others attach to. */
  PortRules port(PortPolicy policy) {
    Integer given = policy.macLimit();
    int unlimited = guard(policy) == GuardMode.OFF ? Integer.MAX_VALUE : PortPolicy.USUAL_MACS;
    return rules(policy, given == null ? unlimited : given);
  }

  /** The same, and nobody configures the host by a device that is said to be the host's own. */
  PortRules port(PortConfig port) {
    PortRules rules = port(port.policy());
    return port instanceof PortConfig.Tap tap && tap.hostShield()
        ? rules.withEgress(HostShield.SHIELD)
        : rules;
  }

  /**
   * The rules of the NIC of a guest that this daemon runs: its MAC address is pinned to its port.
   */
  PortRules nic(PortPolicy policy) {
    return guard(policy) == GuardMode.STRICT ? rules(policy, 0) : port(policy);
  }

  /**
   * The rules of the host adapter's port: isolated ports aside it reaches everybody, and nobody
   * configures the host by it or goes through it past the gateway.
   *
   * @param destinations holds packets to the host's addresses
   */
  PortRules hostAdapter(HostDestinations destinations) {
    return new PortRules(
        List.of(),
        List.of(HostShield.SHIELD, destinations),
        Reach.ORDINARY,
        Integer.MAX_VALUE,
        false,
        storm);
  }

  /**
   * The rules of the uplink's port: isolated ports reach the world by it, as by a gateway. Behind
   * it is the LAN, with its own DHCP servers and routers and with as many addresses as it likes.
   */
  PortRules uplink() {
    return new PortRules(List.of(), List.of(), Reach.GATEWAY, Integer.MAX_VALUE, false, storm);
  }

  /** The reserved group addresses that the switch forwards. */
  Set<ReservedGroup> forwarded() {
    return network.forwardReserved().stream()
        .map(PortPolicies::group)
        .collect(Collectors.toUnmodifiableSet());
  }

  private static ReservedGroup group(ReservedFrames frames) {
    return switch (frames) {
      case STP -> ReservedGroup.STP;
      case LACP -> ReservedGroup.LACP;
      case EAPOL -> ReservedGroup.EAPOL;
      case E_LMI -> ReservedGroup.E_LMI;
      case PROVIDER_STP -> ReservedGroup.PROVIDER_STP;
      case PROVIDER_MVRP -> ReservedGroup.PROVIDER_MVRP;
      case LLDP -> ReservedGroup.LLDP;
    };
  }

  private GuardMode guard(PortPolicy policy) {
    GuardMode own = policy.guard();
    return own == null ? network.guard() : own;
  }

  private List<Policy> limit(@Nullable BitRate rate) {
    return rate == null ? List.of() : List.of(new RateLimit(rate.bits(), clock));
  }

  private PortRules rules(PortPolicy policy, int macLimit) {
    GuardMode guard = guard(policy);
    List<Policy> ingress = new ArrayList<>(limit(policy.limits().fromGuest()));
    switch (guard) {
      case OFF -> {}
      case LEARN -> ingress.add(new Guard(Guard.Mode.LEARN, addresses, policy.addresses()));
      case STRICT -> ingress.add(new Guard(Guard.Mode.STRICT, addresses, policy.addresses()));
    }
    return new PortRules(
        ingress,
        limit(policy.limits().toGuest()),
        policy.isolated() ? Reach.ISOLATED : Reach.ORDINARY,
        macLimit,
        guard != GuardMode.OFF,
        storm(policy.storm().over(network.storm())));
  }

  private static @Nullable StormLimits storm(@Nullable StormConfig config) {
    return config == null
        ? null
        : new StormLimits(config.broadcast(), config.multicast(), config.unknown());
  }
}
