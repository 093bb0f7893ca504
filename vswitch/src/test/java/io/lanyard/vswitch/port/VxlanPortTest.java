package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.SocketName;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.port.datagram.DatagramPort;
import io.lanyard.vswitch.port.datagram.DatagramSource;
import io.lanyard.vswitch.port.datagram.VxlanPeers;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Hosts are addresses of the loopback, all with one UDP port that is hardly anybody's. */
class VxlanPortTest extends PortSuite {
  private static final int VNI = 0x123456;
  private static final int PORT = 24_789;
  private static final Address HERE = Address.parse("127.0.77.1");
  private static final Address ONE = Address.parse("127.0.77.2");
  private static final Address TWO = Address.parse("127.0.77.3");
  private static final Address STRANGER = Address.parse("127.0.77.4");

  private @Nullable DatagramPort made;

  private DatagramPort port() {
    return Objects.requireNonNull(made);
  }

  @Override
  Port start() {
    made =
        new DatagramPort(
            "hosts",
            "vxlan",
            1500,
            new VxlanPeers(VNI, List.of(ONE, TWO), PORT, Clock.system()),
            new DatagramSource.Udp(new Endpoint(HERE, PORT)),
            context());
    network.attach(port());
    port().start();
    return port();
  }

  @Override
  Guest connect(Port port) throws Exception {
    awaitState(port, "up");
    return new Host(ONE);
  }

  /** Another host's end: it puts the header before a frame, and takes it off. */
  private static final class Host implements Guest, AutoCloseable {
    private final DatagramGuest socket;

    Host(Address address) throws IOException {
      socket =
          new DatagramGuest(
              BatchSocket.udp(new Endpoint(address, PORT)),
              SocketName.of(new Endpoint(HERE, PORT)));
    }

    static byte[] encapsulated(int flags, int vni, byte[] frame) {
      return ByteBuffer.allocate(8 + frame.length)
          .putInt(flags << 24)
          .putInt(vni << 8)
          .put(frame)
          .array();
    }

    @Override
    public void send(byte[] frame) throws IOException {
      socket.send(encapsulated(8, VNI, frame));
    }

    void sendRaw(byte[] datagram) throws IOException {
      socket.send(datagram);
    }

    @Override
    public byte[] receive() throws InterruptedException {
      byte[] datagram = socket.receive();
      ByteBuffer header = ByteBuffer.wrap(datagram);
      assertThat(header.getInt()).isEqualTo(0x0800_0000);
      assertThat(header.getInt()).isEqualTo(VNI << 8);
      return Arrays.copyOfRange(datagram, 8, datagram.length);
    }

    boolean hasNone() {
      return socket.poll() == null;
    }

    @Override
    public void close() {
      socket.close();
    }
  }

  private void transmit(byte[] frame) throws Exception {
    onLoop(() -> {
      ByteBuf b = Frames.blank(frame.length);
      b.setBytes(OffloadHeader.LENGTH, frame);
      peer.send(b);
      return 0;
    });
  }

  @Test
  void aBroadcastGoesToEveryHostAndAKnownAddressToItsOwn() throws Exception {
    long behindTwo = 0x525400000077L;
    try (Host two = new Host(TWO)) {
      byte[] broadcast = numbered(Ethernet.BROADCAST, PEER, 1, 60);
      transmit(broadcast);
      assertThat(guest.receive()).isEqualTo(broadcast);
      assertThat(two.receive()).isEqualTo(broadcast);
      two.send(numbered(PEER, behindTwo, 2, 60));
      awaitOnLoop("the address is learned", () -> port().counters().receivedFrames() == 1);
      byte[] unicast = numbered(behindTwo, PEER, 3, 60);
      transmit(unicast);
      assertThat(two.receive()).isEqualTo(unicast);
      transmit(broadcast);
      assertThat(guest.receive()).isEqualTo(broadcast); // and nothing before it
    }
    assertThat(((Host) guest).hasNone()).isTrue();
  }

