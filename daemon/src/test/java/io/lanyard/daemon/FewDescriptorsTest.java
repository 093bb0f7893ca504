package io.lanyard.daemon;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.testing.Await;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.Tcp;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A daemon with 256 open files, and a guest that wants them all, by both families. */
@Timeout(240)
final class FewDescriptorsTest {
  private static final int LIMIT = 256;
  private static final int SERVER = 1000;
  private static final String PROBLEM = "sockets: p1 gets no more";

  @TempDir Path home;
  private DaemonHome daemons;
  private final List<Guest> guests = new ArrayList<>();

  @BeforeEach
  void makeHome() {
    daemons = new DaemonHome(home);
    daemons.expectWarning("event=no-descriptor");
  }

  @AfterEach
  void stop() throws Exception {
    for (Guest guest : guests) {
      guest.socket.close();
    }
    daemons.close();
  }

  /** The addresses of the networks, by the third byte of those of IPv4, and the IP headers. */
  private enum Family {
    IPV4("10.9.%d.%d"),
    IPV6("fd09:%d::%x");

    private final String form;

    Family(String form) {
      this.form = form;
    }

    Address of(int third, int number) {
      return Address.parse(form.formatted(third, number));
    }

    int transport() {
      return this == IPV4 ? 34 : 54;
    }

    boolean carries(ByteBuf frame, int protocol) {
      return this == IPV4
          ? Ethernet.type(frame, 0) == Ethernet.TYPE_IPV4 && Ipv4.protocol(frame, 14) == protocol
          : Ethernet.type(frame, 0) == Ethernet.TYPE_IPV6 && Ipv6.nextHeader(frame, 14) == protocol;
    }

    void write(ByteBuf frame, int protocol, int hops, Address from, Address to, int length) {
      if (this == IPV4) {
        Ipv4.write(frame, 14, 20 + length, 1, 0, hops, protocol, from.ipv4(), to.ipv4());
      } else {
        Ipv6.write(frame, 14, length, protocol, hops, from.high(), from.low(), to.high(), to.low());
      }
    }

    int checksum(ByteBuf frame, int protocol, int length) {
      return this == IPV4
          ? Checksum.transport4(frame, 14, protocol, 34, length)
          : Checksum.transport6(frame, 14, protocol, 54, length);
    }
  }

  private static String network(String name, int third, int names, String... ports) {
    StringBuilder yaml = new StringBuilder("  ").append(name).append(":\n    mode: nat\n");
    yaml.append("    ipv4: {subnet: 10.9.").append(third).append(".0/24}\n");
    yaml.append("    ipv6: {subnet: \"fd09:").append(third).append("::/64\"}\n");
    yaml.append("    dns: {hosts-file: false, upstreams: [\"127.0.0.1:").append(names);
    yaml.append("\"]}\n    nat: {host-loopback: true}\n    ports:\n");
    for (String port : ports) {
      yaml.append("      - {kind: qemu-stream, name: ").append(port);
      yaml.append(", path: ").append(port).append(".sock}\n");
    }
    return yaml.toString();
  }

  /** A guest behind a port, made of bytes. */
  private final class Guest {
    private final SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
    private final long mac;
    private final int third;
    private final int number;
    private final long router;

    Guest(String network, int third, String port, int number) throws IOException {
      mac = 0x5254_0000_0000L | number;
      this.third = third;
      this.number = number;
      router = KnownSeed.gatewayOf(network);
      socket.connect(UnixDomainSocketAddress.of(home.resolve("run/" + port + ".sock")));
      guests.add(this);
      ByteBuf frame = Unpooled.buffer(42).writeZero(42);
      Ethernet.write(frame, 0, Ethernet.BROADCAST, mac, Ethernet.TYPE_ARP);
      int gateway = gateway(Family.IPV4).ipv4();
      Arp.write(frame, 14, Arp.REQUEST, mac, address(Family.IPV4).ipv4(), 0, gateway);
      send(frame);
      neighbour(Icmpv6.NEIGHBOR_SOLICITATION, gateway(Family.IPV6), 1);
    }

    private Address address(Family family) {
      return family.of(third, number);
    }

    Address gateway(Family family) {
      return family.of(third, 2);
    }

    Address host(Family family) {
      return family.of(third, 1);
    }

