package io.lanyard.daemon.change;

import io.lanyard.testing.FreePorts;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * The model of a network of fifty ports that changes at random and never as a whole: what goes on
 * at its five fixed ports and its fixed forward concerns none of the changes.
 */
final class BusyNetwork {
  static final String NAME = "busy";

  /** The namespaces' devices, and the two ends of the frames that are counted. */
  static final List<String> FIXED = List.of("left", "right", "first", "second");

  /** The guest that the fixed forward leads to. */
  static final String RIGHT = "10.76.0.20";

  /** The host's loopback, as guests reach it. */
  static final String HOST = "10.76.0.1";

  private static final int MOVING = 50 - FIXED.size();
  private static final int FORWARDS = 8;

  private static final List<String> POOLS =
      List.of("", ", pool: 10.76.0.100-10.76.0.254", ", pool: 10.76.0.120-10.76.0.250");
  private static final List<String> DHCP =
      List.of(
          "",
          "    dhcp: {lease-time: 10m}\n",
          "    dhcp: {reservations: [{mac: '52:54:00:00:00:31', address: 10.76.0.31}]}\n",
          "    dhcp: {options: {ntp-servers: [10.76.0.9]}, leases-per-port: 20}\n",
          "    dhcp: {authoritative: false, conflict-probe: 0s}\n");
  private static final List<String> DNS =
      List.of(
          "",
          "    dns: {hosts: {printer: 10.76.0.9}}\n",
          "    dns: {domain: lab, upstreams: ['192.0.2.1']}\n",
          "    dns: {records: [{name: www, cname: printer.lan}], rate-limit: 100}\n",
          "    dns: {enabled: false}\n");
  private static final List<String> NAT =
      List.of(
          "host-loopback: true",
          "host-loopback: true, outbound: {interface: lo}",
          "host-loopback: true, filtering: endpoint-independent",
          "host-loopback: true, timeouts: {udp: 3m, tcp-established: 1h}",
          "host-loopback: true, quotas: {tcp: 1000, udp: 1000}");
  private static final List<String> EGRESS =
      List.of(
          "",
          "    egress: {rules: [{deny: 192.0.2.0/24}]}\n",
          "    egress: {default: deny, rules: [{allow: 10.76.0.1}]}\n");
  private static final List<String> SWITCHING =
      List.of(
          "",
          "    guard: learn\n",
          "    storm-control: {broadcast: 5000, unknown: 9000}\n",
          "    forward-reserved: [lldp, eapol]\n");
  private static final List<String> POLICIES =
      List.of(
          "",
          ", isolated: true",
          ", guard: strict",
          ", guard: learn, mac-limit: 3",
          ", port-group: moving",
          ", port-group: moving, isolated: false, mac-limit: 7",
          ", egress: {default: deny}",
          ", limits: {to-guest: 1Gbit, new-flows: 50}",
          ", guard: strict, addresses: [10.76.0.%d]");

  /** The group of the moving ports. */
  private static final List<String> GROUPS =
      List.of(
          "{}",
          "{isolated: true}",
          "{guard: strict, mac-limit: 4}",
          "{mtu: 1400}",
          "{egress: {default: deny, rules: [{allow: '192.0.2.7:443'}]}}");

  /** That of the fixed ports, which notice nothing of it. */
  private static final List<String> FIXED_GROUPS =
      List.of(
          "{}",
          "{mac-limit: 1000}",
          "{storm-control: {unknown: 900000}}",
          "{limits: {new-flows: 1000}}",
          "{egress: {rules: [{deny: 192.0.2.9}]}}");

  /** The kinds of {@link #mutate(int)}. */
  static final int KINDS = 16;

  private final Random random;
  private final String[] devices;
  private final int listen;
  private final int[] listens;
  private final boolean[] gone = new boolean[MOVING];
  private final int[] policy = new int[MOVING];
  private final int[] socket = new int[MOVING];
  private final boolean[] forwarded = new boolean[FORWARDS];
  private final int[] forwardTo = new int[FORWARDS];
  private int pool;
  private int dhcp;
  private int dns;
  private int nat;
  private int egress;
  private int switching;
  private int group;
  private int fixedGroup;
  private boolean spareGroup;

  private BusyNetwork(Random random, String[] devices, int listen, int[] listens) {
    this.random = random;
    this.devices = devices;
    this.listen = listen;
    this.listens = listens;
  }

  /**
   * A network with all its ports.
   *
   * @param left the namespace of the left device
   * @param right that of the right one
   * @param listen where the fixed forward listens
   */
  static BusyNetwork of(Random random, String left, String right, int listen) throws Exception {
    return new BusyNetwork(
        random, new String[] {left, right}, listen, FreePorts.some(2 * FORWARDS));
  }

