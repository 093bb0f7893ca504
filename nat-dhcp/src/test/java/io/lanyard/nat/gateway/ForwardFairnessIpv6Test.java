package io.lanyard.nat.gateway;

/** The same forward, whose clients come over IPv4 still, to a guest of IPv6. */
class ForwardFairnessIpv6Test extends ForwardFairnessTest {
  @Override
  WireFamily family() {
    return WireFamily.IPV6;
  }
}
