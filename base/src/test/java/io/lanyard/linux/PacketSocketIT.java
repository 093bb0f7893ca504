package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.net.Address;
import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packet sockets on a pair of interfaces in a namespace of the test's own. Needs root. */
class PacketSocketIT {
  private static final String ADDRESSES = "02000000000b" + "02000000000c";
  private static final int HEADER = 12;

  private final String namespace = "lypk" + ProcessHandle.current().pid() % 100_000;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment place = arena.allocate(70_000, 8);
  private final MemorySegment vectors = arena.allocate(32, 8);

  private String ip(String arguments) throws IOException, InterruptedException {
    return HostCommand.runScript("ip -n " + namespace + " " + arguments);
  }

  @BeforeEach
  void makeNamespace() throws Exception {
    HostCommand.runScript("ip netns add " + namespace);
    HostCommand.runScript(
        "ip netns exec " + namespace + " sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
    ip("link set lo up");
    ip("link add d0 type veth peer name d1");
    ip("link set d0 up");
    ip("link set d1 up");
    // Two places, as a burst has them: a tag may have to go in front of the first.
    vectors.set(ValueLayout.JAVA_LONG, 0, place.address() + PacketSocket.HEADROOM);
    vectors.set(ValueLayout.JAVA_LONG, 8, 100);
    vectors.set(ValueLayout.JAVA_LONG, 16, place.address() + PacketSocket.HEADROOM + 100);
    vectors.set(ValueLayout.JAVA_LONG, 24, 69_000);
  }

  @AfterEach
  void deleteNamespace() throws Exception {
    HostCommand.runScript("ip netns del " + namespace);
    arena.close();
  }

  private PacketSocket open(String name, boolean shortHeader) throws IOException {
    return NetworkNamespace.run(
        namespace, () -> PacketSocket.open(HostInterface.read(name), false, 0, shortHeader));
  }

  private static int send(PacketSocket by, String header, String frame) {
    byte[] bytes = HexFormat.of().parseHex(header + frame);
    try (Arena own = Arena.ofConfined()) {
      MemorySegment memory = own.allocate(bytes.length, 8);
      memory.copyFrom(MemorySegment.ofArray(bytes));
      return by.write(memory.address(), bytes.length);
    }
  }

  private String receive(PacketSocket by) {
    int length = -Errno.EAGAIN;
    long end = System.nanoTime() + 60_000_000_000L;
    while (length == -Errno.EAGAIN && System.nanoTime() < end) {
      length = by.read(vectors.address(), 2);
    }
    assertThat(length).isPositive();
    byte[] bytes = new byte[length];
    MemorySegment.copy(
        place, ValueLayout.JAVA_BYTE, PacketSocket.HEADROOM - by.lead(), bytes, 0, length);
    return HexFormat.of().formatHex(bytes);
  }

  /** Whether a socket sees, before a broadcast, a frame that the host sends to an address. */
  private boolean sees(PacketSocket by, PacketSocket host, String mac) {
    String zero = "00".repeat(HEADER);
    String rest = "02000000000c" + "88b5" + "5a".repeat(60);
    assertThat(send(host, zero, mac + rest)).isPositive();
    assertThat(send(host, zero, "ffffffffffff" + rest)).isPositive();
    boolean is = receive(by).startsWith(mac, 2 * HEADER);
    return is && receive(by).startsWith("ffffffffffff", 2 * HEADER);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, GuestFilter.MOST})
  void ofWhatTheHostSendsOnlyFramesForGuestsAndGroupsAreSeen(int guests) throws Exception {
    PacketSocket uplink = open("d0", false);
    PacketSocket host = open("d0", false);
    PacketSocket other = open("d1", false);
    try {
      for (int i = 0; i < guests; i++) {
        String mac = "0200%08x".formatted(0xff00_0000 + i);
        assertThat(sees(uplink, host, mac)).as("guest %d before it has sent", i).isFalse();
        uplink.admit(Long.parseLong(mac, 16));
        assertThat(sees(uplink, host, mac)).as("guest %d", i).isTrue();
      }
      assertThat(sees(uplink, host, "0200ff000000")).as("the first still").isTrue();
      assertThat(sees(uplink, host, "0201ff000000")).as("its lower half alone").isFalse();
      assertThat(sees(uplink, host, "02000f000000")).as("its upper half alone").isFalse();
      assertThat(sees(uplink, other, "0201ff000000")).as("from the wire").isTrue();
    } finally {
      uplink.close();
      host.close();
      other.close();
    }
  }

