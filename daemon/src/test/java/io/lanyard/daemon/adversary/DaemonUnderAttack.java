package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.lanyard.control.client.HttpClient;
import io.lanyard.daemon.DaemonHome;
import io.lanyard.daemon.KnownSeed;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.MacAddress;
import io.lanyard.testing.ProcessorTime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A daemon with little heap and few descriptors, and its use of them. */
final class DaemonUnderAttack {
  /** Bytes of heap: a table without a bound fills it within a test. */
  private static final String HEAP = "96m";

  /** Files that it may open. */
  static final int DESCRIPTORS = 2048;

  private final Path home;
  private final World world;
  private final DaemonHome daemons;
  private final DaemonHome.Running running;

  /** Starts a daemon. */
  DaemonUnderAttack(Path home, World world) throws IOException {
    this.home = home;
    this.world = world;
    daemons = new DaemonHome(home);
    KnownSeed.plant(home.resolve("state"));
    running =
        daemons.daemon(
            configuration(),
            DaemonHome.java(
                "ip",
                "netns",
                "exec",
                world.host,
                "nice", // before the attackers: it is the daemon that divides its time
                "-n",
                "-10",
                "env",
                "JDK_JAVA_OPTIONS=-Xmx"
                    + HEAP
                    + " -XX:MaxDirectMemorySize=384m -XX:+ExitOnOutOfMemoryError",
                "prlimit",
                "--nofile=" + DESCRIPTORS + ":" + DESCRIPTORS));
  }

  /** Waits until it serves, and has the honest guests take their addresses. */
  void await() throws IOException, InterruptedException {
    daemons.await(running);
    address(world);
    awaitRouter(world.guestA);
    awaitRouter(world.guestB);
  }

  /** Gives the guests behind TAP devices their addresses. */
  static void address(World world) throws IOException {
    World.run(
        """
        set -e
        ip -n A addr add 10.66.1.100/16 dev t0; ip -n A link set t0 up
        ip -n A route add default via 10.66.0.2
        ip -n A addr add fd66::100/64 dev t0 nodad
        ip -n B addr add 10.67.0.100/24 dev t0; ip -n B link set t0 up
        ip -n B route add default via 10.67.0.2
        ip -n B addr add fd67::100/64 dev t0 nodad
        """
            .replaceAll("\\bA\\b", world.guestA)
            .replaceAll("\\bB\\b", world.guestB));
  }

  /**
   * Waits until a guest has taken its network's gateway for its IPv6 router. It asks for its
   * neighbours as long as the daemon stands still, as the whole host may.
   */
  static void awaitRouter(String guest) throws IOException {
    World.run(
        "ip netns exec "
            + guest
            + " sysctl -qw net.ipv4.neigh.t0.mcast_solicit=60 net.ipv6.neigh.t0.mcast_solicit=60");
    World.run("until ip -n " + guest + " -6 route show default | grep -q via; do sleep 0.05; done");
  }

  private String configuration() throws IOException {
    Path tokens = Files.createFile(home.resolve("tokens"));
    StringBuilder yaml = new StringBuilder("version: 1\n");
    yaml.append("metrics: {listen: \"*:").append(World.METRICS).append("\"}\n");
    yaml.append("api: {listen: \"[::1]:").append(World.API).append("\", tokens: ");
    yaml.append(tokens).append("}\n");
    yaml.append("networks:\n");
    yaml.append("  a:\n    mode: nat\n");
    yaml.append("    ipv4: {subnet: 10.66.0.0/16, pool: 10.66.0.128-10.66.0.254}\n");
    yaml.append("    ipv6: {subnet: \"fd66::/64\"}\n    dhcp: {ipv6: stateful}\n");
    yaml.append("    dns:\n      upstreams: [10.99.0.2]\n      hosts-file: false\n");
    yaml.append("      domains: {tcp.example: [\"tcp://10.99.0.2\"], ");
    yaml.append("tls.example: [\"tls://10.99.0.2#dns.example\"]}\n");
    yaml.append("    forwards:\n");
    for (Family family : Family.values()) {
      yaml.append("      - {protocol: tcp, listen: \"")
          .append(new Endpoint(family.uplink, World.HAIRPIN));
      yaml.append("\", to: \"").append(new Endpoint(family.of(0), World.HAIRPIN)).append("\"}\n");
    }
    for (Family family : Family.values()) {
      yaml.append("      - {protocol: udp, listen: \"")
          .append(new Endpoint(family.uplink, World.FORWARDED));
      yaml.append("\", to: \"")
          .append(new Endpoint(family.honest(), World.FORWARDED))
          .append("\"}\n");
    }
    yaml.append("    nat: {host-loopback: [").append(World.METRICS).append("]}\n");
    yaml.append("    ports:\n");
    yaml.append("      - {name: honest, kind: tap, device: t0, netns: ").append(world.guestA);
    yaml.append("}\n");
    for (Attack attack : Attack.values()) {
      String port = attack.declaration(world);
      yaml.append(port.isEmpty() ? "" : "      - " + port + "\n");
    }
    yaml.append("  b:\n    mode: nat\n");
    yaml.append("    ipv4: {subnet: 10.67.0.0/24}\n");
    yaml.append("    ipv6: {subnet: \"fd67::/64\"}\n    dhcp: {ipv6: stateful}\n");
    yaml.append("    dns: {upstreams: [10.99.0.2], hosts-file: false}\n");
    yaml.append("    ports:\n");
    yaml.append("      - {name: other, kind: tap, device: t0, netns: ").append(world.guestB);
    return yaml.append("}\n").toString();
  }

