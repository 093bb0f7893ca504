package io.lanyard.config.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.EnumText;
import io.lanyard.config.Configuration;
import io.lanyard.config.DhcpConfig;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.HookConfig;
import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.config.PortConfig;
import io.lanyard.config.PortGroupConfig;
import io.lanyard.net.Endpoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A configuration as data that changes are made to, one after the other: each finds what it says
 * was there, and nobody holds what another has.
 */
final class Model {
  private final Map<String, NetworkConfig> networks;
  private final Map<String, GuestConfig> guests;
  private Configuration.Metrics metrics;
  private Configuration.Api api;
  private List<HookConfig> hooks;
  private Configuration.Log log;
  private final Map<String, String> fixed = new TreeMap<>();

  Model(Configuration of) {
    networks = new HashMap<>(of.networks());
    guests = new HashMap<>(of.guests());
    metrics = of.metrics();
    api = of.api().onTcp();
    hooks = of.hooks();
    log = of.log();
    fixed.put("api.socket", Objects.toString(of.api().socket(), ""));
    fixed.put("directories.state", Objects.toString(of.directories().state(), ""));
    fixed.put("directories.runtime", Objects.toString(of.directories().runtime(), ""));
  }

  void apply(Change change) {
    switch (change) {
      case Change.NetworkAdded one ->
          assertThat(networks.putIfAbsent(one.network(), one.after())).isNull();
      case Change.NetworkRemoved one -> isPartOf(networks.remove(one.network()), one.before());
      case Change.NetworkReplaced one ->
          isPartOf(networks.put(one.network(), one.after()), one.before());
      case Change.GuestAdded one -> {
        assertThat(guests.putIfAbsent(one.after().name(), one.after())).isNull();
        one.after().nics().forEach(nic -> assertThat(networks).containsKey(nic.network()));
      }
      case Change.GuestRemoved one ->
          assertThat(guests.remove(one.before().name())).isEqualTo(one.before());
      case Change.GuestChanged one -> {
        assertThat(guests.put(one.after().name(), one.after())).isEqualTo(one.before());
        one.after().nics().forEach(nic -> assertThat(networks).containsKey(nic.network()));
      }
      case Change.LogChanged one -> {
        assertThat(log).isEqualTo(one.before());
        log = one.after();
      }
      case Change.MetricsChanged one -> {
        assertThat(metrics).isEqualTo(one.before());
        metrics = one.after();
      }
      case Change.ApiChanged one -> {
        assertThat(api).isEqualTo(one.before());
        api = one.after();
      }
      case Change.HooksChanged one -> {
        assertThat(hooks).isEqualTo(one.before());
        hooks = one.after();
      }
      case Change.NeedsRestart one ->
          assertThat(fixed.put(one.subject(), one.after())).isEqualTo(one.before());
      default -> {
        assertThat(networks).containsKey(change.network());
        networks.computeIfPresent(change.network(), (_, old) -> within(old, change));
      }
    }
    nobodyHoldsWhatAnotherHas();
  }

  /** Checks the rest of a network, of which something may have been removed before. */
  private static void isPartOf(@Nullable NetworkConfig left, NetworkConfig before) {
    assertThat(left).isNotNull();
    assertThat(before.forwards()).containsAll(Objects.requireNonNull(left).forwards());
    assertThat(before.ports()).containsAll(left.ports());
    assertThat(left.mode().word()).isEqualTo(before.mode().word());
  }

