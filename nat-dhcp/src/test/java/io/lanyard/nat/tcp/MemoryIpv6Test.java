package io.lanyard.nat.tcp;

/** The same over IPv6. */
class MemoryIpv6Test extends MemoryTest {
  @Override
  Family family() {
    return Family.IPV6;
  }
}
