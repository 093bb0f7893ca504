package io.lanyard.vswitch.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.Ipv4;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A guest that tries to go past the gateway by the host's adapter. */
class HostDestinationsTest extends HostPortScene {
  private static final long HOST = 0x525400000002L;

  private final List<String> asked = new ArrayList<>();
  private final List<String> strayed = new ArrayList<>();
  private final HostDestinations destinations;

  private final HostDestinations.Rules rules =
      new HostDestinations.Rules() {
        @Override
        public boolean admits(Port from, int protocol, long high, long low, int service) {
          asked.add(from.name() + " " + protocol + " " + new Address(high, low) + " " + service);
          return service != 53;
        }

        @Override
        public void strayed(Port from, long high, long low) {
          strayed.add(from.name() + " " + new Address(high, low));
        }
      };

  HostDestinationsTest() {
    List<HostDestinations.Own> own =
        List.of(
            new HostDestinations.Own(Address.parse("10.0.0.1"), Subnet.parse("10.0.0.0/24")),
            new HostDestinations.Own(Address.parse("fd00::1"), Subnet.parse("fd00::/64")));
    destinations = new HostDestinations(own, rules);
    attachHost(destinations);
  }

  private static ByteBuf udp(String destination, int port) {
    Address to = Address.parse(destination);
    if (to.isIpv4()) {
      return Frames.udp4(HOST, GUEST, Ipv4.parse("10.0.0.10"), 9, to.ipv4(), port, new byte[8]);
    }
    return ipv6(to, 17, "0009%04x00080000".formatted(port));
  }

  private static ByteBuf ipv6(Address to, int next, String payload) {
    byte[] bytes =
        HexFormat.of()
            .parseHex(
                "60000000%04x%02xff".formatted(payload.length() / 2, next)
                    + "fd000000000000000000000000000010"
                    + "%016x%016x".formatted(to.high(), to.low())
                    + payload);
    return Frames.ethernet(HOST, GUEST, Ethernet.TYPE_IPV6, bytes);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.1, true",
    "10.0.0.255, true",
    "255.255.255.255, true",
    "224.0.0.251, true",
    "10.0.0.2, false", // the gateway, which the host would route back to
    "192.0.2.1, false",
    "127.0.0.1, false",
    "169.254.169.254, false",
    "fd00::1, true",
    "fe80::1234, true",
    "ff02::fb, true",
    "fd00::2, false",
    "2001:db8::1, false",
    "::1, false",
    "fec0::1, false"
  })
  void aPacketIsForTheHostsAddressesOnTheNetworkAlone(String destination, boolean arrives) {
    assertThat(arrives(udp(destination, 80))).isEqualTo(arrives);
    assertThat(host.counters().transmitDrops(DropCause.NOT_FOR_HOST)).isEqualTo(arrives ? 0 : 1);
    assertThat(strayed)
        .isEqualTo(arrives ? List.of() : List.of("guest " + Address.parse(destination)));
  }

  @ParameterizedTest
  @CsvSource({"10.0.0.1", "224.0.0.251", "fd00::1", "ff02::fb"})
  void theNetworksRulesSayWhichServicesAreReached(String destination) {
    assertThat(arrives(udp(destination, 80))).isTrue();
    assertThat(arrives(udp(destination, 53))).isFalse();
    assertThat(host.counters().transmitDrops(DropCause.NAME_SERVICE)).isEqualTo(1);
    String to = "guest 17 " + Address.parse(destination);
    assertThat(asked).containsExactly(to + " 80", to + " 53");
  }

  /** A device on top of the adapter, or nobody: nobody has heard the station yet. */
  @ParameterizedTest
  @CsvSource({"10.0.0.20", "fd00::20"})
  void packetsToOtherStationsOfTheNetworkPassAndTheHostsOwnMacAddressTakesNone(String other) {
    destinations.isAt(HOST + 1);
    assertThat(arrives(udp(other, 80))).isTrue();
    assertThat(arrives(udp(other, 53))).as("a name server, perhaps the host's").isFalse();
    assertThat(host.counters().transmitDrops(DropCause.NAME_SERVICE)).isEqualTo(1);
    assertThat(strayed).isEmpty();
    destinations.isAt(HOST);
    assertThat(arrives(udp(other, 80))).isFalse();
    assertThat(host.counters().transmitDrops(DropCause.NOT_FOR_HOST)).isEqualTo(1);
    assertThat(strayed).containsExactly("guest " + Address.parse(other));
  }

  /** A device on top of the adapter that is the host's own has all of the host's addresses. */
  @ParameterizedTest
  @CsvSource({"192.0.2.1", "127.0.0.1", "169.254.169.254", "fd01::1", "2001:db8::1", "::1"})
  void noPacketGoesPastTheGatewayByADeviceOnTopOfTheAdapter(String other) {
    destinations.isAt(HOST + 1);
    assertThat(arrives(udp(other, 80))).isFalse();
    assertThat(host.counters().transmitDrops(DropCause.NOT_FOR_HOST)).isEqualTo(1);
    assertThat(strayed).as("copies of packets to stations that are not known").isEmpty();
  }

  @Test
  void extensionHeadersAndFirstFragmentsHideNoService() {
    Address to = Address.parse("fd00::1");
    assertThat(arrives(ipv6(to, 60, "1100000000000000" + "0009003500080000"))).isFalse();
    assertThat(arrives(ipv6(to, 44, "1100000100000001" + "0009003500080000"))).isFalse();
    assertThat(arrives(ipv6(to, 44, "1100000900000001" + "0009003500080000")))
        .as("a later fragment, whose first is judged")
        .isTrue();
    assertThat(arrives(ipv6(to, 6, "0009"))).as("cut short").isFalse();
  }

  @Test
  void whateverComesIsJudged() {
    Random random = new Random(9);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(100)];
      random.nextBytes(bytes);
      int type = random.nextBoolean() ? Ethernet.TYPE_IPV4 : Ethernet.TYPE_IPV6;
      boolean _ = arrives(Frames.ethernet(Ethernet.BROADCAST, GUEST, type, bytes));
    }
    assertThat(arrives(udp("10.0.0.1", 80))).isTrue();
  }
}
