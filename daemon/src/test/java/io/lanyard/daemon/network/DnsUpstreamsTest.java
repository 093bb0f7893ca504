package io.lanyard.daemon.network;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.KnownSeed;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Which networks pass their guests' questions on, and to whom, as the configuration says. */
@Timeout(240)
final class DnsUpstreamsTest {
  /** No host adapter comes up: a TAP device cannot be called as another device. */
  private static final String HOST_ONLY = "host-only, host-adapter: {name: lo}";

  private static final int NOERROR = 0;
  private static final int NXDOMAIN = 3;
  private static final int REFUSED = 5;

  @TempDir Path home;
  private final AtomicInteger asked = new AtomicInteger();
  private DatagramSocket upstream;

  /** A name server that has every name and no address. */
  @BeforeEach
  void startUpstream() throws IOException {
    upstream = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
    Thread.ofVirtual()
        .start(() -> {
          try {
            while (true) {
              DatagramPacket packet = new DatagramPacket(new byte[512], 512);
              upstream.receive(packet);
              asked.incrementAndGet();
              packet.getData()[2] |= (byte) 0x80; // QR
              upstream.send(packet);
            }
          } catch (IOException e) {
            // The socket was closed: the test is over.
          }
        });
  }

  @AfterEach
  void stopUpstream() {
    upstream.close();
  }

  private int rcode(String mode, String dns, String name) throws Exception {
    String yaml =
        """
        version: 1
        networks:
          lab: {mode: %s, ipv4: {subnet: 10.9.8.0/24}, dns: {hosts-file: false%s},
            ports: [{name: guest, kind: qemu-stream, path: guest.sock}]}
        guests: {demo: {vmm: lanyard, image: none, nics: [{network: lab, mac: '02:00:00:00:00:07'}]}}
        """
            .formatted(mode, dns);
    KnownSeed.plant(home.resolve("s"));
    Daemon daemon = InProcessDaemon.open(home, yaml);
    try (SocketChannel guest = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      guest.connect(UnixDomainSocketAddress.of(home.resolve("r/guest.sock")));
      guest.write(framed(query(name)));
      return answer(guest);
    } finally {
      daemon.close();
      try (var files = Files.list(home.resolve("r"))) {
        assertThat(files.map(Path::toString)).noneMatch(file -> file.contains("resolv"));
      }
    }
  }

  /** A DNS query for an A record in Ethernet, IPv4 and UDP without checksum. */
  private static ByteBuffer query(String name) {
    ByteBuffer dns = ByteBuffer.allocate(512);
    dns.putShort((short) 7).putShort((short) 0x0100).putShort((short) 1).putShort((short) 0);
    dns.putInt(0);
    for (String label : name.split("\\.", -1)) {
      dns.put((byte) label.length()).put(label.getBytes(US_ASCII));
    }
    dns.put((byte) 0).putShort((short) 1).putShort((short) 1).flip();
    long gateway = KnownSeed.gatewayOf("lab");
    ByteBuffer frame = ByteBuffer.allocate(14 + 28 + dns.remaining());
    frame.putShort((short) (gateway >> 32)).putInt((int) gateway);
    frame.putShort((short) 0x5254).putInt(0x77).putShort((short) 0x0800);
    frame.putShort((short) 0x4500).putShort((short) (28 + dns.remaining())).putInt(0);
    frame.putShort((short) 0x4011).putShort((short) 0); // TTL 64, UDP, the checksum's place
    frame.putInt(0x0a0908c8).putInt(0x0a090802);
    frame.putShort((short) 5353).putShort((short) 53);
    frame.putShort((short) (8 + dns.remaining())).putShort((short) 0);
    frame.put(dns).flip();
    int sum = 0;
    for (int i = 14; i < 34; i += 2) {
      sum += frame.getShort(i) & 0xffff;
    }
    frame.putShort(24, (short) ~((sum & 0xffff) + (sum >> 16)));
    return frame;
  }

  private static ByteBuffer framed(ByteBuffer frame) {
    return ByteBuffer.allocate(4 + frame.remaining()).putInt(frame.remaining()).put(frame).flip();
  }

  /** The rcode of the first DNS message that comes. */
  private static int answer(SocketChannel guest) throws IOException {
    while (true) {
      ByteBuffer frame = read(guest, read(guest, 4).getInt());
      boolean udp = frame.limit() >= 54 && frame.getShort(12) == 0x0800 && frame.get(23) == 17;
      if (udp && frame.getShort(34) == 53) {
        return frame.get(42 + 3) & 15;
      }
    }
  }

  private static ByteBuffer read(SocketChannel guest, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      assertThat(guest.read(bytes)).as("the port's end").isPositive();
    }
    return bytes.flip();
  }

  private String here() {
    return ", upstreams: [\"127.0.0.1:" + upstream.getLocalPort() + "\"]";
  }

  @Test
  void aHostOnlyNetworkPassesNothingOn() throws Exception {
    LogWatch.expect("event=port-failed");
    assertThat(rcode(HOST_ONLY, "", "www.example")).isEqualTo(REFUSED);
    assertThat(rcode(HOST_ONLY, "", "gateway.lan")).isEqualTo(NOERROR);
  }

  @Test
  void aHostOnlyNetworkAsksTheServersThatTheFileNames() throws Exception {
    LogWatch.expect("event=port-failed");
    assertThat(rcode(HOST_ONLY, here(), "www.example")).isEqualTo(NOERROR);
    assertThat(asked).hasValue(1);
  }

  @Test
  void aNatNetworkAsksTheServersThatTheFileNames() throws Exception {
    assertThat(rcode("nat", here(), "www.example")).isEqualTo(NOERROR);
    assertThat(asked).hasValue(1);
  }

  @Test
  void aReservationHasItsNameBeforeItsFirstLease() throws Exception {
    String dhcp =
        "}, dhcp: {reservations: [{mac: 02:00:00:00:00:07, address: 10.9.8.7, hostname: web}]";
    assertThat(rcode("nat", dhcp, "web.lan")).isEqualTo(NOERROR);
    assertThat(rcode("nat", dhcp, "wbe.lan")).isEqualTo(NXDOMAIN);
  }

  @Test
  void aGuestForWhoseNicAnAddressIsReservedHasItsNameBeforeItsFirstLease() throws Exception {
    String dhcp = "}, dhcp: {%sreservations: [{mac: 02:00:00:00:00:07, address: 10.9.8.7}]";
    assertThat(rcode("nat", dhcp.formatted(""), "demo.lan")).isEqualTo(NOERROR);
    assertThat(rcode("nat", dhcp.formatted("enabled: false, "), "demo.lan")).isEqualTo(NOERROR);
    assertThat(rcode("nat", "", "demo.lan")).isEqualTo(NXDOMAIN);
  }

  @Test
  void aNatNetworkWithAnEmptyListOfServersPassesNothingOn() throws Exception {
    assertThat(rcode("nat", ", upstreams: []", "www.example")).isEqualTo(REFUSED);
  }
}
