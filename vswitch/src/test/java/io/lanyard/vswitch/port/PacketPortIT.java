package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.linux.PacketSocket;
import io.lanyard.net.Address;
import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The port suite over a packet socket: one end of a pair of interfaces is the port's, the guest
 * sends and receives at the other, in a network namespace of the test's own. Needs root and
 * iproute2.
 */
class PacketPortIT extends PortSuite {
  private static final String NAMESPACE = "lanyard-packet-" + ProcessHandle.current().pid();

  private @Nullable DevicePort made;

  /** The driver that carries the frames: the suite is run again for each. */
  WireDriver driver() {
    return WireDriver.PACKET;
  }

  private DevicePort made() {
    return Objects.requireNonNull(made);
  }

  private static String ip(String arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("ip", "-n", NAMESPACE));
    command.addAll(List.of(arguments.split(" ", -1)));
    return HostCommand.run(command.toArray(String[]::new));
  }

  @BeforeAll
  static void makeNamespace() throws Exception {
    HostCommand.run("ip", "netns", "add", NAMESPACE);
    HostCommand.run(
        "ip", "netns", "exec", NAMESPACE, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
  }

  @AfterAll
  static void deleteNamespace() throws Exception {
    HostCommand.run("ip", "netns", "delete", NAMESPACE);
  }

  private static void makePair(String one, String other) throws Exception {
    ip("link add " + one + " type veth peer name " + other);
    ip("link set " + one + " up");
    ip("link set " + other + " up");
  }

  private static InterfaceSource source(
      @Nullable String device, String namespace, int mtu, boolean reachesHost, WireDriver driver) {
    return new InterfaceSource(
        new InterfaceSettings(
            device, namespace, mtu, reachesHost, driver, InterfaceSettings.Sharing.NO, 0));
  }

  private DevicePort port(String name, InterfaceSource source) {
    DevicePort port = new DevicePort(name, "uplink", 1500, source, context());
    network.attach(port);
    port.start();
    return port;
  }

  @Override
  Port start() throws Exception {
    makePair("p0", "p1");
    ip("addr add 10.99.0.1/24 dev p0");
    DevicePort port = port("uplink", source("p0", NAMESPACE, 1500, true, driver()));
    made = port;
    return port;
  }

  @Override
  Guest connect(Port port) throws Exception {
    awaitState(port, "up");
    return new WireGuest(
        "p1",
        () -> {
          if (ip("link").contains("p0")) {
            ip("link delete p0");
          }
        });
  }

  /** {@inheritDoc} The pair of interfaces went with the guest. */
  @Override
  Guest reconnect(Port started) throws Exception {
    awaitState(started, "failed");
    makePair("p0", "p1");
    ip("addr add 10.99.0.1/24 dev p0");
    return connect(started);
  }

  private interface Ending {
    void run() throws Exception;
  }

  /** Sends and receives by a packet socket of its own. */
  private static final class WireGuest implements Guest {
    private static final int ROOM = 70_000;

    private final PacketSocket socket;
    private final Ending ending;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment place = arena.allocate(ROOM, 8);
    private final MemorySegment vectors = arena.allocate(16, 8);

    WireGuest(String device, Ending ending) throws IOException {
      this.socket = PacketSocket.open(device, NAMESPACE);
      this.ending = ending;
      vectors.set(ValueLayout.JAVA_LONG, 0, place.address() + PacketSocket.HEADROOM);
      vectors.set(ValueLayout.JAVA_LONG, 8, ROOM - PacketSocket.HEADROOM);
    }

    @Override
    public void send(byte[] frame) throws Exception {
      place.asSlice(0, OffloadHeader.LENGTH).fill((byte) 0);
      MemorySegment.copy(
          frame, 0, place, ValueLayout.JAVA_BYTE, OffloadHeader.LENGTH, frame.length);
      if (socket.write(place.address(), OffloadHeader.LENGTH + frame.length) < 0) {
        throw new RefusedException();
      }
    }

    @Override
    public byte[] receive() throws Exception {
      int[] length = {0};
      await(
          "a frame for the guest",
          () -> (length[0] = socket.read(vectors.address(), 1)) > 0); // it may have been down
      byte[] frame = new byte[length[0] - OffloadHeader.LENGTH];
      int start = PacketSocket.HEADROOM - socket.lead() + OffloadHeader.LENGTH;
      MemorySegment.copy(place, ValueLayout.JAVA_BYTE, start, frame, 0, frame.length);
      return frame;
    }

    @Override
    public void close() throws Exception {
      socket.close();
      arena.close();
      ending.run();
    }
  }

  @Override
  boolean guestsEndHasItsMtu() {
    return true;
  }

  /** Those of the suite's own; each costs a system call. */
  @Override
  int hostileFrames() {
    return 3000;
  }

  private void peerSends(byte[] frame) throws Exception {
    onLoop(() -> {
      ByteBuf copy = Frames.blank(frame.length);
      copy.setBytes(OffloadHeader.LENGTH, frame);
      peer.send(copy);
      return 0;
    });
  }

  private static byte[] tagged(byte[] frame) {
    return ByteBuffer.allocate(frame.length + 8)
        .put(frame, 0, 12)
        .putInt(0x8100_2014)
        .putInt(0x8100_0007)
        .put(frame, 12, frame.length - 12)
        .array();
  }

  /** The guest's address: within an implementation of {@link Guest}, the name is another's. */
  private static final long GUEST = PortSuite.GUEST;

  @Test
  void tagsAreKeptBothWays() throws Exception {
    byte[] in = tagged(numbered(PEER, GUEST, 1, 200));
    guest.send(in);
    List<byte[]> got = new ArrayList<>();
    awaitOnLoop("the tagged frame at the peer", () -> got.addAll(peer.drain()) || !got.isEmpty());
    assertThat(got).usingRecursiveComparison().isEqualTo(List.of(in));
    byte[] large = tagged(numbered(PEER, GUEST, 1, 1490)); // longer by its tags than the MTU
    guest.send(large);
    awaitOnLoop("another", () -> got.addAll(peer.drain()) && got.size() == 2);
    assertThat(got.getLast()).isEqualTo(large);
    byte[] out = tagged(numbered(GUEST, PEER, 2, 200));
    peerSends(out);
    assertThat(guest.receive()).isEqualTo(out);
  }

  @Test
  void theHostIsReachedByItsInterfaceAndNoFrameComesBack() throws Exception {
    InMemoryPort other = onLoop(() -> InMemoryPort.attached("other", Offloads.NONE, network));
    byte[] request =
        HexFormat.of()
            .parseHex(
                "ffffffffffff525400000002"
                    + "0806"
                    + "0001080006040001525400000002"
                    + "0a630009"
                    + "000000000000"
                    + "0a630001"
                    + "00".repeat(18));
    peerSends(request);
    List<byte[]> got = new ArrayList<>();
    awaitOnLoop(
        "the host's answer",
        () -> {
          got.addAll(peer.drain());
          return !got.isEmpty();
        });
    assertThat(got.getFirst()[21]).isEqualTo((byte) 2); // a reply
    assertThat(Arrays.copyOfRange(got.getFirst(), 28, 32))
        .isEqualTo(Address.parse("10.99.0.1").toBytes());
    while (!Arrays.equals(guest.receive(), request)) {
      // The wire has it, too; the host's answer may be faster.
    }
    // The guest sends now, behind anything that might have come back.
    byte[] last = numbered(PEER, GUEST, 9, 60);
    Await.until(
        "the last frame",
        () -> {
          guest.send(last); // again and again: a kernel that is busy drops some
          return onLoop(() -> peer.drain().stream().anyMatch(f -> Arrays.equals(f, last)));
        });
    List<byte[]> heard =
        onLoop(() -> {
          List<byte[]> all = other.drain();
          other.close();
          return all;
        });
    assertThat(heard).usingRecursiveComparison().isEqualTo(List.of(request));
    assertThat(made().limitation()).isEmpty();
  }

  @Test
  void aFloodToAllComesBackToNobody() throws Exception {
    InMemoryPort other = onLoop(() -> InMemoryPort.attached("other", Offloads.NONE, network));
    byte[] frame = numbered(Ethernet.BROADCAST, PEER, 1, 60);
    onLoop(() -> {
      for (int i = 0; i < 500; i++) { // before the loop reads one of them again
        ByteBuf copy = Frames.blank(frame.length);
        copy.setBytes(OffloadHeader.LENGTH, frame);
        peer.send(copy);
      }
      return 0;
    });
    byte[] last = numbered(PEER, GUEST, 9, 60);
    List<byte[]> back = new ArrayList<>();
    Await.until(
        "the last frame",
        () -> {
          guest.send(last); // again and again: a kernel that is busy drops some
          back.addAll(onLoop(peer::drain));
          return !back.isEmpty();
        });
    int heard =
        onLoop(() -> {
          int all = other.drain().size();
          other.close();
          return all;
        });
    assertThat(back).allSatisfy(got -> assertThat(got).isEqualTo(last));
    assertThat(heard).isEqualTo(500);
  }

  @Test
  void anInterfaceThatIsDownHasNoCarrierUntilItIsUpAgain() throws Exception {
    ip("link set p0 down");
    awaitState(made(), "no-carrier");
    assertThat(made().state())
        .isEqualTo(
            new PortState.NoCarrier(
                "the interface p0 is down; set it up by `ip -n " + NAMESPACE + " link set p0 up`",
                ""));
    peerSends(numbered(GUEST, PEER, 1, 60));
    assertThat(made().counters().transmitDrops(DropCause.NO_CARRIER)).isEqualTo(1);
    ip("link set p0 up");
    awaitState(made(), "up");
    ip("link set p1 down");
    awaitOnLoop(
        "the loss of the other end is seen",
        () ->
            made().state() instanceof PortState.NoCarrier(String why, _)
                && why.contains("no link"));
    ip("link set p1 up");
    awaitState(made(), "up");
    byte[] frame = numbered(GUEST, PEER, 2, 60);
    peerSends(frame);
    assertThat(guest.receive()).isEqualTo(frame);
  }

  @Test
  void anInterfaceThatIsDeletedIsTakenAgainWhenItIsBack() throws Exception {
    ip("link delete p0");
    awaitState(made(), "failed");
    assertThat(made().state().problem()).contains("p0");
    guest.close();
    makePair("p0", "p1");
    guest = connect(made());
    byte[] frame = numbered(PEER, GUEST, 1, 60);
    guest.send(frame);
    awaitOnLoop("a frame", () -> peer.drain().stream().anyMatch(f -> Arrays.equals(f, frame)));
  }

  @Test
  void theMtuOfTheInterfaceIsFollowed() throws Exception {
    ip("link set p0 mtu 1000");
    awaitOnLoop("the MTU is seen", () -> made().limitation().contains("MTU of p0 is 1000"));
    peerSends(numbered(GUEST, PEER, 1, 1200));
    assertThat(made().counters().transmitDrops(DropCause.BAD_LENGTH)).isEqualTo(1);
    ip("link set p0 mtu 9000");
    awaitOnLoop("the MTU is seen", () -> made().limitation().isEmpty());
    byte[] frame = numbered(GUEST, PEER, 2, 1200);
    peerSends(frame);
    assertThat(guest.receive()).isEqualTo(frame);
  }

  @Test
  void autoFollowsTheDefaultRoute() throws Exception {
    makePair("q0", "q1");
    DevicePort auto = onLoop(() -> port("auto", source(null, NAMESPACE, 1500, false, driver())));
    awaitState(auto, "failed");
    assertThat(auto.state().problem()).contains("no default route");
    ip("route add default via 10.99.0.254 dev p0 metric 200");
    awaitState(auto, "up");
    assertThat(auto.dump().toString()).contains("p0");
    ip("addr add 10.98.0.1/24 dev q0");
    ip("route add default via 10.98.0.254 dev q0 metric 100");
    awaitOnLoop("the other interface", () -> auto.dump().toString().contains("q0"));
    awaitState(auto, "up");
    ip("link delete q0"); // and its route
    awaitOnLoop("the first interface", () -> auto.dump().toString().contains("p0"));
    onLoop(() -> {
      network.detach(auto);
      auto.close();
      return 0;
    });
  }

  @Test
  void whatIsMissingIsNamed() {
    assertThatThrownBy(
            () -> source("p9", NAMESPACE, 1500, false, driver()).open(0, TestBuffers.ample()))
        .hasMessageContaining("p9")
        .hasMessageContaining("no such interface");
    assertThatThrownBy(
            () -> source("lo", NAMESPACE, 1500, false, driver()).open(0, TestBuffers.ample()))
        .hasMessageContaining("no Ethernet interface");
  }

  @Test
  void withoutAPrivilegeItIsNamedAndTheRestWorks() throws Exception {
    assertThat(openWithout("net_raw")).contains("CAP_NET_RAW for packet sockets");
    assertThat(openWithout("net_admin"))
        .contains("do not reach each other", "CAP_NET_ADMIN", "wire up");
  }

  /** The message of a process that has all capabilities but one and opens a device. */
  private static String openWithout(String capability) throws Exception {
    return HostCommand.run(
        "setpriv",
        "--bounding-set=-" + capability,
        "--inh-caps=-" + capability,
        ProcessHandle.current().info().command().orElseThrow(),
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-XX:+UseSerialGC",
        "-cp",
        System.getProperty("java.class.path"),
        Unprivileged.class.getName(),
        NAMESPACE);
  }

  /** Opens the device and prints what it lacks, or why it is not there. */
  static final class Unprivileged {
    private Unprivileged() {}

    public static void main(String[] arguments) {
      try {
        FrameDevice device =
            source("p0", arguments[0], 1500, true, WireDriver.PACKET).open(0, TestBuffers.ample());
        System.out.println(device.limitation() + "; wire up");
        device.close();
      } catch (IOException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void aBroadcastOfTheHostIsSeen() throws Exception {
    Process ping =
        new ProcessBuilder(
                "ip", "netns", "exec", NAMESPACE, "ping", "-c", "1", "-W", "1", "10.99.0.77")
            .start();
    awaitOnLoop(
        "the host's question",
        () ->
            peer.drain().stream()
                .anyMatch(f -> f[12] == 8 && f[13] == 6 && f[0] == (byte) Ethernet.BROADCAST));
    ping.destroyForcibly().waitFor();
  }
}
