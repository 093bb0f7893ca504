package io.lanyard.daemon.network;

import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.gateway.EgressTrial;
import io.lanyard.nat.gateway.GatewayAddresses;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.net.Address;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortRules.Reach;
import io.lanyard.vswitch.Switch;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what becomes of packets that a guest sends to an address of its own network: the switch
 * passes them on, to the host's adapter or to another station, and the gateway is not asked.
 *
 * <p>Thread: the network's loop only.
 */
final class LinkInquiry {
  private static final String NO_HOST =
      "the host has no address on the network: there is no host-adapter, and no nat.host-loopback";

  private final Switch ethernet;
  private final NetworkServices services;
  private final String port;

  /**
   * Makes one.
   *
   * @param port the name of the port that the guest is behind
   */
  LinkInquiry(Switch ethernet, NetworkServices services, String port) {
    this.ethernet = ethernet;
    this.services = services;
    this.port = port;
  }

  /**
   * The answer about an address.
   *
   * @param protocol the IP protocol number
   * @param service the destination's port; 0 for ICMP
   * @return the answer; null for an address that is not of the link, or the gateway's
   */
  @Nullable EgressTrial trial(Address address, int protocol, int service) {
    GatewayAddresses own = services.nat().gateway().addresses();
    boolean isOfLink = own.isOfSubnets(address) || (!address.isIpv4() && address.isLinkLocal());
    if (!isOfLink
        || own.isGateway(address.high(), address.low())
        || own.isLoopback(address.high(), address.low())) {
      return null;
    }
    Port from = find(port);
    Reach reach = from == null ? Reach.NOBODY : ethernet.reach(from);
    if (reach == Reach.NOBODY) {
      return EgressTrial.denied("the link of port " + port + " is off");
    }
    if (own.isHost(address)) {
      return atHost(address, reach, protocol, service);
    }
    if (!reach.reaches(Reach.ORDINARY)) {
      return isolated(port);
    }
    Neighbour known = services.nat().gateway().stations().neighbours().get(address);
    Port to = known == null ? null : known.behind().port();
    if (to != null && !reach.reaches(ethernet.reach(to))) {
      return isolated(to.name());
    }
    return EgressTrial.allowed(
        "another station of the network, to which the switch passes it: no rule is about it;"
            + " isolated: true at the port closes it");
  }

  private EgressTrial atHost(Address address, Reach reach, int protocol, int service) {
    NetworkConfig config = services.nat().config();
    HostAdapterConfig adapter = config.hostAdapter();
    Port host = find(Network.HOST_PORT);
    if (adapter == null) {
      return EgressTrial.denied(NO_HOST);
    }
    if (host == null || !host.state().hasCarrier()) {
      return EgressTrial.denied(
          "the host's adapter "
              + adapter.name()
              + " is not there at present"
              + (host == null ? "" : ": " + host.state().problem()));
    }
    if (!reach.reaches(ethernet.reach(host))) {
      return isolated(port);
    }
    EgressTrial trial = services.nat().egress().trials().atHost(port, protocol, address, service);
    return trial.outcome() == EgressTrial.Outcome.ALLOW && trial.reason().isEmpty()
        ? EgressTrial.allowed(
            "the host at its own adapter "
                + adapter.name()
                + ", to which the switch passes it: what listens there, or on all of the host's"
                + " addresses, answers, and no rule is about it; isolated: true at the port closes"
                + " it")
        : trial;
  }

  private static EgressTrial isolated(String port) {
    return EgressTrial.denied("port " + port + " is isolated, and reaches the gateway alone");
  }

  private @Nullable Port find(String name) {
    for (Port each : ethernet.ports()) {
      if (each.name().equals(name)) {
        return each;
      }
    }
    return null;
  }
}
