package io.lanyard.daemon.network;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.LeaseInfo;
import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.net.Address;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A port that wants more leases than its share is named, in either family. */
@Timeout(240)
final class LeaseSharesTest {
  private static final String NETWORKS =
      """
      version: 1
      networks:
        lab:
          mode: nat
          ipv4: {subnet: 10.9.8.0/24}
          ipv6: {subnet: "fd09:9:8::/64"}
          dns: {enabled: false}
          dhcp: {ipv6: stateful, leases-per-port: 1, conflict-probe: 0s}
          ports:
            - {name: greedy, kind: qemu-stream, path: greedy.sock}
            - {name: other, kind: qemu-stream, path: other.sock}
        plain:
          mode: nat
          ipv4: {subnet: 10.9.9.0/24}
          ipv6: {subnet: "fd09:9:9::/64"}
      """;

  enum Family {
    IPV4("DHCP pool"),
    IPV6("DHCPv6 pool");

    private final String pool;

    Family(String pool) {
      this.pool = pool;
    }

    /** The frame of a client that wants a lease at once. */
    ByteBuf wants(int number) {
      return this == IPV4 ? request(number) : solicit(number);
    }

    /** The frame of a client that wants to know first which lease it can have. */
    ByteBuf asks(int number) {
      return this == IPV4 ? message(1, number) : solicit(number);
    }
  }

  @TempDir Path home;

  /** As if it had the address from before (RFC 2131 section 4.3.2, INIT-REBOOT). */
  private static ByteBuf request(int number) {
    return message(3, number);
  }

  private static ByteBuf message(int type, int number) {
    int length = 8 + 300;
    ByteBuf frame = Unpooled.buffer(34 + length).writeZero(34 + length);
    Ethernet.write(frame, 0, Ethernet.BROADCAST, mac(number), Ethernet.TYPE_IPV4);
    Ipv4.write(frame, 14, 20 + length, 1, 0, 64, Ipv4.UDP, 0, -1);
    Udp.write(frame, 34, 68, 67, length);
    frame.setShort(40, 0);
    frame.setByte(42, 1).setByte(43, 1).setByte(44, 6).setInt(46, number);
    Ethernet.setMac(frame, 42 + 28, mac(number));
    int options = 42 + 236;
    frame.setInt(options, 0x63825363).setMedium(options + 4, 0x350100 | type);
    frame.setShort(options + 7, 50 << 8 | 4).setInt(options + 9, Ipv4.parse("10.9.8.200") + number);
    return frame.setByte(options + 13, 255);
  }

  /** With rapid commit (RFC 8415 section 18.2.1). */
  private static ByteBuf solicit(int number) {
    int length = 8 + 4 + 14 + 16 + 4;
    ByteBuf frame = Unpooled.buffer(54 + length).writeZero(54 + length);
    Ethernet.write(frame, 0, 0x3333_0001_0002L, mac(number), Ethernet.TYPE_IPV6);
    Address from = Address.parse("fe80::" + Integer.toHexString(number));
    Address to = Address.parse("ff02::1:2");
    Ipv6.write(frame, 14, length, Ipv4.UDP, 1, from.high(), from.low(), to.high(), to.low());
    Udp.write(frame, 54, 546, 547, length);
    int at = 62;
    frame.setByte(at, 1).setMedium(at + 1, number);
    frame.setInt(at + 4, 1 << 16 | 10).setInt(at + 8, 3 << 16 | 1);
    Ethernet.setMac(frame, at + 12, mac(number));
    frame.setInt(at + 18, 3 << 16 | 12).setInt(at + 22, 1);
    frame.setInt(at + 34, 14 << 16);
    frame.setShort(60, 0);
    return frame.setShort(60, Checksum.transport6(frame, 14, Ipv4.UDP, 54, length));
  }

  private static long mac(int number) {
    return 0x5254_0000_0000L | number;
  }

