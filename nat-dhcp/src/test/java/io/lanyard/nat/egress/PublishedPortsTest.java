package io.lanyard.nat.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.flow.FlowKey;
import io.lanyard.net.Address;
import org.junit.jupiter.api.Test;

class PublishedPortsTest {
  private static final Address IPV4 = Address.parse("192.0.2.1");
  private static final Address IPV6 = Address.parse("2001:db8::1");

  private final PublishedPorts ports = new PublishedPorts();

  private boolean has(Address address) {
    return ports.contains(FlowKey.UDP, address.high(), address.low(), 53);
  }

  @Test
  void aPortOnAllIpv6AddressesIsOnTheIpv4OnesToo() {
    ports.add(FlowKey.UDP, Address.ANY_IPV6, 53);
    assertThat(has(IPV4)).isTrue();
    assertThat(has(IPV6)).isTrue();
    ports.remove(FlowKey.UDP, Address.ANY_IPV6, 53);
    assertThat(has(IPV4)).isFalse();
  }

  @Test
  void aPortOnAllIpv4AddressesIsOnNoIpv6Address() {
    ports.add(FlowKey.UDP, Address.ANY_IPV4, 53);
    assertThat(has(IPV4)).isTrue();
    assertThat(has(IPV6)).isFalse();
  }

  @Test
  void aPortOfIpv6AloneIsOnNoIpv4Address() {
    int udp = PublishedPorts.ofFamily(FlowKey.UDP, Address.ANY_IPV6);
    ports.add(udp, Address.ANY_IPV6, 53);
    assertThat(has(IPV6)).isTrue();
    assertThat(has(IPV4)).isFalse();
    ports.remove(udp, Address.ANY_IPV6, 53);
    assertThat(has(IPV6)).isFalse();
  }

  @Test
  void aPortThatTwoHaveIsThereUntilBothAreGone() {
    ports.add(FlowKey.UDP, IPV4, 53);
    ports.add(FlowKey.UDP, IPV4, 53);
    ports.remove(FlowKey.UDP, IPV4, 53);
    assertThat(has(IPV4)).isTrue();
    ports.remove(FlowKey.UDP, IPV4, 53);
    assertThat(has(IPV4)).isFalse();
  }
}
