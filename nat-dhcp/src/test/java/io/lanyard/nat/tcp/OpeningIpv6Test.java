package io.lanyard.nat.tcp;

/** The same openings over IPv6. */
class OpeningIpv6Test extends OpeningTest {
  @Override
  Family family() {
    return Family.IPV6;
  }
}
