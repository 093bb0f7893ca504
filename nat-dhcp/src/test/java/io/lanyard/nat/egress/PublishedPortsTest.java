package io.lanyard.nat.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PublishedPortsTest {
  private static final int UDP = 17;

  private final PublishedPorts ports = new PublishedPorts();
  private final List<Predicate<Address>> removed = new ArrayList<>();

  @Test
  void aPortThatTwoPublishStaysUntilBothHaveEnded() {
    ports.addListener((protocol, port, on) -> removed.add(on));
    ports.add(UDP, Address.ANY_IPV4, 53);
    ports.add(UDP, Address.ANY_IPV4, 53);
    ports.remove(UDP, Address.ANY_IPV4, 53);
    assertThat(removed).isEmpty();
    ports.remove(UDP, Address.ANY_IPV4, 53);
    assertThat(removed).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0, false, 192.0.2.1, true",
    "0.0.0.0, false, 2001:db8::1, false",
    "::, false, 192.0.2.1, true",
    "::, false, 2001:db8::1, true",
    "::, true, 192.0.2.1, false",
    "::, true, 2001:db8::1, true",
    "192.0.2.1, false, 192.0.2.1, true",
    "192.0.2.1, false, 192.0.2.2, false",
  })
  void aPortThatEndsSaysOnWhichAddressesItWas(
      String bound, boolean alone, String host, boolean was) {
    ports.addListener((protocol, port, on) -> {
      assertThat(protocol).isEqualTo(UDP);
      removed.add(on);
    });
    Address address = Address.parse(bound);
    int protocol = alone ? PublishedPorts.ofFamily(UDP, address) : UDP;
    ports.add(protocol, address, 53);
    Address other = Address.parse(host);
    assertThat(ports.contains(UDP, other.high(), other.low(), 53)).isEqualTo(was);
    ports.remove(protocol, address, 53);
    assertThat(removed.getFirst().test(other)).isEqualTo(was);
  }
}
