package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.SocketName;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.port.datagram.VdePort;
import io.netty.buffer.ByteBuf;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The suite runs over the port of the first client. */
class VdePortTest extends PortSuite {
  @TempDir Path directory = Path.of("");
  private @Nullable VdePort made;
  private final List<Port> clients = new ArrayList<>();

  private VdePort port() {
    return Objects.requireNonNull(made);
  }

  private Path home() {
    return directory.resolve("vde");
  }

  @Override
  Port start() throws Exception {
    VdePort shared = new VdePort("vm", 1500, new SocketFile(home()), 2, context());
    made = shared;
    shared.attachBy(
        new SharedPort.Clients() {
          @Override
          public void attach(Port client) {
            network.attach(client);
            clients.add(client);
            client.start();
          }

          @Override
          public void detach(Port client) {
            network.detach(client);
            clients.remove(client);
          }
        });
    network.attach(shared);
    shared.start();
    return shared;
  }

  @Override
  Guest connect(Port port) throws Exception {
    awaitOnLoop(
        "the port listens",
        () ->
            port.state() instanceof PortState.NoCarrier(String reason, _)
                && reason.equals("no client is connected"));
    VdeGuest first = new VdeGuest("a");
    first.greet();
    awaitState(port, "up");
    return first;
  }

  @Override
  Port ofGuest(Port port) throws Exception {
    return onLoop(clients::getFirst);
  }

  /** A client of libvdeplug. */
  private final class VdeGuest implements Guest, AutoCloseable {
    final SocketChannel control;
    private final Path own;
    private @Nullable DatagramGuest data;

    VdeGuest(String name) throws IOException {
      own = directory.resolve(name);
      control = SocketChannel.open(UnixDomainSocketAddress.of(home().resolve("ctl")));
    }

    byte[] request(Path address) {
      byte[] text = address.toString().getBytes(StandardCharsets.UTF_8);
      return ByteBuffer.allocate(12 + 110 + 4)
          .order(ByteOrder.nativeOrder())
          .putInt(0xfeedface)
          .putInt(3)
          .putInt(0)
          .putShort((short) 1)
          .put(Arrays.copyOf(text, 108))
          .put("test".getBytes(StandardCharsets.US_ASCII))
          .array();
    }

    void write(byte[] bytes) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        control.write(buffer);
      }
    }

    void greet() throws IOException {
      Files.deleteIfExists(own); // of a guest that has gone
      BatchSocket socket = BatchSocket.unixDatagram(SocketName.of(own));
      write(request(own));
      ByteBuffer answer = ByteBuffer.allocate(110).order(ByteOrder.nativeOrder());
      while (answer.hasRemaining()) {
        assertThat(control.read(answer)).isPositive();
      }
      String path = new String(answer.array(), 2, 108, StandardCharsets.UTF_8);
      SocketName theirs = SocketName.of(Path.of(path.substring(0, path.indexOf(0))));
      assertThat(socket.connect(theirs)).isZero();
      data = new DatagramGuest(socket, null);
    }

    private DatagramGuest data() {
      return Objects.requireNonNull(data);
    }

    boolean isSentAway() throws IOException {
      return control.read(ByteBuffer.allocate(1)) < 0;
    }

    @Override
    public void send(byte[] frame) throws IOException {
      data().send(frame);
    }

    @Override
    public byte[] receive() throws InterruptedException {
      return data().receive();
    }

    @Override
    public void close() throws IOException {
      control.close();
      if (data != null) {
        data.close();
      }
    }
  }

  private List<String> files() throws IOException {
    try (Stream<Path> all = Files.list(home())) {
      return all.map(file -> file.getFileName().toString()).toList();
    }
  }

  @Test
  void aClientsPortAndSocketGoWithItsControlConnection() throws Exception {
    assertThat(files()).hasSize(2).contains("ctl");
    ((VdeGuest) guest).control.close();
    awaitState(port(), "no-carrier");
    await("the socket's file is gone", () -> home().toFile().list().length == 1);
    assertThat(onLoop(() -> network.ports().size())).isEqualTo(2); // the peer and the shared one
  }

  @Test
  void everyClientHasAPortAndOneTooManyIsSentAway() throws Exception {
    LogWatch.expect("client-refused.*most-guests");
    try (VdeGuest second = new VdeGuest("b");
        VdeGuest third = new VdeGuest("c")) {
      second.greet();
      assertThat(third.isSentAway()).isTrue();
      assertThat(onLoop(() -> clients.stream().map(Port::name).toList()))
          .containsExactly("vm.1", "vm.2");
      byte[] frame = numbered(0xffff_ffff_ffffL, GUEST, 1, 60);
      guest.send(frame);
      assertThat(second.receive()).isEqualTo(frame);
    }
  }

  @Test
  void aRequestThatIsNoneIsRefused() throws Exception {
    LogWatch.expect("client-refused.*request is not one of VDE");
    LogWatch.expect("client-refused.*cannot send to|client-refused.*NoSuchFile");
    try (VdeGuest garbage = new VdeGuest("b")) {
      garbage.write(new byte[200]);
      assertThat(garbage.isSentAway()).isTrue();
    }
    try (VdeGuest relative = new VdeGuest("b")) {
      relative.write(relative.request(Path.of("b")));
      assertThat(relative.isSentAway()).isTrue();
    }
    try (VdeGuest nowhere = new VdeGuest("b")) {
      nowhere.write(nowhere.request(directory.resolve("nobody")));
      assertThat(nowhere.isSentAway()).isTrue();
    }
    awaitNobodyGreets();
    try (VdeGuest dies = new VdeGuest("b")) {
      dies.write(Arrays.copyOf(dies.request(directory.resolve("b")), 60));
      awaitOnLoop("it is heard", () -> port().dump().properties().containsKey("greetingClients"));
    }
    awaitNobodyGreets();
    try (VdeGuest good = new VdeGuest("b")) {
      good.greet();
      awaitOnLoop("its port", () -> clients.size() == 2);
    }
  }

  /** A client counts until the loop has heard of its end, which may be after the client has. */
  private void awaitNobodyGreets() {
    awaitOnLoop(
        "the broken ones are gone",
        () -> !port().dump().properties().containsKey("greetingClients"));
  }

  /** Debian's vde_plug speaks to the port unchanged: 16-bit big-endian lengths on its pipes. */
  @Test
  void vdePlugCarriesFramesBothWays() throws Exception {
    Process plug =
        new ProcessBuilder("vde_plug", home().toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (DataOutputStream out = new DataOutputStream(plug.getOutputStream());
        DataInputStream in = new DataInputStream(plug.getInputStream())) {
      awaitOnLoop("its port", () -> clients.size() == 2);
      byte[] frame = numbered(PEER, 0x525400000009L, 1, 60);
      out.writeShort(frame.length);
      out.write(frame);
      out.flush();
      awaitOnLoop("its frame", () -> peer.pending() > 0);
      assertThat(arrivals()).containsExactly(frame);
      byte[] back = numbered(0x525400000009L, PEER, 2, 80);
      onLoop(() -> {
        ByteBuf b = Frames.blank(back.length);
        b.setBytes(OffloadHeader.LENGTH, back);
        peer.send(b);
        return 0;
      });
      byte[] got = new byte[in.readUnsignedShort()];
      in.readFully(got);
      assertThat(got).isEqualTo(back);
    } finally {
      plug.destroy();
      assertThat(plug.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }
    awaitOnLoop("its port is gone", () -> clients.size() == 1);
  }
}
