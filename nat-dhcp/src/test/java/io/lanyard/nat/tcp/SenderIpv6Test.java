package io.lanyard.nat.tcp;

/** The same sending over IPv6. */
class SenderIpv6Test extends SenderTest {
  @Override
  Family family() {
    return Family.IPV6;
  }
}
