package io.lanyard.nat.gateway;

/** The same over IPv6. */
class PassedOnAddressIpv6Test extends PassedOnAddressTest {
  @Override
  WireFamily family() {
    return WireFamily.IPV6;
  }
}
