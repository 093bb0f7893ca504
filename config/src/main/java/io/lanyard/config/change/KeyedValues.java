package io.lanyard.config.change;

import static io.lanyard.base.EnumText.word;

import io.lanyard.config.ByteSize;
import io.lanyard.config.DhcpConfig;
import io.lanyard.config.EgressConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NatConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.config.PortGroupConfig;
import io.lanyard.config.PortPolicy;
import io.lanyard.config.StormConfig;
import io.lanyard.config.SwitchConfig;
import io.lanyard.net.Address;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Sections of the file as plans show them: the keys with their values, in the order of the file. A
 * key that a section leaves out, and has no default of its own, is not there.
 */
final class KeyedValues {
  private KeyedValues() {}

  /** A port, with its kind. */
  static Map<String, Object> of(PortConfig port) {
    Map<String, Object> parts = new LinkedHashMap<>();
    parts.put("kind", port.kind());
    port.describe(parts::put);
    parts.put("mtu", port.mtu());
    putPolicy(parts, "", port.policy());
    return parts;
  }

  /** A port group. */
  static Map<String, Object> of(PortGroupConfig group) {
    Map<String, Object> parts = new LinkedHashMap<>();
    put(parts, "mtu", group.mtu());
    putPolicy(parts, "", group.policy());
    return parts;
  }

  private static void putPolicy(Map<String, Object> parts, String prefix, PortPolicy policy) {
    if (!policy.group().isEmpty()) {
      parts.put(prefix + "port-group", policy.group());
    }
    if (policy.guard() != null) {
      parts.put(prefix + "guard", word(policy.guard()));
    }
    parts.put(prefix + "isolated", policy.isolated());
    put(parts, prefix + "mac-limit", policy.macLimit());
    put(parts, prefix + "storm-control.broadcast", policy.storm().broadcast());
    put(parts, prefix + "storm-control.multicast", policy.storm().multicast());
    put(parts, prefix + "storm-control.unknown", policy.storm().unknown());
    if (!policy.addresses().isEmpty()) {
      parts.put(prefix + "addresses", policy.addresses());
    }
    put(parts, prefix + "limits.from-guest", policy.limits().fromGuest());
    put(parts, prefix + "limits.to-guest", policy.limits().toGuest());
    put(parts, prefix + "limits.new-flows", policy.limits().newFlows());
    putEgress(parts, prefix + "egress", policy.egress());
    putEgress(parts, prefix + "port-group.egress", policy.groupEgress());
  }

  private static void put(Map<String, Object> parts, String key, @Nullable Object value) {
    if (value != null) {
      parts.put(key, value);
    }
  }

  private static void putEgress(Map<String, Object> parts, String prefix, EgressConfig egress) {
    if (egress.otherwise() != null) {
      parts.put(prefix + ".default", word(egress.otherwise()));
    }
    if (!egress.rules().isEmpty()) {
      parts.put(prefix + ".rules", String.join(", ", rules(egress)));
    }
    if (egress.dryRun()) {
      parts.put(prefix + ".dry-run", true);
    }
  }

  /** DHCP without its reservations, which change one by one. */
  static Map<String, Object> of(DhcpConfig dhcp) {
    Map<String, Object> parts = new LinkedHashMap<>();
    parts.put("enabled", dhcp.enabled());
    parts.put("lease-time", dhcp.leaseTime());
    parts.put("min-lease-time", dhcp.minLeaseTime());
    parts.put("max-lease-time", dhcp.maxLeaseTime());
    parts.put("conflict-probe", dhcp.conflictProbe());
    if (dhcp.leasesPerPort() != Integer.MAX_VALUE) {
      parts.put("leases-per-port", dhcp.leasesPerPort());
    }
    parts.put("ipv6", word(dhcp.ipv6()));
    parts.put("authoritative", dhcp.authoritative());
    DhcpConfig.Options options = dhcp.options();
    parts.put("options.routers", options.routers());
    List<Address> six = options.ipv6DnsServers();
    parts.put(
        "options.dns-servers",
        Stream.concat(options.dnsServers().stream(), six == null ? Stream.empty() : six.stream())
            .toList());
    parts.put("options.ntp-servers", options.ntpServers());
    parts.put("options.domain-search", options.domainSearch());
    parts.put("options.boot-file", Objects.requireNonNullElse(options.bootFile(), ""));
    parts.put("options.next-server", Objects.toString(options.nextServer(), ""));
    return parts;
  }

