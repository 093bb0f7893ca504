package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lanyard.base.Directories;
import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.network.Network;
import io.lanyard.testing.LogWatch;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Changes of every kind in random order: after each, what runs is what the configuration says, and
 * a connection to a network that did not change has lost nothing.
 */
@Timeout(300)
class ChangesModelTest {
  private static final int CHANGES = 1000;
  private static final int THINGS = 4;

  @TempDir Path home;

  private final Random random = new Random(8);
  private final int[] listen = new int[THINGS];

  /** A configuration of a small world, in which everything can be there or not. */
  private static final class World {
    final boolean[] network = new boolean[3];
    final boolean[] stopped = new boolean[3];
    final int[] subnet = new int[3];
    final String[] settings = {"", "", ""};
    final boolean[][] port = new boolean[3][THINGS];
    final boolean[][] isolated = new boolean[3][THINGS];
    final int[] forwardOn = {-1, -1, -1, -1};
    final int[] forwardTo = new int[THINGS];
    final int[] guestOn = {-1, -1};

    World copy() {
      World copy = new World();
      System.arraycopy(network, 0, copy.network, 0, 3);
      System.arraycopy(stopped, 0, copy.stopped, 0, 3);
      System.arraycopy(subnet, 0, copy.subnet, 0, 3);
      System.arraycopy(settings, 0, copy.settings, 0, 3);
      for (int i = 0; i < 3; i++) {
        System.arraycopy(port[i], 0, copy.port[i], 0, THINGS);
        System.arraycopy(isolated[i], 0, copy.isolated[i], 0, THINGS);
      }
      System.arraycopy(forwardOn, 0, copy.forwardOn, 0, THINGS);
      System.arraycopy(forwardTo, 0, copy.forwardTo, 0, THINGS);
      System.arraycopy(guestOn, 0, copy.guestOn, 0, 2);
      return copy;
    }
  }

  private static final List<String> SETTINGS =
      List.of(
          "",
          "    dhcp: {lease-time: 10m}\n",
          "    dhcp: {reservations: [{mac: '52:54:00:00:00:31', address: %s.31, hostname: r}]}\n",
          "    dns: {hosts: {printer: %s.9}}\n",
          "    dns: {enabled: false}\n",
          "    dhcp: {enabled: false}\n",
          "    nat: {filtering: endpoint-independent, timeouts: {udp: 3m}, quotas: {tcp: 100}}\n",
          "    egress: {default: deny, rules: [{allow: 192.0.2.0/24}]}\n",
          "    guard: strict\n",
          "    guard: learn\n    storm-control: {broadcast: 100}\n");

  private void mutate(World world) {
    int n = random.nextInt(3);
    int t = random.nextInt(THINGS);
    switch (random.nextInt(13)) {
      case 0 -> {
        world.network[n] ^= true;
        for (int i = 0; i < THINGS; i++) {
          if (!world.network[n] && world.forwardOn[i] == n) {
            world.forwardOn[i] = -1;
          }
        }
        for (int i = 0; i < 2; i++) {
          if (!world.network[n] && world.guestOn[i] == n) {
            world.guestOn[i] = -1;
          }
        }
      }
      case 1 -> world.subnet[n] = random.nextInt(3);
      case 2, 3 -> world.settings[n] = SETTINGS.get(random.nextInt(SETTINGS.size()));
      case 4, 5 -> world.port[n][t] ^= true;
      case 6 -> world.isolated[n][t] ^= true;
      case 7, 8 -> world.forwardOn[t] = world.network[n] ? n : -1;
      case 9 -> world.forwardTo[t] = random.nextInt(20);
      case 10 -> world.forwardOn[t] = -1;
      case 11 -> world.stopped[n] = random.nextInt(3) == 0;
      default -> {
        int g = random.nextInt(2);
        world.guestOn[g] = world.network[n] && random.nextBoolean() ? n : -1;
      }
    }
  }

  private String text(World world) {
    StringBuilder yaml = new StringBuilder("version: 1\nnetworks:\n");
    yaml.append("  witness:\n    mode: nat\n    ipv4: {subnet: 10.77.0.0/24}\n");
    yaml.append("    ports: [{name: w, kind: qemu-stream, path: w.sock}]\n");
    for (int n = 0; n < 3; n++) {
      if (!world.network[n]) {
        continue;
      }
      String prefix = "10.78." + (10 * n + world.subnet[n]);
      yaml.append("  n").append(n).append(":\n    mode: nat\n");
      yaml.append("    enabled: ").append(!world.stopped[n]).append("\n    ipv4: {subnet: ");
      yaml.append(prefix).append(".0/24}\n");
      yaml.append(world.settings[n].replace("%s", prefix));
      List<String> ports = new ArrayList<>();
      List<String> forwards = new ArrayList<>();
      for (int t = 0; t < THINGS; t++) {
        if (world.port[n][t]) {
          ports.add(
              "{name: p%d, kind: qemu-stream, path: n%dp%d.sock, isolated: %s}"
                  .formatted(t, n, t, world.isolated[n][t]));
        }
        if (world.forwardOn[t] == n) {
          forwards.add(
              "{name: f%d, protocol: %s, listen: '127.0.0.1:%d', to: '%s.%d:80'}"
                  .formatted(
                      t, t % 2 == 0 ? "tcp" : "udp", listen[t], prefix, 40 + world.forwardTo[t]));
        }
      }
      yaml.append("    ports: ").append(ports).append("\n    forwards: ");
      yaml.append(forwards).append('\n');
    }
    yaml.append("guests: {");
    for (int g = 0; g < 2; g++) {
      if (world.guestOn[g] >= 0) {
        yaml.append(
            "g%d: {vmm: echo, memory: 64M, program: /bin/true, nics: [{network: n%d}]}, "
                .formatted(g, world.guestOn[g]));
      }
    }
    return yaml.append("}\n").toString();
  }

