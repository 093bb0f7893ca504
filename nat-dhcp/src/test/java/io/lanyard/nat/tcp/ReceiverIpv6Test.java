package io.lanyard.nat.tcp;

/** The same receiving over IPv6. */
class ReceiverIpv6Test extends ReceiverTest {
  @Override
  Family family() {
    return Family.IPV6;
  }
}
