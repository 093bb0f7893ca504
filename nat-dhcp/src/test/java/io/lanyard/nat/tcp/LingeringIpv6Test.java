package io.lanyard.nat.tcp;

/** The same over IPv6. */
class LingeringIpv6Test extends LingeringTest {
  @Override
  Family family() {
    return Family.IPV6;
  }
}
