package io.lanyard.control;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.daemon.Daemon;
import io.lanyard.testing.Await;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A connection to the API that becomes a guest's link, as gvproxy's clients have it. */
@Timeout(240)
final class ConnectTest {
  private static final String GUEST = "5254000000aa";

  @TempDir Path home;
  private Daemon daemon;
  private ServedDaemon served;

  private void open(String networks) throws Exception {
    served = ServedDaemon.open(home, "version: 1\nnetworks:\n" + networks);
    daemon = served.daemon();
    daemon.startGuests();
  }

  @AfterEach
  void close() {
    served.close();
  }

  private static String network(String name, int subnet) {
    return "  %s: {mode: nat, ipv4: {subnet: 10.9.%d.0/24}}\n".formatted(name, subnet);
  }

  private SocketChannel client(String target, byte[]... frames) throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(served.socket()));
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(("POST " + target + " HTTP/1.0\r\nHost: guest\r\n\r\n").getBytes(US_ASCII));
    for (byte[] frame : frames) {
      all.write(frame.length & 0xff);
      all.write(frame.length >>> 8);
      all.writeBytes(frame);
    }
    ByteBuffer bytes = ByteBuffer.wrap(all.toByteArray());
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    return channel;
  }

  /** An ARP request for an address of the network 10.9.8.0/24, from .9 of it. */
  private static byte[] whoHas(int last) {
    return HexFormat.of()
        .parseHex(
            "ffffffffffff"
                + GUEST
                + "0806"
                + "0001080006040001"
                + GUEST
                + "0a090809"
                + "000000000000"
                + "0a0908%02x".formatted(last)
                + "00".repeat(18));
  }

  private static byte[] frame(SocketChannel channel) throws IOException {
    DataInputStream in = new DataInputStream(Channels.newInputStream(channel));
    byte[] frame = new byte[in.readUnsignedByte() | in.readUnsignedByte() << 8];
    in.readFully(frame);
    return frame;
  }

  private String ports() {
    return daemon.network("n").report().ports().toString();
  }

  @Test
  void framesBehindTheRequestReachTheNetworkAndItsAnswersComeBack() throws Exception {
    open(network("n", 8));
    try (SocketChannel first = client("/connect", whoHas(2));
        SocketChannel second = client("/connect?network=n")) {
      byte[] answer = frame(first);
      assertThat(HexFormat.of().formatHex(answer, 0, 6)).isEqualTo(GUEST);
      assertThat(HexFormat.of().formatHex(answer, 20, 22)).isEqualTo("0002");
      // A guest on the other connection hears who asks for somebody else.
      byte[] asked = whoHas(77);
      ByteBuffer more = ByteBuffer.allocate(2 + asked.length);
      more.put((byte) asked.length).put((byte) 0).put(asked).flip();
      Await.until("both are there", () -> ports().contains("connect.2"));
      first.write(more);
      byte[] heard = frame(second);
      while (heard[41] != 77) {
        heard = frame(second);
      }
      assertThat(heard).isEqualTo(asked);
      assertThat(ports()).contains("connect.1", "connect.2");
    }
    Await.until("their ports are gone", () -> !ports().contains("connect.1"));
  }

  @Test
  void aConnectionThatHasNoNetworkIsAnsweredAndClosed() throws Exception {
    open(network("n", 8) + network("m", 9));
    try (SocketChannel unsaid = client("/connect", whoHas(2));
        SocketChannel unknown = client("/connect?network=x")) {
      assertThat(text(unsaid)).startsWith("HTTP/1.1 400 ").contains("/connect?network=NAME");
      assertThat(text(unknown)).startsWith("HTTP/1.1 404 ");
    }
    try (SocketChannel channel = client("/connect?network=n", whoHas(2))) {
      assertThat(frame(channel)).hasSizeGreaterThan(40);
    }
  }

  private static String text(SocketChannel channel) throws IOException {
    return new String(Channels.newInputStream(channel).readAllBytes(), US_ASCII);
  }
}
