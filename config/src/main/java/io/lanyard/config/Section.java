package io.lanyard.config;

import java.util.List;
import java.util.Map;

/**
 * The keys that one kind of mapping has. The JSON Schema has the same, under {@code $defs} and the
 * same name; a test holds them together.
 *
 * @param name the section's name in the schema
 * @param keys every key, in the order in which the reference lists them
 * @param required those that must be there
 * @param later keys of the format that this version cannot honour, and the beginning of a sentence
 *     about each
 */
record Section(String name, List<String> keys, List<String> required, Map<String, String> later) {
  static final Section ROOT =
      new Section(
          "root",
          List.of("version", "networks", "guests", "api", "metrics", "directories", "log"),
          List.of("version", "networks"),
          Map.of());
  static final Section API = section("api", "socket");
  static final Section METRICS = section("metrics", "listen");
  static final Section DIRECTORIES = section("directories", "state", "runtime");
  static final Section LOG = section("log", "level");
  static final Section NETWORK =
      new Section(
          "network",
          List.of(
              "mode",
              "ipv4",
              "mtu",
              "host-adapter",
              "dhcp",
              "dns",
              "nat",
              "egress",
              "forwards",
              "guard",
              "storm-control",
              "forward-reserved",
              "ports"),
          List.of("mode"),
          Map.of(
              "ipv6", "IPv6 is",
              "port-groups", "port groups are",
              "uplink", "uplinks are",
              "uplinks", "uplinks are",
              "io-loops", "I/O loops are"));
  static final Section IPV4 =
      new Section(
          "ipv4", List.of("subnet", "gateway", "host", "pool"), List.of("subnet"), Map.of());
  static final Section HOST_ADAPTER = section("host-adapter", "name");
  static final Section DHCP =
      section(
          "dhcp",
          "enabled",
          "lease-time",
          "min-lease-time",
          "max-lease-time",
          "conflict-probe",
          "leases-per-port",
          "authoritative",
          "reservations",
          "options");
  static final Section RESERVATION =
      new Section(
          "reservation",
          List.of("mac", "address", "hostname"),
          List.of("mac", "address"),
          Map.of());
  static final Section DHCP_OPTIONS =
      section(
          "dhcp-options",
          "routers",
          "dns-servers",
          "ntp-servers",
          "domain-search",
          "boot-file",
          "next-server");
  static final Section DNS =
      section("dns", "enabled", "domain", "hosts", "hosts-file", "upstreams");
  static final Section NAT =
      section("nat", "mapping", "filtering", "host-loopback", "timeouts", "quotas");
  static final Section TIMEOUTS =
      section("timeouts", "tcp-connect", "tcp-established", "tcp-transitory", "udp");
  static final Section QUOTAS =
      section("quotas", "tcp-per-guest", "tcp", "udp-per-guest", "udp", "icmp-per-guest", "icmp");
  static final Section EGRESS = section("egress", "default", "rules");
  static final Section EGRESS_RULE = section("egress-rule", "allow", "deny");
  static final Section STORM_CONTROL =
      section("storm-control", "broadcast", "multicast", "unknown");
  static final Section FORWARD =
      new Section(
          "forward",
          List.of("name", "protocol", "listen", "to"),
          List.of("protocol", "listen", "to"),
          Map.of());
  static final Section QEMU_STREAM =
      new Section(
          "qemu-stream",
          List.of(
              "name",
              "kind",
              "path",
              "listen",
              "connect",
              "mtu",
              "guard",
              "isolated",
              "mac-limit",
              "addresses"),
          List.of("name", "kind"),
          Map.of("port-group", "port groups are"));
  static final Section TAP =
      new Section(
          "tap",
          List.of(
              "name",
              "kind",
              "device",
              "netns",
              "offloads",
              "mtu",
              "guard",
              "isolated",
              "mac-limit",
              "addresses"),
          List.of("name", "kind", "device"),
          Map.of("port-group", "port groups are"));
  static final Section GUEST =
      new Section(
          "guest",
          List.of(
              "vmm",
              "memory",
              "harts",
              "image",
              "kernel",
              "initrd",
              "command-line",
              "program",
              "disks",
              "nics",
              "autostart",
              "options"),
          List.of(),
          Map.of());
  static final Section DISK =
      new Section("disk", List.of("path", "read-only"), List.of("path"), Map.of());
  static final Section NIC =
      new Section(
          "nic",
          List.of("network", "mac", "guard", "isolated"),
          List.of("network"),
          Map.of("port-group", "port groups are"));

  static final List<Section> ALL =
      List.of(
          ROOT,
          API,
          METRICS,
          DIRECTORIES,
          LOG,
          NETWORK,
          IPV4,
          HOST_ADAPTER,
          DHCP,
          RESERVATION,
          DHCP_OPTIONS,
          DNS,
          NAT,
          TIMEOUTS,
          QUOTAS,
          EGRESS,
          EGRESS_RULE,
          STORM_CONTROL,
          FORWARD,
          QEMU_STREAM,
          TAP,
          GUEST,
          DISK,
          NIC);

  private static Section section(String name, String... keys) {
    return new Section(name, List.of(keys), List.of(), Map.of());
  }
}
