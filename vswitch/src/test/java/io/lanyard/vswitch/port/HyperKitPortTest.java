package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortState;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HyperKitPortTest extends PortSuite {
  @TempDir Path directory = Path.of("");
  private @Nullable StreamPort made;

  private StreamPort port() {
    return Objects.requireNonNull(made);
  }

  @Override
  Port start() {
    made =
        new StreamPort(
            "vm",
            "hyperkit",
            1500,
            Framing.HYPERKIT,
            new StreamAddress.Listen(directory.resolve("hk.sock")),
            context());
    network.attach(port());
    port().start();
    return port();
  }

  @Override
  Guest connect(Port port) throws Exception {
    awaitOnLoop(
        "the port listens",
        () ->
            port.state() instanceof PortState.NoCarrier(String reason, String remedy)
                && reason.equals("no client is connected")
                && !remedy.isEmpty());
    HyperKit client = new HyperKit(directory.resolve("hk.sock"));
    client.greet();
    awaitState(port, "up");
    return client;
  }

  /** HyperKit's end. */
  private static final class HyperKit implements Guest, AutoCloseable {
    private final SocketChannel channel;
    private final DataInputStream in;

    HyperKit(Path path) throws IOException {
      channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
      in = new DataInputStream(Channels.newInputStream(channel));
    }

    void write(byte[] bytes) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    }

    byte[] read(int length) throws IOException {
      byte[] bytes = new byte[length];
      in.readFully(bytes);
      return bytes;
    }

    static byte[] introduction() {
      return ByteBuffer.allocate(49)
          .order(ByteOrder.LITTLE_ENDIAN)
          .put("VMN3T".getBytes(StandardCharsets.US_ASCII))
          .putInt(22)
          .put("0123456789012345678901234567890123456789".getBytes(StandardCharsets.US_ASCII))
          .array();
    }

    static byte[] request(int command) {
      byte[] request = new byte[41];
      request[0] = (byte) command;
      Arrays.fill(request, 1, 37, (byte) 'a');
      return request;
    }

    byte[] greet() throws IOException {
      write(introduction());
      assertThat(new String(read(49), 0, 5, StandardCharsets.US_ASCII)).isEqualTo("VMN3T");
      write(request(1));
      return read(258);
    }

    @Override
    public void send(byte[] frame) throws IOException {
      write(
          ByteBuffer.allocate(2 + frame.length)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putShort((short) frame.length)
              .put(frame)
              .array());
    }

    @Override
    public byte[] receive() throws IOException {
      return read(Short.toUnsignedInt(Short.reverseBytes(in.readShort())));
    }

    boolean isAtEnd() throws IOException {
      return in.read() < 0;
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  private HyperKit again() throws Exception {
    guest.close();
    awaitState(port(), "no-carrier");
    HyperKit next = new HyperKit(directory.resolve("hk.sock"));
    guest = next;
    return next;
  }

  @Test
  void theAnswerSaysMtuFrameAndTheSameMacEachTime() throws Exception {
    byte[] first = again().greet();
    byte[] second = again().greet();
    ByteBuffer answer = ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(answer.get()).isEqualTo((byte) 1);
    assertThat(answer.getShort()).isEqualTo((short) 1500);
    assertThat(answer.getShort()).isEqualTo((short) 1522);
    assertThat(answer.get() & 3).isEqualTo(2); // local, and no group
    assertThat(second).isEqualTo(first);
  }

  @Test
  void aHandshakeMayBeCutAnywhereAndFramesMayFollowAtOnce() throws Exception {
    HyperKit client = again();
    byte[] frame = numbered(PEER, GUEST, 1, 60);
    byte[] all =
        ByteBuffer.allocate(49 + 41 + 2 + frame.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(HyperKit.introduction())
            .put(HyperKit.request(8))
            .putShort((short) frame.length)
            .put(frame)
            .array();
    for (int at = 0; at < all.length; at += 7) {
      client.write(Arrays.copyOfRange(all, at, Math.min(all.length, at + 7)));
      onLoop(() -> 0);
    }
    awaitOnLoop("the frame", () -> port().counters().receivedFrames() == 1);
  }

  @Test
  void anotherProtocolIsSentAway() throws Exception {
    LogWatch.expect("its handshake is that of another protocol");
    HyperKit client = again();
    client.write(new byte[49]);
    assertThat(client.isAtEnd()).isTrue();
    HyperKit next = again();
    next.write(HyperKit.introduction());
    assertThat(next.read(49)).hasSize(49);
    next.write(HyperKit.request(7));
    assertThat(next.read(258)[0]).isEqualTo((byte) 2);
    assertThat(next.isAtEnd()).isTrue();
    again().greet();
    awaitState(port(), "up");
  }

  @Test
  void aClientWithoutAHandshakeGetsNoFrames() throws Exception {
    again();
    awaitOnLoop(
        "the port waits for it",
        () ->
            port()
                .state()
                .equals(
                    new PortState.NoCarrier(
                        "the client has not finished its handshake",
                        "see that it speaks the port's protocol")));
  }
}
