package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.gateway.Destinations.Kind;
import io.lanyard.net.Address;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The network is 192.168.127.0/24 and the usual IPv6 subnet of the tests. */
class DestinationsTest {
  private final Destinations destinations =
      new Destinations(
          new GatewayAddresses(
              TestNetwork.GATEWAY_MAC,
              TestNetworks.mode(TestNetwork.config()).gateway().ipv4(),
              Ipv6Frames.SUBNET,
              false));

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, OUT",
    "0.0.0.1, PROHIBITED",
    "127.0.0.1, PROHIBITED",
    "240.0.0.1, MARTIAN",
    "2001:db8::1, OUT",
    "::1, PROHIBITED",
    "::192.0.2.1, PROHIBITED",
    "::ffff:0:192.0.2.1, PROHIBITED",
    "fec0::1, PROHIBITED",
    "fe80::1, ON_LINK",
    // By translators and relays (RFC 6052, RFC 8215, RFC 3056), where the IPv4 address leads.
    "64:ff9b::192.0.2.1, OUT",
    "64:ff9b::10.0.0.1, OUT",
    "64:ff9b::127.0.0.1, PROHIBITED",
    "64:ff9b::0.0.0.0, PROHIBITED",
    "64:ff9b::224.0.0.1, MARTIAN",
    "64:ff9b:1::192.0.2.1, OUT",
    "64:ff9b:1:7::192.0.2.1, OUT",
    // Egress judges these: only it knows where a site's prefix ends (EgressJudgeTest).
    "64:ff9b:1::127.0.0.1, OUT",
    "64:ff9b:1:7:c0:2:7f00::, OUT",
    "64:ff9b:2::192.0.2.1, PROHIBITED",
    "64:ff9b:0:0:1::192.0.2.1, PROHIBITED",
    "2002:c000:201::1, OUT",
    "2002:7f00:1::1, PROHIBITED",
    "2002:e000:1::1, MARTIAN"
  })
  void aDestinationLeadsWhereItsAddressSays(String text, Kind kind) {
    Address address = Address.parse(text);
    assertThat(destinations.kind(address.high(), address.low())).isEqualTo(kind);
  }
}