    /** Asks for the gateway's address, or says its own, with a link-layer address option. */
    private void neighbour(int type, Address target, int option) throws IOException {
      ByteBuf frame = packet(Family.IPV6, Ipv6.ICMPV6, gateway(Family.IPV6), 255, 32);
      Icmpv6.setType(frame, 54, type);
      frame.setByte(58, type == Icmpv6.NEIGHBOR_ADVERTISEMENT ? 0x60 : 0); // solicited, override
      frame.setLong(62, target.high()).setLong(70, target.low());
      frame.setByte(78, option).setByte(79, 1);
      Ethernet.setMac(frame, 80, mac);
      Icmpv6.finishChecksum(frame, 14, 54, 32);
      send(frame);
    }

    private void send(ByteBuf frame) throws IOException {
      int length = frame.readableBytes();
      ByteBuffer framed = ByteBuffer.allocate(4 + length).putInt(length);
      frame.readBytes(framed);
      framed.flip();
      while (framed.hasRemaining()) {
        socket.write(framed);
      }
    }

    private ByteBuf packet(Family family, int protocol, Address to, int hops, int length) {
      int whole = family.transport() + length;
      ByteBuf frame = Unpooled.buffer(whole).writeZero(whole);
      int type = family == Family.IPV4 ? Ethernet.TYPE_IPV4 : Ethernet.TYPE_IPV6;
      Ethernet.write(frame, 0, router, mac, type);
      family.write(frame, protocol, hops, address(family), to, length);
      return frame;
    }

    void datagram(Family family, int from, Address to, int toPort, byte... data)
        throws IOException {
      int length = 8 + data.length;
      int udp = family.transport();
      ByteBuf frame = packet(family, Ipv4.UDP, to, 64, length);
      Udp.write(frame, udp, from, toPort, length);
      frame.setShort(udp + 6, 0).setBytes(udp + 8, data);
      frame.setShort(udp + 6, family.checksum(frame, Ipv4.UDP, length));
      send(frame);
    }

    void syn(Family family, int from, int toPort) throws IOException {
      int tcp = family.transport();
      ByteBuf frame = packet(family, Ipv4.TCP, host(family), 64, 20);
      frame.setShort(tcp, from).setShort(tcp + 2, toPort).setInt(tcp + 4, SERVER);
      frame.setInt(tcp + 12, 5 << 28 | Tcp.SYN << 16 | 65535);
      frame.setShort(tcp + 16, family.checksum(frame, Ipv4.TCP, 20));
      send(frame);
    }

    /** Waits for an answer to a port of the guest's, and returns the frame. */
    ByteBuf answer(Family family, int protocol, int port) throws IOException {
      while (true) {
        ByteBuf frame = Unpooled.wrappedBuffer(read(read(4).getInt()));
        if (family.carries(frame, protocol)
            && frame.getUnsignedShort(family.transport() + 2) == port) {
          return frame;
        }
        if (Ethernet.type(frame, 0) == Ethernet.TYPE_ARP
            && Arp.operation(frame, 14) == Arp.REQUEST) {
          ByteBuf reply = Unpooled.buffer(42).writeZero(42);
          int own = address(Family.IPV4).ipv4();
          Ethernet.write(reply, 0, Ethernet.mac(frame, 6), mac, Ethernet.TYPE_ARP);
          Arp.write(reply, 14, Arp.REPLY, mac, own, router, Arp.senderAddress(frame, 14));
          send(reply);
        }
        if (Family.IPV6.carries(frame, Ipv6.ICMPV6)
            && Icmpv6.type(frame, 54) == Icmpv6.NEIGHBOR_SOLICITATION) {
          neighbour(Icmpv6.NEIGHBOR_ADVERTISEMENT, address(Family.IPV6), 2);
        }
      }
    }