  private static NetworkConfig within(NetworkConfig old, Change change) {
    List<PortConfig> ports = new ArrayList<>(old.ports());
    Map<String, PortGroupConfig> groups = new LinkedHashMap<>(old.portGroups());
    var switching = old.switching();
    var mode = old.mode();
    switch (change) {
      case Change.PortGroupAdded one ->
          assertThat(groups.put(one.after().name(), one.after())).isNull();
      case Change.PortGroupRemoved one ->
          assertThat(groups.remove(one.before().name())).isEqualTo(one.before());
      case Change.PortGroupChanged one ->
          assertThat(groups.put(one.after().name(), one.after())).isEqualTo(one.before());
      case Change.PortAdded one -> ports.add(one.after());
      case Change.PortRemoved one -> assertThat(ports.remove(one.before())).isTrue();
      case Change.PortReplaced one -> replace(ports, one.before(), one.after());
      case Change.PortPolicyChanged one -> replace(ports, one.before(), one.after());
      case Change.SwitchChanged one -> {
        assertThat(switching).isEqualTo(one.before());
        switching = one.after();
      }
      default ->
          mode =
              switch (old.mode()) {
                case NetworkMode.Nat nat -> within(nat, change);
                case NetworkMode.HostOnly hostOnly -> within(hostOnly, change);
                case NetworkMode.Bridged _, NetworkMode.Isolated _ ->
                    throw new AssertionError(change);
              };
    }
    return new NetworkConfig(old.name(), old.enabled(), mode, old.mtu(), switching, groups, ports);
  }

  private static NetworkMode within(NetworkMode.HostOnly old, Change change) {
    if (change
        instanceof
        Change.HostAdapterChanged(String _, HostAdapterConfig before, HostAdapterConfig after)) {
      assertThat(old.hostAdapter()).isEqualTo(before);
      return new NetworkMode.HostOnly(old.gateway(), after);
    }
    return new NetworkMode.HostOnly(within(old.gateway(), change), old.hostAdapter());
  }

  private static NetworkMode within(NetworkMode.Nat old, Change change) {
    GatewayConfig gateway = old.gateway();
    var adapter = old.hostAdapter();
    var nat = old.nat();
    var egress = old.egress();
    List<ForwardConfig> forwards = new ArrayList<>(old.forwards());
    switch (change) {
      case Change.HostAdapterChanged one -> {
        assertThat(adapter).isEqualTo(one.before());
        adapter = one.after();
      }
      case Change.ForwardAdded one -> forwards.add(one.after());
      case Change.ForwardRemoved one -> assertThat(forwards.remove(one.before())).isTrue();
      case Change.ForwardChanged one -> replace(forwards, one.before(), one.after());
      case Change.NatChanged one -> {
        assertThat(nat).isEqualTo(one.before());
        nat = one.after();
      }
      case Change.EgressChanged one -> {
        assertThat(egress).isEqualTo(one.before());
        egress = one.after();
      }
      default -> gateway = within(gateway, change);
    }
    if (nat.hostLoopback().enabled()) {
      assertThat(adapter).isNull();
    }
    return new NetworkMode.Nat(gateway, adapter, nat, egress, forwards);
  }

  private static GatewayConfig within(GatewayConfig old, Change change) {
    Ipv4Config ipv4 = old.ipv4();
    return switch (change) {
      case Change.DhcpChanged one -> {
        assertThat(old.dhcp()).isEqualTo(one.before());
        assertThat(ipv4.pool()).isEqualTo(one.poolBefore());
        yield new GatewayConfig(
            new Ipv4Config(ipv4.subnet(), ipv4.gateway(), ipv4.host(), one.poolAfter()),
            old.ipv6(),
            one.after(),
            old.dns());
      }
      case Change.DnsChanged one -> {
        assertThat(old.dns()).isEqualTo(one.before());
        yield new GatewayConfig(ipv4, old.ipv6(), old.dhcp(), one.after());
      }
      default -> throw new AssertionError(change);
    };
  }

  private static <T> void replace(List<T> list, T before, T after) {
    int at = list.indexOf(before);
    assertThat(at).isNotNegative();
    list.set(at, after);
  }