  @Test
  void anotherNetworksFramesAndBrokenHeadersAreDropped() throws Exception {
    Host host = (Host) guest;
    byte[] frame = numbered(PEER, GUEST, 1, 60);
    host.sendRaw(Host.encapsulated(8, VNI + 1, frame));
    host.sendRaw(Host.encapsulated(0, VNI, frame));
    host.sendRaw(Host.encapsulated(8, VNI, new byte[13]));
    host.sendRaw(new byte[] {8});
    host.sendRaw(new byte[0]);
    host.send(frame);
    awaitOnLoop("the good one", () -> port().counters().receivedFrames() == 1);
    assertThat(port().counters().receiveDrops(DropCause.BAD_ENCAPSULATION)).isEqualTo(4);
    assertThat(port().counters().receiveDrops(DropCause.BAD_LENGTH)).isEqualTo(1);
  }

  @Test
  void aHostThatIsNotInTheListIsRefused() throws Exception {
    LogWatch.expect("sender-refused");
    try (Host stranger = new Host(STRANGER)) {
      stranger.send(numbered(PEER, GUEST, 1, 60));
      awaitOnLoop(
          "it is refused", () -> port().counters().receiveDrops(DropCause.FOREIGN_SENDER) == 1);
    }
  }

  @Test
  void aHostThatMakesUpAddressesFillsNoMemory() throws Exception {
    Host host = (Host) guest;
    for (int i = 0; i < 6000; i++) {
      host.send(numbered(PEER, 0x020000000000L + i, i, 46));
      if (i % 500 == 0) {
        onLoop(() -> {
          peer.clear();
          return 0;
        });
      }
    }
    awaitOnLoop(
        "all are taken or dropped",
        () -> port().counters().receivedFrames() + port().counters().receiveDrops() >= 5000);
    onLoop(() -> {
      peer.clear();
      return 0;
    });
  }

  private static final byte[] OTHER_VNI_FRAME = numbered(PEER, GUEST, 9, 60);

  @Test
  void portsShareAnEndpointAndEachGetsItsOwnNetwork() throws Exception {
    Endpoint shared = new Endpoint(Address.parse("127.0.77.9"), PORT);
    List<DatagramPort> ports = new ArrayList<>();
    int[] vnis = {7, 8, 0xffffff};
    for (int vni : vnis) {
      ports.add(
          onLoop(() -> {
            DatagramPort made =
                new DatagramPort(
                    "vni" + vni,
                    "vxlan",
                    1500,
                    new VxlanPeers(vni, List.of(ONE), PORT, Clock.system()),
                    new DatagramSource.Vxlan(shared, vni),
                    context());
            network.attach(made);
            made.start();
            return made;
          }));
    }
    for (DatagramPort each : ports) {
      awaitState(each, "up");
    }
    // The guest is the host ONE, whose socket sends to another port of this test otherwise.
    guest.close();
    try (DatagramGuest host =
        new DatagramGuest(BatchSocket.udp(new Endpoint(ONE, PORT)), SocketName.of(shared))) {
      for (int round = 0; round < 2; round++) {
        for (int i = 0; i < ports.size(); i++) {
          DatagramPort its = ports.get(i);
          long before = its.counters().receivedFrames();
          for (int n = 0; n < 20; n++) {
            host.send(Host.encapsulated(8, vnis[i], OTHER_VNI_FRAME));
          }
          awaitOnLoop(
              "20 frames at VNI " + vnis[i], () -> its.counters().receivedFrames() == before + 20);
        }
        for (DatagramPort each : ports) {
          assertThat(each.counters().receiveDrops(DropCause.BAD_ENCAPSULATION)).isZero();
        }
        // The others go on when one has gone, the last of them in its place in the kernel's list.
        DatagramPort gone = ports.removeFirst();
        vnis = Arrays.copyOfRange(vnis, 1, vnis.length);
        onLoop(() -> {
          network.detach(gone);
          gone.close();
          return 0;
        });
      }
    }
    onLoop(() -> {
      ports.forEach(DatagramPort::close);
      return 0;
    });
    guest = new Host(ONE);
  }
}
