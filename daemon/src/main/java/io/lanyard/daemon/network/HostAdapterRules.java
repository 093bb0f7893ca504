package io.lanyard.daemon.network;

import io.lanyard.nat.egress.NameServices;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.policy.HostDestinations;

/**
 * The egress rules of a network about what its guests send to the host's adapter. While the gateway
 * does not run nobody knows the rules, and name servers are closed.
 *
 * <p>Thread: the network's loop only.
 */
final class HostAdapterRules implements HostDestinations.Rules {
  private final NetworkGateway gateway;

  HostAdapterRules(NetworkGateway gateway) {
    this.gateway = gateway;
  }

  @Override
  public boolean admits(Port from, int protocol, long high, long low, int service) {
    if (!NameServices.isOne(protocol, service)) {
      return true;
    }
    NetworkServices offered = gateway.services();
    return offered != null
        && offered.nat().egress().admitsToHost(from.name(), protocol, high, low, service);
  }

  @Override
  public void strayed(Port from, long high, long low) {
    NetworkServices offered = gateway.services();
    if (offered != null) {
      offered.nat().egress().strayed(from.name(), high, low);
    }
  }
}