  private static void send(SocketChannel guest, ByteBuf frame) throws IOException {
    ByteBuffer framed = ByteBuffer.allocate(4 + frame.readableBytes());
    framed.putInt(frame.readableBytes());
    frame.readBytes(framed);
    framed.flip();
    while (framed.hasRemaining()) {
      assertThat(guest.write(framed)).isPositive();
    }
  }

  private static PortInfo port(Daemon daemon, String port) {
    return Objects.requireNonNull(daemon.network("lab")).report().ports().stream()
        .filter(one -> one.name().equals(port))
        .findFirst()
        .orElseThrow();
  }

  private static String problem(Daemon daemon, String port) {
    return port(daemon, port).problem();
  }

  @ParameterizedTest
  @EnumSource
  void aPortThatHasItsShareOfThePoolIsNamedWhereItIsShown(Family family) throws Exception {
    LogWatch.expect("event=dhcp-port-limited .*port=\"greedy\".*");
    try (Daemon daemon = InProcessDaemon.open(home, NETWORKS);
        SocketChannel guest = SocketChannel.open(StandardProtocolFamily.UNIX);
        SocketChannel beside = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      guest.connect(UnixDomainSocketAddress.of(home.resolve("r/greedy.sock")));
      beside.connect(UnixDomainSocketAddress.of(home.resolve("r/other.sock")));
      send(beside, family.wants(9));
      send(guest, family.wants(1));
      send(guest, family.wants(2));
      Await.until(() -> problem(daemon, "greedy").contains(family.pool + "'s "));
      assertThat(problem(daemon, "greedy")).startsWith("port greedy has 1 of the ");
      assertThat(problem(daemon, "other")).isEmpty();
      assertThat(daemon.status().problems())
          .filteredOn(text -> text.contains("greedy"))
          .singleElement()
          .asString()
          .contains(family.pool + "'s ");
    }
  }

  private static List<String> holders(Daemon daemon) {
    return Objects.requireNonNull(daemon.network("lab")).report().leases().stream()
        .map(LeaseInfo::mac)
        .toList();
  }

  @ParameterizedTest
  @EnumSource
  void theNextClientOfASocketGetsWhatTheFormerOneHasLeft(Family family) throws Exception {
    String yaml = NETWORKS.replace("conflict-probe: 0s", "conflict-probe: 100ms");
    try (Daemon daemon = InProcessDaemon.open(home, yaml)) {
      UnixDomainSocketAddress socket = UnixDomainSocketAddress.of(home.resolve("r/greedy.sock"));
      try (SocketChannel former = SocketChannel.open(socket)) {
        send(former, family.wants(1));
        Await.until(() -> holders(daemon).equals(List.of("52:54:00:00:00:01")));
      }
      Await.until(() -> port(daemon, "greedy").state().equals("no-carrier"));
      try (SocketChannel next = SocketChannel.open(socket)) {
        send(next, family.asks(2));
        Await.until(() -> !holders(daemon).contains("52:54:00:00:00:01"));
        send(next, family.wants(2));
        Await.until(() -> holders(daemon).equals(List.of("52:54:00:00:00:02")));
      }
    }
  }

  @Test
  void aPoolIsMeasuredWhereAddressesAreGivenFromIt() throws Exception {
    try (Daemon daemon = InProcessDaemon.open(home, NETWORKS)) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      daemon.metrics().write(out);
      List<String> lines =
          out.toString(UTF_8)
              .lines()
              .filter(line -> line.startsWith("lanyard_network_pool_addresses{"))
              .toList();
      assertThat(lines)
          .containsExactlyInAnyOrder(
              "lanyard_network_pool_addresses{family=\"ipv4\",network=\"lab\"} 127.0",
              "lanyard_network_pool_addresses{family=\"ipv6\",network=\"lab\"} 4096.0",
              "lanyard_network_pool_addresses{family=\"ipv4\",network=\"plain\"} 127.0");
    }
  }
}