  @Test
  void aGuestThatClaimsMoreAddressesThanThereIsRoomForHasAllSeen() throws Exception {
    PacketSocket uplink = open("d0", false);
    PacketSocket host = open("d0", false);
    try {
      for (long mac = 1; mac <= 100_000; mac++) {
        uplink.admit(0x02ff_0000_0000L + mac);
      }
      assertThat(sees(uplink, host, "0201ff000000")).isTrue();
    } finally {
      uplink.close();
      host.close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFramePassesWithItsHeaderItsTagsAndItsUnfinishedChecksum(boolean shortHeader)
      throws Exception {
    PacketSocket a = open("d0", shortHeader);
    PacketSocket b = open("d1", shortHeader);
    try {
      String zero = "00".repeat(HEADER);
      String payload = "88b5" + "5a".repeat(200);
      assertThat(send(a, zero, ADDRESSES + payload)).isEqualTo(HEADER + 214);
      assertThat(receive(b)).isEqualTo(zero + ADDRESSES + payload);
      // A checksum from byte 34 on that is to be stored 16 bytes behind it.
      String unfinished = "01" + "00" + "0000" + "0000" + "2200" + "1000" + "0000";
      assertThat(send(a, unfinished, ADDRESSES + payload)).isPositive();
      assertThat(receive(b)).isEqualTo(unfinished + ADDRESSES + payload);
      // The kernel takes the outer tag out, and counts from there.
      String tags = "8100a00c" + "88a80007";
      String behindTags = "01" + "00" + "0000" + "0000" + "2a00" + "1000" + "0000";
      assertThat(send(a, behindTags, ADDRESSES + tags + payload)).isPositive();
      assertThat(receive(b)).isEqualTo(behindTags + ADDRESSES + tags + payload);
      assertThat(b.lead()).isEqualTo(PacketSocket.HEADROOM);
      assertThat(send(b, zero, ADDRESSES + payload)).isPositive();
      assertThat(receive(a)).isEqualTo(zero + ADDRESSES + payload);
      assertThat(a.lead()).isZero();
      assertThat(b.read(vectors.address(), 2))
          .as("what it has sent itself")
          .isEqualTo(-Errno.EAGAIN);
      assertThat(a.missed()).isZero();
    } finally {
      a.close();
      b.close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSuperFramePassesWhole(boolean shortHeader) throws Exception {
    PacketSocket a = open("d0", shortHeader);
    PacketSocket b = open("d1", shortHeader);
    try {
      int payload = 40_000;
      ByteBuffer ip = ByteBuffer.allocate(40).order(ByteOrder.BIG_ENDIAN);
      ip.put((byte) 0x45).put((byte) 0).putShort((short) (40 + payload)).putInt(0x4000);
      ip.put((byte) 64).put((byte) 6).putShort((short) 0).putInt(0x0a000001).putInt(0x0a000002);
      ip.putShort((short) 1).putShort((short) 2).putLong(0).putShort((short) 0x5010);
      String frame =
          ADDRESSES + "0800" + HexFormat.of().formatHex(ip.array()) + "a5".repeat(payload);
      // TCP over IPv4 with 1448 bytes a segment.
      String header = "01" + "01" + "3600" + "a805" + "2200" + "1000" + "0000";
      assertThat(send(a, header, frame)).isPositive();
      assertThat(receive(b)).isEqualTo(header + frame);
    } finally {
      a.close();
      b.close();
    }
  }

  @Test
  void framesForTheHostStayInTheKernelAndThoseOfTheHostForAGuestAreSeen() throws Exception {
    PacketSocket a = open("d0", false);
    PacketSocket b = open("d1", false);
    try {
      String mac = String.format("%012x", b.at().mac());
      String zero = "00".repeat(HEADER);
      send(a, zero, mac + "02000000000c" + "88b5" + "01".repeat(50));
      send(a, zero, ADDRESSES + "88b5" + "02".repeat(50));
      assertThat(receive(b)).endsWith("02".repeat(50));
      b.admit(0x0200_0000_0009L);
      ip("addr add 10.77.0.1/24 dev d1");
      ip("neigh add 10.77.0.9 lladdr 02:00:00:00:00:09 dev d1");
      NetworkNamespace.run(
          namespace,
          () -> {
            try (DatagramSocket socket = new DatagramSocket()) {
              socket.send(
                  new DatagramPacket(
                      new byte[] {7, 7, 7, 7}, 4, InetAddress.getByName("10.77.0.9"), 9));
            }
            return 0;
          });
      String seen = receive(b);
      assertThat(seen).startsWith("01"); // the host leaves the checksum to its interface
      assertThat(seen.substring(2 * HEADER)).startsWith("020000000009" + mac + "0800");
      assertThat(seen).endsWith("07070707");
    } finally {
      a.close();
      b.close();
    }
  }

  @Test
  void aRedirectedFrameArrivesAtTheInterface() throws Exception {
    ip("addr add 10.77.0.1/24 dev d1");
    HostInterface at = NetworkNamespace.run(namespace, () -> HostInterface.read("d1"));
    IngressRedirect way = IngressRedirect.open("lyup%d", at, namespace);
    DatagramSocket socket =
        NetworkNamespace.run(
            namespace, () -> new DatagramSocket(new InetSocketAddress("10.77.0.1", 5000)));
    try {
      socket.setSoTimeout(60_000);
      ByteBuffer frame = ByteBuffer.allocate(HEADER + 46).order(ByteOrder.BIG_ENDIAN);
      frame.position(HEADER);
      frame.putShort((short) (at.mac() >>> 32)).putInt((int) at.mac());
      frame.put(HexFormat.of().parseHex("02000000000c")).putShort((short) 0x0800);
      frame.put((byte) 0x45).put((byte) 0).putShort((short) 32).putInt(0);
      frame.put((byte) 64).put((byte) 17).putShort((short) 0);
      frame.putInt(Address.parse("10.77.0.7").ipv4()).putInt(Address.parse("10.77.0.1").ipv4());
      int sum = 0;
      for (int i = HEADER + 14; i < HEADER + 34; i += 2) {
        sum += frame.getShort(i) & 0xffff;
      }
      frame.putShort(HEADER + 24, (short) ~(sum + (sum >>> 16)));
      frame.putShort((short) 1).putShort((short) 5000).putShort((short) 12).putShort((short) 0);
      frame.putInt(0x01020304);
      try (Arena own = Arena.ofConfined()) {
        MemorySegment memory = own.allocate(frame.capacity(), 8);
        memory.copyFrom(MemorySegment.ofArray(frame.array()));
        assertThat(way.write(memory.address(), frame.capacity())).isEqualTo(frame.capacity());
      }
      DatagramPacket got = new DatagramPacket(new byte[10], 10);
      socket.receive(got);
      assertThat(got.getLength()).isEqualTo(4);
      assertThat(got.getSocketAddress().toString()).contains("10.77.0.7:1");
      assertThat(ip("link show " + way.name())).contains("NOARP", "UP");
      assertThat(ip("addr show " + way.name())).doesNotContain("inet");
    } finally {
      socket.close();
      way.close();
    }
    assertThat(ip("link")).doesNotContain("lyup0");
  }

  @Test
  void anInterfaceThatGoesDownOrIsDeletedSaysSo() throws Exception {
    PacketSocket a = open("d0", false);
    try (LinkNews news = LinkNews.open(namespace, false)) {
      ip("link set d0 down");
      Await.until(() -> a.read(vectors.address(), 2) == -Errno.ENETDOWN);
      assertThat(send(a, "00".repeat(HEADER), ADDRESSES + "88b5" + "00".repeat(50)))
          .isEqualTo(-Errno.ENETDOWN);
      news.drain();
      ip("link del d0");
      Await.until(
          () -> send(a, "00".repeat(HEADER), ADDRESSES + "88b5" + "00".repeat(50)) == -Errno.ENXIO);
      assertThatThrownBy(() -> open("d0", false))
          .hasMessageContaining("d0")
          .hasMessageContaining("no such interface");
    } finally {
      a.close();
    }
    assertThat(a.read(vectors.address(), 2)).isEqualTo(-Errno.EBADFD);
    assertThat(a.write(0, 0)).isEqualTo(-Errno.EBADFD);
    assertThat(a.missed()).isZero();
  }

  @Test
  void whatIsNoEthernetInterfaceIsRefused() {
    assertThatThrownBy(() -> open("lo", false)).hasMessageContaining("no Ethernet interface");
  }

  @Test
  void theDefaultRouteWithTheLowestMetricCounts() throws Exception {
    assertThat(NetworkNamespace.run(namespace, HostInterface::ofDefaultRoute)).isEmpty();
    ip("addr add 10.77.0.1/24 dev d0");
    ip("route add default via 10.77.0.254 dev d0 metric 200");
    ip("addr add 10.78.0.1/24 dev d1");
    ip("route add default via 10.78.0.254 dev d1 metric 300");
    ip("route add unreachable default metric 100");
    assertThat(NetworkNamespace.run(namespace, HostInterface::ofDefaultRoute))
        .hasValueSatisfying(it -> assertThat(it.name()).isEqualTo("d0"));
    ip("route del default via 10.77.0.254 dev d0");
    assertThat(NetworkNamespace.run(namespace, HostInterface::ofDefaultRoute))
        .hasValueSatisfying(it -> assertThat(it.name()).isEqualTo("d1"));
  }
}