  BusyNetwork copy() {
    BusyNetwork copy = new BusyNetwork(random, devices, listen, listens.clone());
    System.arraycopy(gone, 0, copy.gone, 0, MOVING);
    System.arraycopy(policy, 0, copy.policy, 0, MOVING);
    System.arraycopy(socket, 0, copy.socket, 0, MOVING);
    System.arraycopy(forwarded, 0, copy.forwarded, 0, FORWARDS);
    System.arraycopy(forwardTo, 0, copy.forwardTo, 0, FORWARDS);
    copy.pool = pool;
    copy.dhcp = dhcp;
    copy.dns = dns;
    copy.nat = nat;
    copy.egress = egress;
    copy.switching = switching;
    copy.group = group;
    copy.fixedGroup = fixedGroup;
    copy.spareGroup = spareGroup;
    return copy;
  }

  /** Changes something. */
  void mutate() {
    mutate(random.nextInt(KINDS));
  }

  /** Makes one kind of change. */
  void mutate(int kind) {
    int m = random.nextInt(MOVING);
    int f = random.nextInt(FORWARDS);
    switch (kind) {
      case 0 -> gone[m] ^= true;
      case 1 -> Arrays.fill(gone, m, Math.min(MOVING, m + 5), random.nextBoolean());
      case 2 -> policy[m] = random.nextInt(POLICIES.size());
      case 3 -> socket[m]++;
      case 4 -> forwarded[f] ^= true;
      case 5 -> forwardTo[f] = random.nextInt(20);
      case 6 -> {
        int other = listens[f];
        listens[f] = listens[FORWARDS + f];
        listens[FORWARDS + f] = other;
      }
      case 7 -> pool = random.nextInt(POOLS.size());
      case 8 -> dhcp = random.nextInt(DHCP.size());
      case 9 -> dns = random.nextInt(DNS.size());
      case 10 -> nat = random.nextInt(NAT.size());
      case 11 -> egress = random.nextInt(EGRESS.size());
      case 12 -> group = random.nextInt(GROUPS.size());
      case 13 -> fixedGroup = random.nextInt(FIXED_GROUPS.size());
      case 14 -> spareGroup ^= true;
      default -> switching = random.nextInt(SWITCHING.size());
    }
  }

  /** The name of a port that changes and is there; empty for none. */
  String moving() {
    int m = random.nextInt(MOVING);
    return gone[m] ? "" : "m" + m;
  }

  /**
   * The network in YAML, indented by two.
   *
   * @param forward one more forward in YAML; empty for none
   */
  String text(String forward) {
    StringBuilder yaml = new StringBuilder("  " + NAME + ":\n    mode: nat\n");
    yaml.append("    ipv4: {subnet: 10.76.0.0/24").append(POOLS.get(pool)).append("}\n");
    yaml.append(DHCP.get(dhcp)).append(DNS.get(dns)).append(EGRESS.get(egress));
    yaml.append(SWITCHING.get(switching));
    yaml.append("    port-groups:\n      moving: ").append(GROUPS.get(group));
    yaml.append("\n      fixed: ").append(FIXED_GROUPS.get(fixedGroup));
    yaml.append(spareGroup ? "\n      spare: {isolated: true}\n" : "\n");
    yaml.append("    nat: {").append(NAT.get(nat)).append("}\n    ports:\n");
    for (int i = 0; i < 2; i++) {
      yaml.append(
          "      - {name: %s, kind: tap, device: t0, netns: %s, port-group: fixed}\n"
              .formatted(FIXED.get(i), devices[i]));
    }
    for (String name : FIXED.subList(2, 4)) {
      yaml.append(
          "      - {name: %s, kind: qemu-stream, path: %s.sock, port-group: fixed}\n"
              .formatted(name, name));
    }
    for (int m = 0; m < MOVING; m++) {
      if (!gone[m]) {
        yaml.append(
            "      - {name: m%d, kind: qemu-stream, path: m%d.%d.sock%s}\n"
                .formatted(m, m, socket[m] % 2, POLICIES.get(policy[m]).formatted(40 + m)));
      }
    }
    yaml.append("    forwards:\n");
    yaml.append(
        "      - {name: fixed, protocol: tcp, listen: '127.0.0.1:%d', to: '%s:5202'}\n"
            .formatted(listen, RIGHT));
    for (int f = 0; f < FORWARDS; f++) {
      if (forwarded[f]) {
        yaml.append(
            "      - {name: f%d, protocol: %s, listen: '127.0.0.1:%d', to: '10.76.0.%d:80'}\n"
                .formatted(f, f % 2 == 0 ? "tcp" : "udp", listens[f], 40 + forwardTo[f]));
      }
    }
    return yaml.append(forward).toString();
  }
}