  private void nobodyHoldsWhatAnotherHas() {
    Map<String, List<Endpoint>> listening = new HashMap<>();
    List<Object> held = new ArrayList<>();
    if (metrics.listen() != null) {
      listening.computeIfAbsent("tcp", _ -> new ArrayList<>()).add(metrics.listen());
    }
    if (api.listen() != null) {
      listening.computeIfAbsent("tcp", _ -> new ArrayList<>()).add(api.listen());
    }
    for (NetworkConfig network : networks.values()) {
      Set<String> names = new HashSet<>();
      for (ForwardConfig forward : network.forwards()) {
        assertThat(names.add(forward.label())).isTrue();
        listening
            .computeIfAbsent(forward.key().substring(0, 3), _ -> new ArrayList<>())
            .add(forward.listen());
      }
      if (network.hostAdapter() != null) {
        held.add("device " + network.hostAdapter().name() + " null");
      }
      names.clear();
      for (PortConfig port : network.ports()) {
        assertThat(names.add(port.name())).isTrue();
        for (PortConfig.Held thing : port.holds()) {
          switch (thing) {
            case PortConfig.Held.Device device ->
                held.add("device " + device.name() + " " + device.netns());
            case PortConfig.Held.SocketPath at -> held.add(at.path());
            case PortConfig.Held.Listening at ->
                listening
                    .computeIfAbsent(EnumText.word(at.transport()), _ -> new ArrayList<>())
                    .add(at.endpoint());
            case PortConfig.Held.Vni at -> held.add("vxlan " + at.endpoint() + " " + at.vni());
          }
        }
      }
    }
    for (GuestConfig guest : guests.values()) {
      guest.nics().forEach(nic -> held.add(nic.mac()));
    }
    assertThat(held).doesNotHaveDuplicates();
    listening.values().forEach(Model::doNotOverlap);
  }

  private static void doNotOverlap(List<Endpoint> endpoints) {
    for (int i = 0; i < endpoints.size(); i++) {
      Endpoint a = endpoints.get(i);
      for (Endpoint b : endpoints.subList(i + 1, endpoints.size())) {
        boolean overlaps =
            a.port() == b.port()
                && (a.address().isAny() || b.address().isAny() || a.address().equals(b.address()));
        assertThat(overlaps).as("%s overlaps %s", a, b).isFalse();
      }
    }
  }

  /** All that it says, regardless of the orders that mean nothing. */
  Object content() {
    Map<String, Object> content = new TreeMap<>();
    networks.forEach((name, network) -> content.put("network " + name, content(network)));
    content.put("guests", guests);
    content.put("metrics", metrics);
    content.put("api", api);
    content.put("hooks", hooks);
    content.put("log", log);
    content.put("fixed", fixed);
    return content;
  }

  private static Object content(NetworkConfig network) {
    Map<String, Object> content = new TreeMap<>();
    content.put("forwards", new HashSet<>(network.forwards()));
    content.put("ports", new HashSet<>(network.ports()));
    GatewayConfig gateway = network.gateway();
    content.put(
        "reservations", gateway == null ? Set.of() : new HashSet<>(gateway.dhcp().reservations()));
    content.put(
        "rest",
        new NetworkConfig(
            network.name(),
            network.enabled(),
            withoutLists(network.mode()),
            network.mtu(),
            network.switching(),
            network.portGroups(),
            List.of()));
    return content;
  }

  private static NetworkMode withoutLists(NetworkMode mode) {
    return switch (mode) {
      case NetworkMode.Nat nat ->
          new NetworkMode.Nat(
              withoutReservations(nat.gateway()),
              nat.hostAdapter(),
              nat.nat(),
              nat.egress(),
              List.of());
      case NetworkMode.HostOnly hostOnly ->
          new NetworkMode.HostOnly(withoutReservations(hostOnly.gateway()), hostOnly.hostAdapter());
      case NetworkMode.Bridged _, NetworkMode.Isolated _ -> mode;
    };
  }

  private static GatewayConfig withoutReservations(GatewayConfig gateway) {
    return new GatewayConfig(
        gateway.ipv4(), gateway.ipv6(), withoutReservations(gateway.dhcp()), gateway.dns());
  }

  private static DhcpConfig withoutReservations(DhcpConfig dhcp) {
    return new DhcpConfig(
        dhcp.enabled(),
        dhcp.leaseTime(),
        dhcp.minLeaseTime(),
        dhcp.maxLeaseTime(),
        dhcp.conflictProbe(),
        dhcp.leasesPerPort(),
        dhcp.ipv6(),
        dhcp.authoritative(),
        List.of(),
        dhcp.options());
  }

  static void applyAll(Model model, List<Change> changes) {
    changes.forEach(model::apply);
  }
}
