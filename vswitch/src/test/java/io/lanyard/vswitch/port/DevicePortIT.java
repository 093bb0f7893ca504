package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.linux.NetworkNamespace;
import io.lanyard.linux.TapDevice;
import io.lanyard.net.Address;
import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.SinkPort;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.OffloadHeader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The port suite over a real TAP device: the guest is a packet socket in a network namespace of the
 * test's own, played by a small Python program. Needs root, iproute2 and python3.
 */
class DevicePortIT extends PortSuite {
  private static final String NAMESPACE = "lanyard-tap-" + ProcessHandle.current().pid();

  /**
   * Copies between the packet socket and stdin/stdout, in QEMU's framing. An empty frame comes back
   * when those before it are in the device.
   */
  private static final String GUEST =
      """
      import os, socket, struct, sys, threading
      s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
      s.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)
      s.bind((sys.argv[1], 0))
      s.setsockopt(263, 23, 1)  # PACKET_IGNORE_OUTGOING
      s.setsockopt(263, 8, 1)   # PACKET_AUXDATA: the kernel takes tags out
      def receive():
          while True:
              f, aux, _, _ = s.recvmsg(70000, 64)
              for level, kind, data in aux:
                  status, tci, tpid = struct.unpack('I12xHH', data[:20])
                  if (level, kind) == (263, 8) and status & 0x10:
                      f = f[:12] + struct.pack('>HH', tpid or 0x8100, tci) + f[12:]
              os.write(1, struct.pack('>I', len(f)) + f)
      threading.Thread(target=receive, daemon=True).start()
      sys.stderr.write('r'); sys.stderr.flush()
      while True:
          h = sys.stdin.buffer.read(4)
          if len(h) < 4: break
          f = sys.stdin.buffer.read(struct.unpack('>I', h)[0])
          if not f: os.write(1, h)
          try: s.send(f)
          except OSError: pass
      """;

  private @Nullable DevicePort made;

