package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Subnet;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HostRouteTest {
  @Test
  void theKernelsTableIsReadWithoutDefaultRoutesAndWhateverElseIsThere() {
    assertThat(ByteOrder.nativeOrder()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    Stream<HostRoute> routes =
        HostRoute.read(
            Stream.of(
                "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow"
                    + "\tIRTT",
                "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
                "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
                "tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0",
                "old0\t0000A8C0\t00000000\t0000\t0\t0\t0\t0000FFFF\t0\t0\t0",
                "bad0\t0002\t0\tx\t0\t0\t0\t00FFFFFF",
                "",
                "short"));
    assertThat(routes)
        .containsExactly(
            new HostRoute(Subnet.parse("192.0.2.0/24"), "eth0"),
            new HostRoute(Subnet.parse("10.0.0.0/8"), "tun0"));
  }

  @Test
  void routesThatLeadNowhereReachNothing() {
    assertThat(
            HostRoute.read(
                Stream.of(
                    // A blackhole, an unreachable and a prohibited one, as the kernel lists them.
                    "*\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0",
                    "*\t0000010A\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0",
                    "eth0\t0000020A\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0")))
        .isEmpty();
  }

  @Test
  void ofAMillionRoutesTheFirstByEachInterfaceIsKept() {
    List<Subnet> subnets = List.of(Subnet.parse("10.0.0.0/8"), Subnet.parse("192.168.1.0/24"));
    List<HostRoute> last =
        List.of(
            new HostRoute(Subnet.parse("10.0.0.0/8"), "vpn"),
            new HostRoute(Subnet.parse("192.168.0.0/16"), "vpn"));
    Stream<HostRoute> many =
        IntStream.range(0, 1_000_000)
            .mapToObj(i ->
                new HostRoute(
                    Subnet.parse("10.%d.%d.0/24".formatted(i >> 8 & 0xFF, i & 0xFF)),
                    "eth" + i % 3));
    List<HostRoute> wide = new ArrayList<>(last);
    wide.addFirst(new HostRoute(Subnet.parse("0.0.0.0/1"), "vpn"));
    assertThat(HostRoute.overlapping(Stream.concat(many, wide.stream()), subnets, 8))
        .containsExactly(
            new HostRoute(Subnet.parse("10.0.0.0/24"), "eth0"),
            new HostRoute(Subnet.parse("10.0.1.0/24"), "eth1"),
            new HostRoute(Subnet.parse("10.0.2.0/24"), "eth2"),
            last.get(0),
            last.get(1));
  }

  /** Columns of {@code /proc/net/ipv6_route}: destination, source, next hop, metric, flags. */
  private static String ipv6(String destination, int prefix, String flags, String device) {
    String none = "0".repeat(32);
    return "%s %02x %s 00 %s 00000400 00000001 00000000 %s %8s"
        .formatted(destination, prefix, none, none, flags, device);
  }

  @Test
  void anIpv6RouteLeadsOffTheHostUnlessItIsALinksOrTheHostsOwn() {
    List<Subnet> own = List.of(Subnet.parse("fd6c:616e:7961:8::/64"));
    for (String leads :
        List.of(
            ipv6("0".repeat(32), 0, "00000003", "eth0"),
            ipv6("0064ff9b000000000000000000000000", 96, "00000001", "nat64"),
            ipv6("fd6c616e796100090000000000000000", 64, "00000001", "eth0"),
            ipv6("fd6c616e796100000000000000000000", 48, "00000003", "eth0"))) {
      assertThat(HostRoute.leadsOff(leads, own)).as(leads).isTrue();
    }
    for (String stays :
        List.of(
            ipv6("fe800000000000000000000000000000", 64, "00000001", "eth0"),
            ipv6("ff000000000000000000000000000000", 8, "00000001", "eth0"),
            ipv6("fd6c616e796100080000000000000000", 64, "00000001", "vmnet8"),
            ipv6("fd6c616e796100080000000000000001", 128, "80200001", "vmnet8"),
            ipv6("0".repeat(31) + "1", 128, "80200001", "lo"),
            ipv6("0".repeat(32), 0, "00200200", "lo"),
            ipv6("20010db8000000000000000000000000", 32, "00000200", "lo"),
            ipv6("20010db8000000000000000000000000", 32, "00000000", "eth0"),
            "x",
            "")) {
      assertThat(HostRoute.leadsOff(stays, own)).as(stays).isFalse();
    }
  }
}
