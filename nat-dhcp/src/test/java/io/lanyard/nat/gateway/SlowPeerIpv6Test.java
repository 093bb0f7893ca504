package io.lanyard.nat.gateway;

/** The same peer over IPv6. */
class SlowPeerIpv6Test extends SlowPeerTest {
  @Override
  WireFamily family() {
    return WireFamily.IPV6;
  }
}