    private ByteBuffer read(int length) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(length);
      while (bytes.hasRemaining()) {
        assertThat(socket.read(bytes)).as("the port's end").isPositive();
      }
      return bytes.flip();
    }
  }

  /** Answers each question with one address until the socket is closed. */
  private static void answer(DatagramSocket names) {
    byte[] question = new byte[512];
    byte[] record = {(byte) 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, (byte) 192, 0, 2, 1};
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(question, question.length);
        names.receive(packet);
        int end = 12;
        while (question[end] != 0) {
          end += question[end] + 1;
        }
        ByteBuf answer = Unpooled.buffer(512).writeBytes(question, 0, end + 5).writeBytes(record);
        answer.setByte(2, 0x81).setByte(3, 0x80).setLong(4, 1L << 48 | 1L << 32);
        names.send(
            new DatagramPacket(answer.array(), answer.readableBytes(), packet.getSocketAddress()));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  /** Whether a name resolves: one of others takes a socket of the daemon's. */
  private static void assertNameAnswered(Guest guest, Family family, int port, String name)
      throws IOException {
    ByteBuf query = Unpooled.buffer(64);
    query.writeInt(0x1234_0100).writeInt(1 << 16).writeInt(0);
    for (String label : name.split("\\.", -1)) {
      query.writeByte(label.length()).writeBytes(label.getBytes(US_ASCII));
    }
    query.writeByte(0).writeShort(1).writeShort(1);
    byte[] bytes = new byte[query.readableBytes()];
    query.readBytes(bytes);
    guest.datagram(family, port, guest.gateway(family), 53, bytes);
    ByteBuf answer = guest.answer(family, Ipv4.UDP, port);
    int message = family.transport() + 8;
    assertThat(answer.getByte(message + 3) & 15).as("the response's code").isZero();
    assertThat(answer.getUnsignedShort(message + 6)).as("answers").isEqualTo(1);
  }

  private static void assertConnects(Guest guest, Family family, int port, int server)
      throws IOException {
    guest.syn(family, port, server);
    ByteBuf answer = guest.answer(family, Ipv4.TCP, port);
    assertThat(Tcp.flags(answer, family.transport())).isEqualTo(Tcp.SYN | Tcp.ACK);
  }

  private static ServerSocket listen(Address address, int port) throws IOException {
    return new ServerSocket(port, 2000, address.toInetAddress());
  }

  private String problems() throws IOException {
    return daemons.get("/v1/status").path("problems").toString();
  }

  /** The shortest time for the status: the host may have been busy with something else. */
  private long statusNanos() throws IOException {
    long shortest = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      long asked = System.nanoTime();
      assertThat(problems()).contains(PROBLEM);
      shortest = Math.min(shortest, System.nanoTime() - asked);
    }
    return shortest;
  }

  @Test
  void aGuestThatOpensAllItCanLeavesTheOthersTheApiAndDnsTheirs() throws Exception {
    try (DatagramSocket names = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        DatagramSocket sink = new DatagramSocket();
        ServerSocket server = listen(Address.LOOPBACK_IPV4, 0);
        ServerSocket _ = listen(Address.LOOPBACK_IPV6, server.getLocalPort())) {
      Thread.ofPlatform().daemon(true).name("names").start(() -> answer(names));
      String yaml =
          "version: 1\nnetworks:\n"
              + network("a", 1, names.getLocalPort(), "p1", "p2")
              + network("b", 2, names.getLocalPort(), "p3");
      KnownSeed.plant(home.resolve("state"));
      DaemonHome.Running running =
          daemons.daemon(
              yaml, DaemonHome.steppedJava("prlimit", "--nofile=" + LIMIT + ":" + LIMIT));
      daemons.await(running);
      Guest hostile = new Guest("a", 1, "p1", 10);
      Guest honest = new Guest("a", 1, "p2", 11);
      Guest other = new Guest("b", 2, "p3", 12);
      for (int port = 20_000; port < 21_000; port++) {
        Family family = Family.values()[port % 2];
        hostile.syn(family, port, server.getLocalPort());
        hostile.datagram(family, port, hostile.host(family), sink.getLocalPort(), (byte) 1);
      }
      Await.until("the shortage is told", () -> problems().contains(PROBLEM));
      Await.until("the status within a second", () -> statusNanos() < 1_000_000_000L);
      for (Family family : Family.values()) {
        int port = 30_000 + 10 * family.ordinal();
        assertNameAnswered(honest, family, port, "gateway.lan");
        assertNameAnswered(honest, family, port + 1, "honest" + port + ".example");
        assertNameAnswered(other, family, port + 2, "other" + port + ".example");
        assertConnects(honest, family, port + 3, server.getLocalPort());
        assertConnects(other, family, port + 4, server.getLocalPort());
      }
      assertThat(running.said()).containsOnlyOnce("event=no-descriptor");
      hostile.socket.close();
      Await.until(
          "it is told no more",
          () -> {
            running.putForward(61); // a shortage is over a minute after the last refusal
            return !problems().contains("p1");
          });
    }
  }
}
