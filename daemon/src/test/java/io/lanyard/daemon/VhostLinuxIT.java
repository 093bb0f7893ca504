package io.lanyard.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.lanyard.daemon.DaemonHome.Running;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Debian's kernel in QEMU, whose NIC's virtqueues the daemon serves: two pairs, with TSO. */
@Timeout(400)
final class VhostLinuxIT {
  /** Wraps each ring some times, also where a frame of 64 KB fills one buffer after another. */
  private static final int BYTES = 8 << 20;

  @TempDir Path home;
  private DaemonHome daemons;
  private HttpServer web;
  private final byte[] body = new byte[BYTES];

  @BeforeEach
  void serve() throws IOException {
    daemons = new DaemonHome(home);
    new Random(5).nextBytes(body);
    web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    web.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    web.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(200, BYTES);
            exchange.getResponseBody().write(body);
          }
        });
    web.start();
  }

  @AfterEach
  void end() throws IOException, InterruptedException {
    web.stop(0);
    daemons.close();
  }

  private static String configuration(String port) {
    return """
    version: 1
    networks:
      vmnet8:
        mode: nat
        ipv4: {subnet: 10.78.0.0/24}
        nat: {host-loopback: true}
        dhcp:
          reservations:
            - {mac: "52:54:00:00:00:0b", address: 10.78.0.11}
        ports:
          - {name: vm, kind: vhost-user, queues: 2, %s}
    """
        .formatted(port);
  }

  @ParameterizedTest
  @ValueSource(strings = {"connects", "listens"})
  void aGuestWithTwoPairsOfQueuesGoesOnAfterTheDaemonWasKilled(String qemuDoes) throws Exception {
    boolean connects = qemuDoes.equals("connects");
    Path socket = home.resolve(connects ? "run/vm.sock" : "qemu.sock");
    String configuration = configuration(connects ? "path: vm.sock" : "connect: '" + socket + "'");
    Running first = daemons.daemon(configuration, DaemonHome.java());
    daemons.await(first);
    LinuxGuest guest =
        LinuxGuest.start(
            daemons,
            "-chardev",
            "socket,id=vhost,path=" + socket + (connects ? ",reconnect=1" : ",server=on"),
            "-netdev",
            "vhost-user,id=net0,chardev=vhost,queues=2",
            "-device",
            "virtio-net-pci,netdev=net0,mac=52:54:00:00:00:0b,mq=on,vectors=6");
    guest.run("ip link set eth0 up && udhcpc -n -q -i eth0");
    assertThat(guest.run("ls /sys/class/net/eth0/queues")).contains("rx-1", "tx-1");

    bothWays(guest);
    untilBothQueuesHaveInterrupted(guest);
    String dump = daemons.get("/v1/dump").toString();
    assertThat(dump).doesNotContain("softwareSegmentations", "brokenRings", "refusedMessages");

    first.process().destroyForcibly().waitFor();
    Running second = daemons.daemon(configuration, DaemonHome.java());
    daemons.await(second);
    bothWays(guest);
    assertThat(guest.qemu().process().isAlive()).isTrue();
  }

  /** Each flow stays on one queue: with enough of them both are used. */
  private void untilBothQueuesHaveInterrupted(LinuxGuest guest) throws Exception {
    Pattern interrupts = Pattern.compile("\"ring ([02])\".{1,200}?\"interrupts\":(\\d+)");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    Set<String> used = new HashSet<>();
    while (used.size() < 2) {
      assertThat(System.nanoTime()).as("rings that were used: %s", used).isLessThan(deadline);
      guest.run("wget -q -O /dev/null " + url());
      Matcher rings = interrupts.matcher(daemons.get("/v1/dump").toString());
      while (rings.find()) {
        if (Long.parseLong(rings.group(2)) > 20) {
          used.add(rings.group(1));
        }
      }
    }
  }

  private String url() {
    return "http://10.78.0.1:" + web.getAddress().getPort() + "/";
  }

  private static MessageDigest sha256() throws NoSuchAlgorithmException {
    return MessageDigest.getInstance("SHA-256");
  }

  /** Fetches and sends as much, and compares it with what the other end had. */
  private void bothWays(LinuxGuest guest) throws Exception {
    assertThat(guest.run("wget -q -O /sent " + url() + " && sha256sum /sent"))
        .contains(HexFormat.of().formatHex(sha256().digest(body)));
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      FutureTask<byte[]> received = new FutureTask<>(() -> digest(server));
      Thread.ofVirtual().start(received);
      guest.run("nc 10.78.0.1 " + server.getLocalPort() + " </sent");
      assertThat(received.get(60, TimeUnit.SECONDS)).isEqualTo(sha256().digest(body));
    }
  }

  /** Reads as much as was sent. BusyBox's nc goes on until the other end has closed. */
  private static byte[] digest(ServerSocket server) throws Exception {
    try (Socket socket = server.accept()) {
      return sha256().digest(socket.getInputStream().readNBytes(BYTES));
    }
  }
}
