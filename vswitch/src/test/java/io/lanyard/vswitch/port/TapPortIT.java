package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.frame.Frames;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The port suite over a real TAP device: the guest is a packet socket in a network namespace of the
 * test's own, played by a small Python program. Needs root, iproute2 and python3.
 */
class TapPortIT extends PortSuite {
  private static final String NAMESPACE = "lanyard-tap-" + ProcessHandle.current().pid();

  /** Copies between the packet socket and stdin/stdout, in QEMU's framing. */
  private static final String GUEST =
      """
      import os, socket, struct, sys, threading
      s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
      s.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)
      s.bind((sys.argv[1], 0))
      s.setsockopt(263, 23, 1)  # PACKET_IGNORE_OUTGOING
      def receive():
          while True:
              f = s.recv(70000)
              os.write(1, struct.pack('>I', len(f)) + f)
      threading.Thread(target=receive, daemon=True).start()
      sys.stderr.write('r'); sys.stderr.flush()
      while True:
          h = sys.stdin.buffer.read(4)
          if len(h) < 4: break
          f = sys.stdin.buffer.read(struct.unpack('>I', h)[0])
          try: s.send(f)
          except OSError: pass
      """;

  private @Nullable TapPort made;

  private TapPort made() {
    return Objects.requireNonNull(made);
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + ": " + output);
    }
  }

  @BeforeAll
  static void makeNamespace() throws Exception {
    run("ip", "netns", "add", NAMESPACE);
    run("ip", "netns", "exec", NAMESPACE, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
  }

  @AfterAll
  static void deleteNamespace() throws Exception {
    run("ip", "netns", "delete", NAMESPACE);
  }

  @Override
  Port start() throws Exception {
    TapPort port =
        TapPort.open(
            new TapPort.Settings(
                "tap", "t0", NAMESPACE, true, 1500, new TapPort.HostAddress(0x0a630001, 24), true),
            PooledByteBufAllocator.DEFAULT);
    network.attach(port);
    port.start(loop, network);
    made = port;
    return port;
  }

  @Override
  Guest connect(Port port) throws Exception {
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
        process.waitFor(5, TimeUnit.SECONDS);
        process.destroyForcibly();
      }
    };
  }

  @Override
  int hostileFrames() {
    return 3000;
  }

  @Test
  void theDeviceIsConfiguredAsAsked() throws Exception {
    Process show = new ProcessBuilder("ip", "-n", NAMESPACE, "address", "show", "t0").start();
    String text = new String(show.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(text).contains("mtu 1500", "UP", "inet 10.99.0.1/24");
    assertThat(made().device()).isEqualTo("t0");
    assertThat(made().offloads().tso4()).isTrue();
  }

  @Test
  void aDeviceThatIsDownDropsAndCountsAndComesBack() throws Exception {
    run("ip", "-n", NAMESPACE, "link", "set", "t0", "down");
    onLoop(() -> {
      peer.send(Frames.ethernet(GUEST_MAC, PEER, 0x88b5, new byte[46]));
      return 0;
    });
    assertThat(made().counters().transmitDrops(DropCause.NO_CARRIER)).isEqualTo(1);
    run("ip", "-n", NAMESPACE, "link", "set", "t0", "up");
    onLoop(() -> {
      peer.send(Frames.ethernet(GUEST_MAC, PEER, 0x88b5, new byte[46]));
      return 0;
    });
    assertThat(made().counters().transmitDrops()).isEqualTo(1);
  }

  @Test
  void aDeviceThatIsDeletedIsReportedOnceAndHarmsNobody() throws Exception {
    run("ip", "-n", NAMESPACE, "link", "delete", "t0");
    onLoop(() -> {
      peer.send(Frames.ethernet(GUEST_MAC, PEER, 0x88b5, new byte[46]));
      return 0;
    });
    await(
        "the loss is noticed",
        () -> {
          try {
            return onLoop(() -> Boolean.FALSE.equals(made().dump().properties().get("carrier")));
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
    assertThat(made().counters().transmitDrops(DropCause.NO_CARRIER)).isEqualTo(1);
  }

  @Test
  void aMissingNamespaceIsNamed() {
    assertThatThrownBy(() ->
            TapPort.open(
                TapPort.Settings.plain("x", "t1", "lanyard-missing"),
                PooledByteBufAllocator.DEFAULT))
        .hasMessageContaining("/run/netns/lanyard-missing")
        .hasMessageContaining("no such network namespace");
  }

  @Test
  void aNameThatIsTakenIsSaid() {
    assertThatThrownBy(() ->
            TapPort.open(
                TapPort.Settings.plain("x", "t0", NAMESPACE), PooledByteBufAllocator.DEFAULT))
        .hasMessageContaining("TUNSETIFF t0")
        .hasMessageContaining("EBUSY");
    assertThatThrownBy(() ->
            TapPort.open(
                TapPort.Settings.plain("x", "a-name-that-is-far-too-long", NAMESPACE),
                PooledByteBufAllocator.DEFAULT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1 to 15 characters");
  }

  @Test
  void withoutPrivilegeTheCapabilityIsNamed() throws Exception {
    List<String> command =
        new ArrayList<>(List.of("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"));
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-XX:+UseSerialGC");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Unprivileged.class.getName());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(output).contains("CAP_NET_ADMIN");
  }

  /** Tries to make a TAP device and prints why it could not. */
  static final class Unprivileged {
    private Unprivileged() {}

    public static void main(String[] arguments) {
      try {
        TapPort.open(
            TapPort.Settings.plain("x", "lanyard-t9", null), PooledByteBufAllocator.DEFAULT);
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
      run("ip", "netns", "add", b);
      try {
        carryTcp(b, offloads, offloads ? 2 : 3);
      } finally {
        run("ip", "netns", "delete", b);
      }
    }
  }

  private void carryTcp(String namespace, boolean offloads, int host) throws Exception {
    TapPort second =
        TapPort.open(
            new TapPort.Settings(
                "tap2",
                "t0",
                namespace,
                offloads,
                1500,
                new TapPort.HostAddress(0x0a630000 + host, 24),
                true),
            PooledByteBufAllocator.DEFAULT);
    onLoop(() -> {
      network.attach(second);
      second.start(loop, network);
      return 0;
    });
    Process server =
        new ProcessBuilder(
                "ip", "netns", "exec", namespace, "python3", "-c", SERVER, "10.99.0." + host)
            .start();
    assertThat(server.getErrorStream().read()).isEqualTo('r');
    Process client =
        new ProcessBuilder(
                "ip", "netns", "exec", NAMESPACE, "python3", "-c", CLIENT, "10.99.0." + host)
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
      s.settimeout(15)
      sys.stderr.write('r'); sys.stderr.flush()
      c, _ = s.accept()
      c.settimeout(15)
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
      c = socket.create_connection((sys.argv[1], 5000), 10)
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