  private DevicePort made() {
    return Objects.requireNonNull(made);
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

  private DevicePort tap(String name, TapSettings settings) {
    return new DevicePort(name, "tap", 1500, settings, context());
  }

  @Override
  Port start() throws Exception {
    DevicePort port =
        tap(
            "tap",
            new TapSettings(
                "t0",
                NAMESPACE,
                true,
                1500,
                new TapSettings.HostAddress(Address.parse("10.99.0.1"), 24),
                true));
    network.attach(port);
    port.start();
    made = port;
    return port;
  }

  @Override
  Guest connect(Port port) throws Exception {
    awaitState(port, "up");
    Process process =
        new ProcessBuilder("ip", "netns", "exec", NAMESPACE, "python3", "-c", GUEST, "t0").start();
    assertThat(process.getErrorStream().read()).isEqualTo('r');
    OutputStream out = process.getOutputStream();
    InputStream in = process.getInputStream();
    return new Guest() {
      @Override
      public void send(byte[] frame) throws IOException {
        out.write(ByteBuffer.allocate(4 + frame.length).putInt(frame.length).put(frame).array());
        out.flush();
      }

      @Override
      public byte[] receive() throws IOException {
        return in.readNBytes(ByteBuffer.wrap(in.readNBytes(4)).getInt());
      }

      @Override
      public void close() throws Exception {
        out.close();
        process.waitFor(60, TimeUnit.SECONDS);
        process.destroyForcibly();
      }
    };
  }

  @Override
  boolean guestsEndHasItsMtu() {
    return true;
  }

  /** Of the suite's own, which go one by one through a pipe; the million is below. */
  @Override
  int hostileFrames() {
    return 3000;
  }

  @Test
  void aPortThatThrowsInABurstCostsTheDeviceOneFrame() throws Exception {
    LogWatch.expect("loop-task-failed");
    int[] taken = {0};
    onLoop(() -> {
      SinkPort _ =
          new SinkPort(
              "faulty",
              Offloads.NONE,
              network,
              frame -> {
                int type = frame.readerIndex() + OffloadHeader.LENGTH + 12;
                if (frame.getShort(type) == (short) 0x88b5 && ++taken[0] == 3) {
                  throw new IllegalStateException("on purpose");
                }
              });
      return 0;
    });
    List<byte[]> expected = new ArrayList<>();
    onLoop(() -> {
      for (int i = 0; i < 10; i++) { // they wait in the device meanwhile
        expected.add(numbered(Ethernet.BROADCAST, PortSuite.GUEST, i, 60));
        guest.send(expected.getLast());
      }
      guest.send(new byte[0]);
      while (guest.receive().length > 0) {
        // It was sent before.
      }
      return 0;
    });
    awaitOnLoop("the burst", () -> taken[0] == 10);
    assertThat(made().counters().receiveDrops(DropCause.HOST_ERROR)).isEqualTo(1);
    assertThat(arrivals()).usingRecursiveComparison().isEqualTo(expected);
    guest.send(expected.getFirst());
    awaitOnLoop("another", () -> taken[0] == 11);
  }

  /** Random frames, and good ones with bytes changed or cut, as fast as a packet socket takes. */
  private static final String HOSTILE =
      """
      import random, socket, struct, sys
      s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
      s.bind((sys.argv[1], 0))
      r = random.Random(int(sys.argv[2]))
      noise = r.randbytes(1 << 20)
      ends = bytes.fromhex('525400000002525400000001')
      ip4 = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 60, 1, 0, 64, 6, 0, b'\\x0a\\0\\0\\1', b'\\x0a\\0\\0\\2')
      ip6 = struct.pack('>IHBB', 6 << 28, 40, 17, 64) + noise[:32]
      arp = struct.pack('>HHBBH', 1, 0x800, 6, 4, 1) + noise[:20]
      good = [ends + t + b + noise[64:104] for t, b in (
          (b'\\x08\\0', ip4), (b'\\x86\\xdd', ip6), (b'\\x08\\6', arp),
          (b'\\x81\\0\\0\\x05\\x08\\0', ip4), (b'\\x88\\xa8\\0\\x05\\x81\\0\\0\\6\\x86\\xdd', ip6))]
      while True:
          n = r.getrandbits(30)
          if n & 3:
              f = bytearray(good[(n >> 2) % 5])
              for _ in range(n >> 4 & 3): f[r.getrandbits(6) % len(f)] = r.getrandbits(8)
              if n & 64: f = f[:14 + (n >> 8) % len(f)]
          else:
              at = n >> 10 & 0x7ffff
              f = noise[at:at + 14 + (n % 1500 if n & 0x3c == 0 else n % 100)]
          try: s.send(f)
          except OSError: pass
      """;

  @Test
  @Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aMillionHostileFramesHurtNobody() throws Exception {
    long seed = System.nanoTime();
    Process hostile =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                NAMESPACE,
                "python3",
                "-c",
                HOSTILE,
                "t0",
                Long.toString(seed))
            .redirectErrorStream(true)
            .start();
    try {
      for (long step = 10_000; step <= 1_000_000; step += 10_000) {
        long goal = step;
        Await.until(
            goal + " frames, seed " + seed,
            () -> {
              assertThat(hostile.isAlive()).as("seed %d, before %d frames", seed, goal).isTrue();
              return seen() >= goal;
            });
      }
      assertThat(made().counters().receivedFrames()).as("seed %d", seed).isPositive();
    } finally {
      hostile.destroyForcibly().waitFor();
    }
    byte[] last = numbered(PEER, PortSuite.GUEST, 4711, 60);
    await(
        "a good frame after the bad ones, seed " + seed,
        () -> {
          try {
            // Some of the bad ones came in the peer's name: the switch has to hear from it again.
            onLoop(() -> {
              peer.send(Frames.ethernet(PortSuite.GUEST, PEER, 0x88b5, new byte[46]));
              return 0;
            });
            guest.send(last);
            return arrivals().stream().anyMatch(f -> Arrays.equals(f, last));
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private long seen() throws Exception {
    return onLoop(() -> {
      peer.clear();
      return made().counters().receivedFrames() + made().counters().receiveDrops();
    });
  }

  @Test
  void theDeviceIsConfiguredAsAsked() throws Exception {
    Process show = new ProcessBuilder("ip", "-n", NAMESPACE, "address", "show", "t0").start();
    String text = new String(show.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(text).contains("mtu 1500", "UP", "inet 10.99.0.1/24");
    assertThat(made().offloads().tso4()).isTrue();
  }

  @Test
  void aDeviceThatIsDownLosesItsCarrierAndItsAddressesUntilItIsUpAgain() throws Exception {
    guest.send(numbered(Ethernet.BROADCAST, GUEST_MAC, 1, 60));
    awaitOnLoop("the guest is known", this::guestIsKnown);
    HostCommand.run("ip", "-n", NAMESPACE, "link", "set", "t0", "down");
    toTheGuest();
    assertThat(made().counters().transmitDrops(DropCause.NO_CARRIER)).isEqualTo(1);
    assertThat(made().state())
        .isEqualTo(
            new PortState.NoCarrier(
                "the interface is down; set it up by `ip -n " + NAMESPACE + " link set t0 up`",
                ""));
    assertThat(onLoop(this::guestIsKnown)).isFalse();
    toTheGuest(); // is tried, and dropped
    assertThat(made().counters().transmitDrops(DropCause.NO_CARRIER)).isEqualTo(2);
    HostCommand.run("ip", "-n", NAMESPACE, "link", "set", "t0", "up");
    awaitState(made(), "up"); // though nobody sends anything
    toTheGuest();
    assertThat(made().counters().transmitDrops()).isEqualTo(2);
    guest.send(numbered(Ethernet.BROADCAST, GUEST_MAC, 2, 60));
    awaitOnLoop("the guest is known again", this::guestIsKnown);
  }

  private boolean guestIsKnown() {
    return network.addresses().stream()
        .anyMatch(known -> known.mac() == GUEST_MAC && known.port() == made());
  }

  private void toTheGuest() throws Exception {
    onLoop(() -> {
      peer.send(Frames.ethernet(GUEST_MAC, PEER, 0x88b5, new byte[46]));
      return 0;
    });
  }

  @Test
  void aMissingNamespaceIsNamed() {
    assertThatThrownBy(
            () -> TapSettings.plain("t1", "lanyard-missing").open(0, TestBuffers.ample()))
        .hasMessageContaining("/run/netns/lanyard-missing")
        .hasMessageContaining("no such network namespace");
  }

  @Test
  void aDeviceWhoseNamespaceIsNotKnownIsNotTakenForReplaced() throws Exception {
    TapSettings settings = TapSettings.plain("t5", NAMESPACE);
    TapDevice tap = NetworkNamespace.run(NAMESPACE, () -> TapDevice.open("t5", null, true));
    try {
      FrameDevice known =
          new TapFrameDevice(tap, NAMESPACE, NetworkNamespace.identity(NAMESPACE), "", false);
      assertThat(settings.look(known).replaced()).isEmpty();
      assertThat(
              settings
                  .look(
                      new TapFrameDevice(
                          tap, NAMESPACE, NetworkNamespace.identity(null), "", false))
                  .replaced())
          .contains("was made again");
      assertThat(settings.look(new TapFrameDevice(tap, NAMESPACE, null, "", false)).replaced())
          .isEmpty(); // without /proc
    } finally {
      tap.close();
    }
  }

  @Test
  void aNameThatIsTakenIsSaid() {
    assertThatThrownBy(() -> TapSettings.plain("t0", NAMESPACE).open(0, TestBuffers.ample()))
        .hasMessageContaining("TUNSETIFF t0")
        .hasMessageContaining("EBUSY");
    assertThatThrownBy(() ->
            TapSettings.plain("a-name-that-is-far-too-long", NAMESPACE)
                .open(0, TestBuffers.ample()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1 to 15 characters");
  }

  @Test
  void withoutPrivilegeTheCapabilityIsNamed() throws Exception {
    assertThat(openWithout("net_admin")).contains("CAP_NET_ADMIN for TAP devices");
  }

  /** The system service has CAP_NET_ADMIN, and a drop-in gives it this one. */
  @Test
  void withoutThePrivilegeToEnterItsNamespaceThatCapabilityIsNamed() throws Exception {
    assertThat(openWithout("sys_admin", NAMESPACE))
        .contains("setns /run/netns/" + NAMESPACE, "CAP_SYS_ADMIN", "drop-in")
        .doesNotContain("CAP_NET_ADMIN");
  }

  /** The message of a process that has all capabilities but one and opens a port. */
  private static String openWithout(String capability, String... namespace) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of("setpriv", "--bounding-set=-" + capability, "--inh-caps=-" + capability));
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-XX:+UseSerialGC");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Unprivileged.class.getName());
    command.addAll(List.of(namespace));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** Tries to make a TAP device and prints why it could not. */
  static final class Unprivileged {
    private Unprivileged() {}

    public static void main(String[] arguments) {
      try {
        TapSettings.plain("lanyard-t9", arguments.length == 0 ? null : arguments[0])
            .open(0, TestBuffers.ample());
        System.out.println("had privilege");
      } catch (IOException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void twoSwitchedDevicesCarryTcpWithAndWithoutOffloads() throws Exception {
    for (boolean offloads : new boolean[] {true, false}) {
      String b = NAMESPACE + "-b";
      HostCommand.run("ip", "netns", "add", b);
      try {
        carryTcp(b, offloads, offloads ? 2 : 3);
      } finally {
        HostCommand.run("ip", "netns", "delete", b);
      }
    }
  }

  @Test
  void aSubnetThatTheHostRoutesAlreadyIsRefusedWithTheRoutesName() throws Exception {
    for (String subnet : new String[] {"10.99.0.200/25", "10.99.0.1/24", "10.0.0.1/8"}) {
      String[] parts = subnet.split("/", -1);
      TapSettings settings =
          new TapSettings(
              "t9",
              NAMESPACE,
              true,
              1500,
              new TapSettings.HostAddress(Address.parse(parts[0]), Integer.parseInt(parts[1])),
              true);
      assertThatThrownBy(() -> settings.open(0, TestBuffers.ample()))
          .hasMessageContaining("the host routes 10.99.0.0/24 by t0 already");
    }
    awaitState(made(), "up"); // t0 itself
  }

  private void carryTcp(String namespace, boolean offloads, int host) throws Exception {
    DevicePort second =
        onLoop(() -> {
          DevicePort port =
              tap(
                  "tap2",
                  new TapSettings(
                      "t0",
                      namespace,
                      offloads,
                      1500,
                      new TapSettings.HostAddress(Address.parse("10.99.0." + host), 24),
                      true));
          network.attach(port);
          port.start();
          return port;
        });
    awaitState(second, "up");
    Process server =
        new ProcessBuilder(
                "timeout",
                "120",
                "ip",
                "netns",
                "exec",
                namespace,
                "python3",
                "-c",
                SERVER,
                "10.99.0." + host)
            .start();
    assertThat(server.getErrorStream().read()).isEqualTo('r');
    Process client =
        new ProcessBuilder(
                "timeout",
                "120",
                "ip",
                "netns",
                "exec",
                NAMESPACE,
                "python3",
                "-c",
                CLIENT,
                "10.99.0." + host)
            .redirectErrorStream(true)
            .start();
    String sent = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String received = new String(server.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(sent).hasSizeGreaterThan(60);
    assertThat(received).isEqualTo(sent);
    onLoop(() -> {
      if (!offloads) {
        assertThat(second.counters().softwareSegmentations()).isPositive();
      }
      assertThat(second.counters().transmittedFrames()).isGreaterThan(4000);
      network.detach(second);
      second.close();
      return 0;
    });
  }

  private static final String SERVER =
      """
      import hashlib, socket, sys
      s = socket.create_server((sys.argv[1], 5000))
      s.settimeout(60)
      sys.stderr.write('r'); sys.stderr.flush()
      c, _ = s.accept()
      c.settimeout(60)
      h = hashlib.sha256()
      while True:
          d = c.recv(1 << 20)
          if not d: break
          h.update(d)
      print(h.hexdigest())
      """;

  private static final String CLIENT =
      """
      import hashlib, random, socket, sys
      c = socket.create_connection((sys.argv[1], 5000), 60)
      h = hashlib.sha256()
      r = random.Random(1)
      for i in range(8):
          d = r.randbytes(1 << 20)
          h.update(d)
          c.sendall(d)
      c.close()
      print(h.hexdigest())
      """;

  /** The guest's address, where its script has the suite's name for it. */
  private static final long GUEST_MAC = PortSuite.GUEST;
}
