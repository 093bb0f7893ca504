package io.lanyard.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lanyard.net.MacAddress;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Tcp;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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

/** A daemon with 256 open files, and a guest that wants them all. */
@Timeout(240)
final class FewDescriptorsTest {
  private static final int LIMIT = 256;
  private static final int SERVER = 1000;

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

  private static String network(String name, int third, String... ports) {
    StringBuilder yaml = new StringBuilder("  ").append(name).append(":\n    mode: nat\n");
    yaml.append("    ipv4: {subnet: 10.9.").append(third).append(".0/24}\n");
    yaml.append("    nat: {host-loopback: true}\n    ports:\n");
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
    private final int address;
    private final int gateway;
    private final int host;
    private final long router;

    Guest(String network, int third, String port, int number) throws IOException {
      mac = 0x5254_0000_0000L | number;
      address = Ipv4.parse("10.9." + third + "." + number);
      gateway = Ipv4.parse("10.9." + third + ".2");
      host = Ipv4.parse("10.9." + third + ".1");
      router = MacAddress.derivedFrom("gateway of " + network).bits();
      socket.connect(UnixDomainSocketAddress.of(home.resolve("run/" + port + ".sock")));
      guests.add(this);
      ByteBuf frame = Unpooled.buffer(42).writeZero(42);
      Ethernet.write(frame, 0, Ethernet.BROADCAST, mac, Ethernet.TYPE_ARP);
      Arp.write(frame, 14, Arp.REQUEST, mac, address, 0, gateway);
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

    private ByteBuf packet(int protocol, int to, int length) {
      ByteBuf frame = Unpooled.buffer(34 + length).writeZero(34 + length);
      Ethernet.write(frame, 0, router, mac, Ethernet.TYPE_IPV4);
      Ipv4.write(frame, 14, 20 + length, 1, 0, 64, protocol, address, to);
      return frame;
    }

    void datagram(int from, int to, int toPort, byte... data) throws IOException {
      ByteBuf frame = packet(Ipv4.UDP, to, 8 + data.length);
      Udp.write(frame, 34, from, toPort, 8 + data.length);
      frame.setShort(40, 0).setBytes(42, data);
      send(frame);
    }

    void syn(int from, int to, int toPort) throws IOException {
      ByteBuf frame = packet(Ipv4.TCP, to, 20);
      frame.setShort(34, from).setShort(36, toPort).setInt(38, SERVER);
      frame.setInt(46, 5 << 28 | Tcp.SYN << 16 | 65535);
      long sum = Checksum.pseudo4(address, to, Ipv4.TCP, 20) + Checksum.sum(frame, 34, 20);
      frame.setShort(50, Checksum.finish(sum));
      send(frame);
    }

    /** Waits for an answer to a port of the guest's, and returns the frame. */
    ByteBuf answer(int protocol, int port) throws IOException {
      while (true) {
        ByteBuf frame = Unpooled.wrappedBuffer(read(read(4).getInt()));
        if (Ethernet.type(frame, 0) == Ethernet.TYPE_IPV4
            && Ipv4.protocol(frame, 14) == protocol
            && frame.getUnsignedShort(36) == port) {
          return frame;
        }
        if (Ethernet.type(frame, 0) == Ethernet.TYPE_ARP
            && Arp.operation(frame, 14) == Arp.REQUEST) {
          ByteBuf reply = Unpooled.buffer(42).writeZero(42);
          Ethernet.write(reply, 0, Ethernet.mac(frame, 6), mac, Ethernet.TYPE_ARP);
          Arp.write(reply, 14, Arp.REPLY, mac, address, router, Arp.senderAddress(frame, 14));
          send(reply);
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

  /** Whether a name of the network's own resolves. */
  private static void assertNameAnswered(Guest guest, int port) throws IOException {
    ByteBuf query = Unpooled.buffer(64);
    query.writeInt(0x1234_0100).writeInt(1 << 16).writeInt(0);
    query.writeByte(7).writeBytes("gateway".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    query.writeByte(3).writeBytes("lan".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    query.writeByte(0).writeShort(1).writeShort(1);
    byte[] bytes = new byte[query.readableBytes()];
    query.readBytes(bytes);
    guest.datagram(port, guest.gateway, 53, bytes);
    ByteBuf answer = guest.answer(Ipv4.UDP, port);
    assertThat(answer.getByte(42 + 3) & 15).as("the response's code").isZero();
    assertThat(answer.getUnsignedShort(42 + 6)).as("answers").isEqualTo(1);
  }

  @Test
  void aGuestThatOpensAllItCanLeavesTheOthersTheApiAndDnsTheirs() throws Exception {
    String yaml = "version: 1\nnetworks:\n" + network("a", 1, "p1", "p2") + network("b", 2, "p3");
    DaemonHome.Running running =
        daemons.daemon(yaml, DaemonHome.java("prlimit", "--nofile=" + LIMIT + ":" + LIMIT));
    daemons.await(running);
    try (DatagramSocket sink =
            new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        ServerSocket server = new ServerSocket(0, 2000, InetAddress.getLoopbackAddress())) {
      Guest hostile = new Guest("a", 1, "p1", 10);
      Guest honest = new Guest("a", 1, "p2", 11);
      Guest other = new Guest("b", 2, "p3", 12);
      for (int port = 20_000; port < 21_000; port++) {
        hostile.syn(port, hostile.host, server.getLocalPort());
        hostile.datagram(port, hostile.host, sink.getLocalPort(), (byte) 1);
      }
      String problems = "";
      for (int i = 0; i < 200 && !problems.contains("p1"); i++) {
        problems = daemons.get("/v1/networks").toString();
      }
      assertThat(problems).contains("sockets: p1 gets no more");

      long asked = System.nanoTime();
      JsonNode status = daemons.get("/v1/status");
      assertThat(System.nanoTime() - asked).isLessThan(5_000_000_000L);
      assertThat(status.toString()).contains("sockets: p1 gets no more");
      assertNameAnswered(honest, 30_000);
      honest.syn(30_001, honest.host, server.getLocalPort());
      assertThat(Tcp.flags(honest.answer(Ipv4.TCP, 30_001), 34)).isEqualTo(Tcp.SYN | Tcp.ACK);
      other.syn(30_002, other.host, server.getLocalPort());
      assertThat(Tcp.flags(other.answer(Ipv4.TCP, 30_002), 34)).isEqualTo(Tcp.SYN | Tcp.ACK);
      assertThat(running.said()).containsOnlyOnce("event=no-descriptor");
    }
  }
}