  /** Connects an attacker, which does nothing yet. */
  Hostile hostile(Attack attack, Victim victim) throws IOException {
    return attack.begin(
        new Site(home.resolve("run"), attack.port(), attack.device(), world, victim));
  }

  /** How many files the daemon has open. */
  int descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc", pid(), "fd"))) {
      return (int) open.count();
    }
  }

  /** How the loop of a network has got on with the host's processors. */
  ProcessorTime processor(String network) throws IOException {
    return ProcessorTime.of(running.process().pid(), "network-" + network);
  }

  private String pid() {
    return String.valueOf(running.process().pid());
  }

  /** Whether it has not ended by lack of memory, nor otherwise. */
  boolean isAlive() {
    return running.process().isAlive();
  }

  JsonNode get(String target) throws IOException {
    return daemons.get(target);
  }

  /** The problems in the status. */
  List<String> problems() throws IOException {
    List<String> all = new ArrayList<>();
    get("/v1/status").path("problems").forEach(problem -> all.add(problem.asText()));
    return all;
  }

  private boolean isProblem(String regex) throws IOException {
    return problems().stream().anyMatch(present -> present.matches(regex));
  }

  /** Whether somebody who looks at the status sees who attacks. */
  boolean names(Attack attack) throws IOException {
    return switch (attack.sign) {
      case Sign.PortProblem() ->
          isProblem("a: port " + attack.port() + "\\b.*")
              && !port(ports(), attack.port()).path("problem").asText().isEmpty();
      case Sign.Problem(String regex) -> isProblem(regex);
      case Sign.Busy() -> {
        JsonNode busiest = get("/v1/status").path("busiest").path(0);
        yield busiest.path("port").asText().equals(attack.port());
      }
    };
  }

  /** The loop's time of the honest guest's port and of the attackers', at one moment. */
  LoopTime loopTime(List<Attack> attacks) throws IOException {
    JsonNode ports = ports();
    JsonNode honest = port(ports, "honest");
    return new LoopTime(
        honest.path("loopNanos").asLong(),
        (int) attacks.stream().filter(Attack::hasPort).count(),
        attacks.stream()
            .mapToLong(attack -> port(ports, attack.port()).path("loopNanos").asLong())
            .sum(),
        attacks.stream()
            .mapToLong(attack -> port(ports, attack.port()).path("loopWaitNanos").asLong())
            .sum(),
        honest.path("loopWaitNanos").asLong(),
        charged(ports),
        processor("a").ran());
  }

  private static long charged(JsonNode ports) {
    long all = 0;
    for (JsonNode port : ports) {
      all += port.path("loopNanos").asLong();
    }
    return all;
  }

  /** The other loop's time of the guest's port on network b, which no attacker is on. */
  LoopTime otherLoopTime() throws IOException {
    JsonNode other = port(get("/v1/ports?network=b"), "other");
    return new LoopTime(
        other.path("loopNanos").asLong(),
        0,
        0,
        0,
        other.path("loopWaitNanos").asLong(),
        other.path("loopNanos").asLong(),
        processor("b").ran());
  }

  /** The longest of the networks' loops' turns that were looked at last, in ms. */
  static double turnMillis(Map<String, Double> metrics) {
    double longest = 0;
    for (String network : List.of("a", "b")) {
      String name = "lanyard_loop_delay_seconds{loop=\"network " + network + "\"}";
      longest = Math.max(longest, 1000 * requireNonNull(metrics.get(name), name));
    }
    return longest;
  }

  private JsonNode ports() throws IOException {
    return get("/v1/ports?network=a");
  }

  /** One of the ports; missing if it is not there. */
  private static JsonNode port(JsonNode ports, String name) {
    for (JsonNode one : ports) {
      if (one.path("name").asText().equals(name)) {
        return one;
      }
    }
    return MissingNode.getInstance();
  }

  /** Whether the honest guest has a lease still. */
  boolean holds(long mac, Address address) throws IOException {
    for (JsonNode one : get("/v1/leases?network=a")) {
      if (one.path("address").asText().equals(address.toString())) {
        return one.path("mac").asText().equals(new MacAddress(mac).toString())
            && one.path("state").asText().equals("bound");
      }
    }
    return false;
  }

  /** The metrics by their names, with their labels where they have any. */
  Map<String, Double> metrics() throws IOException {
    Map<String, Double> all = new HashMap<>();
    try (HttpClient.Answer answer =
        new HttpClient(home.resolve("run/api.sock")).send("GET", "/v1/metrics")) {
      for (String line : new String(answer.bytes(), UTF_8).split("\n", -1)) {
        int space = line.lastIndexOf(' ');
        if (space > 0 && !line.startsWith("#")) {
          all.put(line.substring(0, space), Double.valueOf(line.substring(space + 1)));
        }
      }
    }
    return all;
  }

  /** Bytes of the heap that are in use and no garbage. */
  long heap() throws IOException {
    return new HeapProbe(running.process().pid()).bytes();
  }

  /** A metric that there is, by its name and labels. */
  double metric(String name) throws IOException {
    return requireNonNull(metrics().get(name), name);
  }

  /** The daemon's log. */
  String said() throws IOException {
    return running.said();
  }

  /** The daemon's log without so many of its first lines. */
  String saidAfter(long lines) {
    try {
      return said().lines().skip(lines).collect(Collectors.joining("\n"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void expectWarning(String regex) {
    daemons.expectWarning(regex);
  }

  void close() throws IOException, InterruptedException {
    daemons.close();
  }
}
