package io.lanyard.nat.gateway;

/** The same batches over IPv6. */
class UdpBatchesIpv6Test extends UdpBatchesTest {
  @Override
  WireFamily family() {
    return WireFamily.IPV6;
  }
}
