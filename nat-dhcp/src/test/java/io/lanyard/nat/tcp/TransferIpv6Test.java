package io.lanyard.nat.tcp;

/** The same over IPv6. */
class TransferIpv6Test extends TransferTest {
  @Override
  Family family() {
    return Family.IPV6;
  }
}
