package io.lanyard.daemon.adversary;

import com.fasterxml.jackson.databind.JsonNode;
import io.lanyard.daemon.DaemonHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A daemon with little heap and few descriptors, and its use of them. */
final class DaemonUnderAttack {
  /** Bytes of heap: a table without a bound fills it within a test. */
  private static final String HEAP = "96m";

  /** Files that it may open. */
  static final int DESCRIPTORS = 2048;

  private final Path home;
  private final DaemonHome daemons;
  private final DaemonHome.Running running;

  /** Of the loop's time, before the attack. */
  private long honestNanos;

  DaemonUnderAttack(Path home, World world) throws IOException, InterruptedException {
    this.home = home;
    daemons = new DaemonHome(home);
    running =
        daemons.daemon(
            configuration(world),
            DaemonHome.java(
                "ip",
                "netns",
                "exec",
                world.host,
                "env",
                "JDK_JAVA_OPTIONS=-Xmx"
                    + HEAP
                    + " -XX:MaxDirectMemorySize=384m -XX:+ExitOnOutOfMemoryError",
                "prlimit",
                "--nofile=" + DESCRIPTORS + ":" + DESCRIPTORS));
    daemons.await(running);
    address(world);
  }

  /** Gives the guests behind TAP devices their addresses. */
  static void address(World world) throws IOException, InterruptedException {
    World.run(
        """
        set -e
        ip -n A addr add 10.66.1.100/16 dev t0; ip -n A link set t0 up
        ip -n A route add default via 10.66.0.2
        ip -n B addr add 10.67.0.100/24 dev t0; ip -n B link set t0 up
        ip -n B route add default via 10.67.0.2
        """
            .replaceAll("\\bA\\b", world.guestA)
            .replaceAll("\\bB\\b", world.guestB));
  }

  private static String configuration(World world) {
    StringBuilder yaml = new StringBuilder("version: 1\n");
    yaml.append("metrics: {listen: \"127.0.0.1:").append(World.METRICS).append("\"}\n");
    yaml.append("networks:\n");
    yaml.append("  a:\n    mode: nat\n");
    yaml.append("    ipv4: {subnet: 10.66.0.0/16, pool: 10.66.0.128-10.66.0.254}\n");
    yaml.append("    dns: {upstreams: [10.99.0.2], hosts-file: false}\n");
    yaml.append("    nat: {host-loopback: [").append(World.METRICS).append("]}\n");
    yaml.append("    ports:\n");
    yaml.append("      - {name: honest, kind: tap, device: t0, netns: ").append(world.guestA);
    yaml.append("}\n");
    for (Attack attack : Attack.values()) {
      yaml.append("      - {name: ").append(attack.port()).append(", kind: qemu-stream, path: ");
      yaml.append(attack.port()).append(".sock, guard: ").append(attack.guard()).append("}\n");
    }
    yaml.append("  b:\n    mode: nat\n");
    yaml.append("    ipv4: {subnet: 10.67.0.0/24}\n");
    yaml.append("    dns: {upstreams: [10.99.0.2], hosts-file: false}\n");
    yaml.append("    ports:\n");
    yaml.append("      - {name: other, kind: tap, device: t0, netns: ").append(world.guestB);
    return yaml.append("}\n").toString();
  }

  HostileGuest hostile(Attack attack) throws IOException {
    honestNanos = loopNanos("honest");
    return new HostileGuest(home.resolve("run").resolve(attack.port() + ".sock"));
  }

  /** How many files the daemon has open. */
  int descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc", pid(), "fd"))) {
      return (int) open.count();
    }
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

  /** Whether somebody who looks sees which port attacks. */
  boolean names(Attack attack) throws IOException {
    return switch (attack.sign) {
      case STATUS ->
          problems().stream()
              .anyMatch(problem -> problem.matches("a: port " + attack.port() + "\\b.*"));
      case DROPS ->
          port(attack.port())
                  .path("receiveDrops")
                  .toString()
                  .matches(".*(guard-arp|pinned-source).*")
              && said().contains("event=frames-refused")
              && said().contains("port=\"" + attack.port() + "\"");
      case LOOP_TIME -> loopNanos(attack.port()) > loopNanos("honest") - honestNanos;
    };
  }

  private long loopNanos(String port) throws IOException {
    return port(port).path("loopNanos").asLong();
  }

  private JsonNode port(String port) throws IOException {
    for (JsonNode one : get("/v1/ports?network=a")) {
      if (one.path("name").asText().equals(port)) {
        return one;
      }
    }
    throw new AssertionError("there is no port " + port);
  }

  /** The daemon's log. */
  String said() throws IOException {
    return running.said();
  }

  void expectWarning(String regex) {
    daemons.expectWarning(regex);
  }

  void close() throws IOException, InterruptedException {
    daemons.close();
  }
}