  /** The NAT. */
  static Map<String, Object> of(NatConfig nat) {
    Map<String, Object> parts = new LinkedHashMap<>();
    parts.put("mapping", word(nat.mapping()));
    parts.put("filtering", word(nat.filtering()));
    parts.put(
        "host-loopback",
        nat.hostLoopback().services().isEmpty()
            ? nat.hostLoopback().enabled()
            : nat.hostLoopback().services());
    parts.put("timeouts.tcp-connect", nat.timeouts().tcpConnect());
    parts.put("timeouts.tcp-established", nat.timeouts().tcpEstablished());
    parts.put("timeouts.tcp-transitory", nat.timeouts().tcpTransitory());
    parts.put("timeouts.udp", nat.timeouts().udp());
    parts.put("quotas.tcp-per-guest", nat.quotas().tcpPerGuest());
    parts.put("quotas.tcp", nat.quotas().tcp());
    parts.put("quotas.udp-per-guest", nat.quotas().udpPerGuest());
    parts.put("quotas.udp", nat.quotas().udp());
    parts.put("quotas.icmp-per-guest", nat.quotas().icmpPerGuest());
    parts.put("quotas.icmp", nat.quotas().icmp());
    parts.put("outbound.address", Objects.requireNonNullElse(nat.outbound().ipv4(), ""));
    parts.put("outbound.ipv6-address", Objects.requireNonNullElse(nat.outbound().ipv6(), ""));
    parts.put("outbound.interface", Objects.requireNonNullElse(nat.outbound().device(), ""));
    return parts;
  }

  /** A network's settings of its switch. */
  static Map<String, Object> of(SwitchConfig switching) {
    Map<String, Object> parts = new LinkedHashMap<>();
    parts.put("guard", word(switching.guard()));
    StormConfig storm = switching.storm();
    if (storm == null) {
      parts.put("storm-control", "off");
    } else {
      parts.put("storm-control.broadcast", storm.broadcast());
      parts.put("storm-control.multicast", storm.multicast());
      parts.put("storm-control.unknown", storm.unknown());
    }
    parts.put(
        "forward-reserved",
        switching.forwardReserved().stream().sorted().map(frames -> word(frames)).toList());
    ByteSize history = switching.history();
    parts.put("history", history == null ? "none" : history);
    return parts;
  }

  /** A guest; its disks and NICs have numbers, as {@code nics[0].mac}. */
  static Map<String, Object> of(GuestConfig guest) {
    Map<String, Object> parts = new LinkedHashMap<>();
    parts.put("vmm", guest.vmm());
    parts.put("architecture", Objects.requireNonNullElse(guest.architecture(), ""));
    parts.put("memory", new ByteSize(guest.memory()));
    parts.put("harts", guest.harts());
    switch (guest.boot()) {
      case GuestConfig.Boot.Image boot -> {
        parts.put("image", boot.name());
        parts.put("command-line", Objects.requireNonNullElse(boot.commandLine(), ""));
      }
      case GuestConfig.Boot.Kernel boot -> {
        parts.put("kernel", boot.kernel());
        parts.put("initrd", Objects.toString(boot.initrd(), ""));
        parts.put("command-line", boot.commandLine());
      }
      case GuestConfig.Boot.Program boot -> parts.put("program", boot.elf());
      case GuestConfig.Boot.Firmware boot -> parts.put("firmware", boot.file());
      case GuestConfig.Boot.FirstDisk _, GuestConfig.Boot.Nothing _ -> {
        // The disks say which it is.
      }
    }
    for (int i = 0; i < guest.disks().size(); i++) {
      GuestConfig.Disk disk = guest.disks().get(i);
      parts.put(
          "disks[" + i + "]",
          disk.path() + " " + disk.format() + (disk.readOnly() ? " read-only" : ""));
    }
    for (int i = 0; i < guest.nics().size(); i++) {
      GuestConfig.Nic nic = guest.nics().get(i);
      parts.put("nics[" + i + "].network", nic.network());
      parts.put("nics[" + i + "].mac", nic.mac());
      put(parts, "nics[" + i + "].mtu", nic.mtu());
      putPolicy(parts, "nics[" + i + "].", nic.policy());
    }
    parts.put("autostart", guest.autostart());
    parts.put("stop-timeout", guest.stopTimeout());
    parts.put("keep-running", guest.keepRunning());
    guest.options().forEach((key, value) -> parts.put("options." + key, value));
    return parts;
  }

  /** Egress rules, each as the file has it in one line. */
  static List<String> rules(EgressConfig egress) {
    return egress.rules().stream().map(KeyedValues::rule).toList();
  }

  private static String rule(EgressConfig.Rule rule) {
    boolean usuallyLogs = rule.verdict() == EgressConfig.Verdict.DENY;
    return rule.text()
        + (rule.sni() == EgressConfig.Sni.IGNORED ? "" : " sni " + word(rule.sni()))
        + (rule.log() == usuallyLogs ? "" : " log " + rule.log());
  }
}