  private static void checkAgainst(Daemon daemon, Configuration said) {
    assertThat(daemon.networks()).extracting(Network::name).containsAll(said.networks().keySet());
    assertThat(daemon.networks()).hasSameSizeAs(said.networks().keySet());
    for (NetworkConfig config : said.networks().values()) {
      Network network = Objects.requireNonNull(daemon.network(config.name()));
      assertThat(network.info().state()).isEqualTo(config.enabled() ? "running" : "stopped");
      TreeSet<String> ports = new TreeSet<>(config.enabled() ? List.of("gateway") : List.of());
      config.ports().stream().map(PortConfig::name).forEach(ports::add);
      for (GuestConfig guest : said.guests().values()) {
        guest.nicOn(config.name()).ifPresent(nic -> ports.add(guest.name() + "." + nic.name()));
      }
      assertThat(network.ports().stream().map(PortInfo::name).sorted().toList())
          .as(config.name())
          .containsExactlyElementsOf(ports);
      assertThat(network.ports()).allMatch(port -> port.problem().isEmpty());
      assertThat(network.forwards())
          .extracting(forward -> forward.name() + forward.state() + forward.to())
          .containsExactlyInAnyOrderElementsOf(
              config.forwards().stream()
                  .map((ForwardConfig forward) ->
                      forward.name() + (config.enabled() ? "listening" : "stopped") + forward.to())
                  .toList());
      assertThat(network.config()).isEqualTo(config);
    }
    assertThat(daemon.guestNames()).containsExactlyInAnyOrderElementsOf(said.guests().keySet());
  }

  private static ByteBuffer arpRequest() {
    ByteBuffer frame = ByteBuffer.allocate(4 + 60);
    frame.putInt(60);
    frame.put(new byte[] {-1, -1, -1, -1, -1, -1}).put(new byte[] {2, 0, 0, 0, 0, 1});
    frame.putShort((short) 0x0806).putShort((short) 1).putShort((short) 0x0800);
    frame.put((byte) 6).put((byte) 4).putShort((short) 1);
    frame.put(new byte[] {2, 0, 0, 0, 0, 1}).put(new byte[] {10, 77, 0, 50});
    frame.put(new byte[6]).put(new byte[] {10, 77, 0, 2});
    return frame.rewind();
  }

  private static void read(SocketChannel socket, ByteBuffer into) throws Exception {
    while (into.hasRemaining()) {
      assertThat(socket.read(into)).as("the connection lives").isGreaterThan(0);
    }
    into.flip();
  }

  /** Asks for the gateway's address and waits for the answer, so that a lost frame is a hang. */
  private static void exchange(SocketChannel witness) throws Exception {
    ByteBuffer request = arpRequest();
    while (request.hasRemaining()) {
      witness.write(request);
    }
    while (true) {
      ByteBuffer length = ByteBuffer.allocate(4);
      read(witness, length);
      ByteBuffer frame = ByteBuffer.allocate(length.getInt());
      read(witness, frame);
      if (frame.getShort(12) == 0x0806 && frame.getShort(20) == 2) {
        return;
      }
    }
  }

  @Test
  void whatRunsIsWhatIsSaidAndTheRestLosesNothing() throws Exception {
    LogWatch.expect("event=forward-failed");
    for (int t = 0; t < THINGS; t++) {
      try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        listen[t] = free.getLocalPort();
      }
    }
    World world = new World();
    Directories directories =
        new Directories(home.resolve("s"), home.resolve("r"), home.resolve("i"));
    Document first = Document.of("world.yaml", text(world), home);
    try (Daemon daemon = Daemon.open(Daemon.Settings.of(first, directories));
        SocketChannel witness = SocketChannel.open(StandardProtocolFamily.UNIX);
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      witness.connect(UnixDomainSocketAddress.of(home.resolve("r/w.sock")));
      Network unchanged = Objects.requireNonNull(daemon.network("witness"));
      int refused = 0;
      for (int i = 0; i < CHANGES; i++) {
        World next = world.copy();
        int count = 1 + random.nextInt(4);
        for (int m = 0; m < count; m++) {
          mutate(next);
        }
        boolean fails = i % 10 == 9 && next.network[0] && !next.stopped[0];
        String text = text(next);
        if (fails) {
          text =
              text.replaceFirst(
                      "(?s)(  n0:.*?forwards: \\[)",
                      "$1{protocol: tcp, listen: '127.0.0.1:"
                          + taken.getLocalPort()
                          + "', to: '10.78."
                          + next.subnet[0]
                          + ".99:80'}, ")
                  .replace("}, ]", "}]");
        }
        Document document = Document.of("world.yaml", text, home);
        ChangeRequest request =
            new ChangeRequest(
                present -> document, "test", "change " + i, -1, true, false, Duration.ZERO);
        if (fails) {
          ExecutionException failure =
              catchThrowableOfType(
                  ExecutionException.class,
                  () -> daemon.conductor().apply(request).get(60, TimeUnit.SECONDS));
          assertThat(failure).as(text).isNotNull();
          refused++;
        } else {
          document.configuration(); // else it says what is wrong
          daemon.conductor().apply(request).get(60, TimeUnit.SECONDS);
          world = next;
        }
        checkAgainst(daemon, Document.of("world.yaml", text(world), home).configuration());
        exchange(witness);
        assertThat(daemon.network("witness")).isSameAs(unchanged);
      }
      assertThat(refused).isPositive();
    }
  }
}
