package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.Configuration;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.network.Network;
import io.lanyard.testing.FreePorts;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeSet;

/**
 * The model of a configuration that changes at random: three networks with ports, forwards and
 * guests, in which everything can be there or not. What tests add to it never changes with it.
 */
final class ChangingWorld {
  private static final int NETWORKS = 3;
  private static final int THINGS = 4;
  private static final int GUESTS = 2;

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
          "    ipv6: on\n    dhcp: {ipv6: stateful}\n    egress: {nat64-prefixes: []}\n",
          "    guard: learn\n    storm-control: {broadcast: 100}\n");

  /** The kinds of {@link #mutate(int)}. */
  static final int KINDS = 16;

  private final Random random;
  private final int[] listen;

  /** The name of each network's host adapter, which needs root; empty for none. */
  private final String adapter;

  private final boolean[] network = new boolean[NETWORKS];
  private final boolean[] stopped = new boolean[NETWORKS];
  private final boolean[] adapted = new boolean[NETWORKS];
  private final int[] subnet = new int[NETWORKS];
  private final String[] settings = {"", "", ""};
  private final boolean[][] port = new boolean[NETWORKS][THINGS];
  private final boolean[][] isolated = new boolean[NETWORKS][THINGS];
  private final int[] forwardOn = {-1, -1, -1, -1};
  private final int[] forwardTo = new int[THINGS];
  private final int[] guestOn = {-1, -1};
  private final int[] memory = {64, 64};

  private ChangingWorld(Random random, int[] listen, String adapter) {
    this.random = random;
    this.listen = listen;
    this.adapter = adapter;
  }

  /** A world without networks. */
  static ChangingWorld empty(Random random) throws IOException {
    return new ChangingWorld(random, listens(), "");
  }

  /**
   * A world without networks, whose networks may have host adapters.
   *
   * @param adapter how the adapters' names begin
   */
  static ChangingWorld withAdapters(Random random, String adapter) throws IOException {
    return new ChangingWorld(random, listens(), adapter);
  }

  /** The ports of the forwards; two of them are ranges. */
  private static int[] listens() {
    int[] ranges = {FreePorts.range(3), FreePorts.range(3)};
    int[] single = FreePorts.some(THINGS - ranges.length);
    return new int[] {single[0], single[1], ranges[0], ranges[1]};
  }

  ChangingWorld copy() {
    ChangingWorld copy = new ChangingWorld(random, listen, adapter);
    System.arraycopy(network, 0, copy.network, 0, NETWORKS);
    System.arraycopy(stopped, 0, copy.stopped, 0, NETWORKS);
    System.arraycopy(adapted, 0, copy.adapted, 0, NETWORKS);
    System.arraycopy(subnet, 0, copy.subnet, 0, NETWORKS);
    System.arraycopy(settings, 0, copy.settings, 0, NETWORKS);
    for (int i = 0; i < NETWORKS; i++) {
      System.arraycopy(port[i], 0, copy.port[i], 0, THINGS);
      System.arraycopy(isolated[i], 0, copy.isolated[i], 0, THINGS);
    }
    System.arraycopy(forwardOn, 0, copy.forwardOn, 0, THINGS);
    System.arraycopy(forwardTo, 0, copy.forwardTo, 0, THINGS);
    System.arraycopy(guestOn, 0, copy.guestOn, 0, GUESTS);
    System.arraycopy(memory, 0, copy.memory, 0, GUESTS);
    return copy;
  }

  /** Whether a network is there and not stopped. */
  boolean runs(int n) {
    return network[n] && !stopped[n];
  }

  /** The first three numbers of the addresses of a network. */
  String prefix(int n) {
    return "10.78." + (10 * n + subnet[n]);
  }

  /** Changes something. */
  void mutate() {
    mutate(random.nextInt(KINDS));
  }

  /** Makes one kind of change, if there is what it changes. */
  void mutate(int kind) {
    int n = random.nextInt(NETWORKS);
    int t = random.nextInt(THINGS);
    int g = random.nextInt(GUESTS);
    switch (kind) {
      case 0 -> {
        network[n] ^= true;
        leave(n);
      }
      case 1 -> subnet[n] = random.nextInt(3);
      case 2, 3 -> settings[n] = SETTINGS.get(random.nextInt(SETTINGS.size()));
      case 4, 5 -> port[n][t] ^= true;
      case 6 -> isolated[n][t] ^= true;
      case 7, 8 -> forwardOn[t] = network[n] ? n : -1;
      case 9 -> forwardTo[t] = random.nextInt(20);
      case 10 -> forwardOn[t] = -1;
      case 11 -> stopped[n] = random.nextInt(3) == 0;
      case 12 -> adapted[n] = !adapter.isEmpty() && random.nextBoolean();
      case 13 -> memory[g] ^= 64 ^ 128;
      default -> guestOn[g] = network[n] && random.nextBoolean() ? n : -1;
    }
  }

  /** Nothing stays on a network that has gone. */
  private void leave(int n) {
    for (int i = 0; i < THINGS; i++) {
      if (!network[n] && forwardOn[i] == n) {
        forwardOn[i] = -1;
      }
    }
    for (int i = 0; i < GUESTS; i++) {
      if (!network[n] && guestOn[i] == n) {
        guestOn[i] = -1;
      }
    }
  }

  /**
   * The configuration's file.
   *
   * @param further networks in YAML, indented by two
   */
  String text(String further) {
    StringBuilder yaml = new StringBuilder("version: 1\nnetworks:\n").append(further);
    for (int n = 0; n < NETWORKS; n++) {
      if (network[n]) {
        network(n, yaml);
      }
    }
    yaml.append("guests: {");
    for (int g = 0; g < GUESTS; g++) {
      if (guestOn[g] >= 0) {
        yaml.append(
            "g%d: {vmm: echo, memory: %dM, program: /bin/true, nics: [{network: n%d, mac: '52:54:00:00:00:%02x'}]}, "
                .formatted(g, memory[g], guestOn[g], g));
      }
    }
    return yaml.append("}\n").toString();
  }

  private void network(int n, StringBuilder yaml) {
    yaml.append("  n").append(n).append(":\n    mode: nat\n");
    yaml.append("    enabled: ").append(!stopped[n]).append("\n    ipv4: {subnet: ");
    yaml.append(prefix(n)).append(".0/24}\n");
    yaml.append(settings[n].replace("%s", prefix(n)));
    if (adapted[n]) {
      yaml.append("    host-adapter: {name: ").append(adapter).append(n).append("}\n");
    }
    List<String> ports = new ArrayList<>();
    List<String> forwards = new ArrayList<>();
    for (int t = 0; t < THINGS; t++) {
      if (port[n][t]) {
        ports.add(
            "{name: p%d, kind: qemu-stream, path: n%dp%d.sock, isolated: %s}"
                .formatted(t, n, t, isolated[n][t]));
      }
      if (forwardOn[t] == n) {
        forwards.add(
            "{name: f%d, protocol: %s, listen: '127.0.0.1:%s', to: '%s.%d:%s'}"
                .formatted(
                    t,
                    t % 2 == 0 ? "tcp" : "udp",
                    t < 2 ? listen[t] : listen[t] + "-" + (listen[t] + 2),
                    prefix(n),
                    40 + forwardTo[t],
                    t < 2 ? "80" : "80-82"));
      }
    }
    yaml.append("    ports: ").append(ports).append("\n    forwards: ");
    yaml.append(forwards).append('\n');
  }

  /** Compares all that runs with what is said. */
  static void assertRuns(Daemon daemon, Configuration said) {
    assertThat(daemon.networks()).extracting(Network::name).containsAll(said.networks().keySet());
    assertThat(daemon.networks()).hasSameSizeAs(said.networks().keySet());
    for (NetworkConfig config : said.networks().values()) {
      Network network = Objects.requireNonNull(daemon.network(config.name()));
      assertThat(network.report().info().state())
          .isEqualTo(config.enabled() ? "running" : "stopped");
      TreeSet<String> ports = new TreeSet<>(config.enabled() ? List.of("gateway") : List.of());
      if (config.enabled() && config.hostAdapter() != null) {
        ports.add("host");
      }
      config.ports().stream().map(PortConfig::name).forEach(ports::add);
      for (GuestConfig guest : said.guests().values()) {
        guest.nicOn(config.name()).ifPresent(nic -> ports.add(guest.name() + "." + nic.name()));
      }
      assertThat(network.report().ports().stream().map(PortInfo::name).sorted().toList())
          .as(config.name())
          .containsExactlyElementsOf(ports);
      assertThat(network.report().ports()).allMatch(port -> port.problem().isEmpty());
      assertThat(network.report().forwards())
          .extracting(forward -> forward.name() + forward.state() + forward.to())
          .containsExactlyInAnyOrderElementsOf(
              config.forwards().stream()
                  .map((ForwardConfig forward) ->
                      forward.name()
                          + (config.enabled() ? "listening" : "stopped")
                          + forward.toText())
                  .toList());
      assertThat(network.config()).isEqualTo(config);
    }
    assertThat(daemon.guestNames()).containsExactlyInAnyOrderElementsOf(said.guests().keySet());
  }
}
