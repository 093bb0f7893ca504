package io.lanyard.config.change;

import static io.lanyard.base.EnumText.word;

import io.lanyard.config.ByteSize;
import io.lanyard.config.Configuration;
import io.lanyard.config.DhcpConfig;
import io.lanyard.config.DnsConfig;
import io.lanyard.config.DnsRecord;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.DurationText;
import io.lanyard.config.EgressConfig;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.HookConfig;
import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.Ipv6Config;
import io.lanyard.config.NatConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.config.PortConfig;
import io.lanyard.config.PortGroupConfig;
import io.lanyard.config.ReservationConfig;
import io.lanyard.config.UplinkConfig;
import io.lanyard.config.change.Change.DhcpChanged;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Changes as text, in the words of the file. */
final class Descriptions {
  /** The keys that tell a port from others of its kind. */
  private static final List<String> BRIEF_KEYS =
      List.of(
          "path",
          "listen",
          "connect",
          "device",
          "interface",
          "netns",
          "vni",
          "remotes",
          "network",
          "peer");

  private Descriptions() {}

  /** The path of what changes. */
  static String subject(Change change) {
    return switch (change) {
      case Change.NetworkAdded _, Change.NetworkRemoved _, Change.NetworkReplaced _ ->
          network(change);
      case Change.HostAdapterChanged _ -> network(change, "host-adapter");
      case Change.PortGroupAdded one -> network(change, "port-groups", one.after().name());
      case Change.PortGroupRemoved one -> network(change, "port-groups", one.before().name());
      case Change.PortGroupChanged one -> network(change, "port-groups", one.after().name());
      case Change.PortAdded port -> network(change, "ports", port.after().name());
      case Change.PortRemoved port -> network(change, "ports", port.before().name());
      case Change.PortReplaced port -> network(change, "ports", port.after().name());
      case Change.PortPolicyChanged port -> network(change, "ports", port.after().name());
      case Change.ForwardAdded one -> network(change, "forwards", one.after().label());
      case Change.ForwardRemoved one -> network(change, "forwards", one.before().label());
      case Change.ForwardChanged one -> network(change, "forwards", one.after().label());
      case DhcpChanged _ -> network(change, "dhcp");
      case Change.DnsChanged _ -> network(change, "dns");
      case Change.NatChanged _ -> network(change, "nat");
      case Change.EgressChanged _ -> network(change, "egress");
      case Change.SwitchChanged _ -> network(change);
      case Change.GuestAdded guest -> guest(guest.after());
      case Change.GuestRemoved guest -> guest(guest.before());
      case Change.GuestChanged guest -> guest(guest.after());
      case Change.LogChanged _ -> "log";
      case Change.MetricsChanged _ -> "metrics";
      case Change.ApiChanged _ -> "api";
      case Change.HooksChanged _ -> "hooks";
      case Change.NeedsRestart restart -> restart.subject();
    };
  }

  private static String network(Change change, String... further) {
    List<String> steps = new ArrayList<>(List.of("networks", change.network()));
    steps.addAll(List.of(further));
    return new DocumentPath(steps).toString();
  }

  private static String guest(GuestConfig guest) {
    return DocumentPath.of("guests", guest.name()).toString();
  }

  /** A change in one line. */
  static String of(Change change) {
    String subject = change.subject();
    return switch (change) {
      case Change.NetworkAdded one -> "+ " + subject + " (" + brief(one.after()) + ")";
      case Change.NetworkRemoved one -> "- " + subject + " (" + brief(one.before()) + ")";
      case Change.NetworkReplaced one ->
          new Parts(subject).addAll(one.before(), one.after()).line() + end(one);
      case Change.HostAdapterChanged one ->
          one.before() == null
              ? "+ " + subject + " (" + name(one.after()) + ")"
              : one.after() == null
                  ? "- " + subject + " (" + name(one.before()) + ")"
                  : new Parts(subject)
                      .add("name", name(one.before()), name(one.after()))
                      .add("persistent", one.before().persistent(), one.after().persistent())
                      .line();
      case Change.PortGroupAdded one -> "+ " + subject + " (" + brief(one.after()) + ")";
      case Change.PortGroupRemoved one -> "- " + subject + " (" + brief(one.before()) + ")";
      case Change.PortGroupChanged one -> groups(subject, one.before(), one.after());
      case Change.PortAdded one -> "+ " + subject + " (" + brief(one.after()) + ")";
      case Change.PortRemoved one -> "- " + subject + " (" + brief(one.before()) + ")";
      case Change.PortReplaced one -> ports(new Parts(subject), one.before(), one.after());
      case Change.PortPolicyChanged one -> ports(new Parts(subject), one.before(), one.after());
      case Change.ForwardAdded one -> "+ " + subject + " (" + brief(one.after()) + ")";
      case Change.ForwardRemoved one -> "- " + subject + " (" + brief(one.before()) + ")";
      case Change.ForwardChanged one -> forwards(subject, one.before(), one.after());
      case DhcpChanged one -> dhcp(subject, one);
      case Change.DnsChanged one -> dns(subject, one.before(), one.after());
      case Change.NatChanged one -> nat(subject, one.before(), one.after());
      case Change.EgressChanged one -> egress(subject, one.before(), one.after());
      case Change.SwitchChanged one ->
          new Parts(subject)
              .addAll(KeyedValues.of(one.before()), KeyedValues.of(one.after()))
              .line();
      case Change.GuestAdded one -> "+ " + subject + " (" + brief(one.after()) + ")";
      case Change.GuestRemoved one -> "- " + subject + " (" + brief(one.before()) + ")";
      case Change.GuestChanged one ->
          one.isPluggable()
              ? guest(one) + restart(one) + ", unless its VMM can do it while the guest runs"
              : of(one, one.needsRestart());
      case Change.LogChanged one ->
          new Parts(subject).add("level", level(one.before()), level(one.after())).line();
      case Change.MetricsChanged one ->
          new Parts(subject).add("listen", one.before().listen(), one.after().listen()).line();
      case Change.ApiChanged one ->
          new Parts(subject)
              .add("listen", one.before().listen(), one.after().listen())
              .add("tls", tls(one.before()), tls(one.after()))
              .add("tokens", one.before().tokens(), one.after().tokens())
              .line();
      case Change.HooksChanged one ->
          subject + ": " + Parts.arrow(hooks(one.before()), hooks(one.after()));
      case Change.NeedsRestart one ->
          subject
              + ": "
              + Parts.arrow(Parts.orNone(one.before()), Parts.orNone(one.after()))
              + "; needs a restart of the daemon";
    };
  }

  /** A change of a guest in one line. */
  static String of(Change.GuestChanged change, boolean isMadeAnew) {
    return guest(change)
        + (isMadeAnew ? restart(change) : change.needsRestart() ? "; while the guest runs" : "");
  }

  private static String guest(Change.GuestChanged change) {
    return new Parts(change.subject())
        .addAll(KeyedValues.of(change.before()), KeyedValues.of(change.after()))
        .line();
  }

  /** The end of the line about a guest that starts anew: what for, if not for all of it. */
  private static String restart(Change.GuestChanged change) {
    List<String> keys = change.restartKeys();
    int all = GuestDifference.differing(change.before(), change.after()).size();
    return keys.size() == all
        ? "; needs a restart of the guest"
        : "; "
            + String.join(", ", keys)
            + (keys.size() == 1 ? " needs" : " need")
            + " a restart of the guest";
  }

  /** The end of the line about a network that is replaced. */
  private static String end(Change.NetworkReplaced change) {
    if (!change.after().enabled()) {
      return change.before().enabled() ? "; stops" : "";
    }
    return change.before().enabled() ? "; starts anew" : "; starts";
  }

  private static String tls(Configuration.Api api) {
    Configuration.Api.Tls tls = api.tls();
    return tls == null ? "" : tls.certificate() + " with " + tls.key();
  }

  private static String hooks(List<HookConfig> hooks) {
    List<String> all = new ArrayList<>();
    for (HookConfig hook : hooks) {
      all.add(
          String.join(" ", hook.run())
              + " on "
              + String.join(", ", hook.on())
              + " for "
              + DurationText.format(hook.timeout()));
    }
    return all.isEmpty() ? "none" : String.join("; ", all);
  }

  private static String brief(NetworkConfig network) {
    String details =
        switch (network.mode()) {
          case NetworkMode.Nat nat -> ", " + subnet(nat.gateway());
          case NetworkMode.HostOnly hostOnly -> ", " + subnet(hostOnly.gateway());
          case NetworkMode.Bridged(UplinkConfig uplink) -> ", uplink " + uplink.label();
          case NetworkMode.Isolated _ -> "";
        };
    return network.mode().text() + details;
  }

  private static String subnet(GatewayConfig gateway) {
    if (gateway.ipv4() != null) {
      return gateway.ipv4().subnet().toString();
    }
    Ipv6Config ipv6 = gateway.ipv6();
    return ipv6 == null || ipv6.subnet() == null ? "IPv6 alone" : ipv6.subnet().toString();
  }

  private static String brief(ForwardConfig forward) {
    return word(forward.protocol()) + " " + forward.listenText() + " to " + to(forward);
  }

  private static String to(ForwardConfig forward) {
    int first = forward.to().port();
    String range = forward.ports() == 1 ? "" : "-" + (first + forward.ports() - 1);
    return forward.to().host() + ":" + first + range;
  }

  private static String brief(PortConfig port) {
    Map<String, Object> parts = KeyedValues.of(port);
    List<String> text = new ArrayList<>();
    text.add(String.valueOf(parts.remove("kind")));
    for (String key : BRIEF_KEYS) {
      Object value = parts.get(key);
      if (value != null) {
        text.add(key + " " + value);
      }
    }
    return String.join(", ", text);
  }

  private static String brief(PortGroupConfig group) {
    Map<String, Object> parts = KeyedValues.of(group);
    parts.remove("isolated", false);
    return parts.isEmpty() ? "nothing of its own" : String.join(", ", parts.keySet());
  }

  private static String brief(GuestConfig guest) {
    return guest.vmm() + ", " + new ByteSize(guest.memory());
  }

  private static String name(@Nullable HostAdapterConfig adapter) {
    return adapter == null ? "" : adapter.name();
  }

  private static String level(Configuration.Log log) {
    return log.level().name().toLowerCase(Locale.ROOT);
  }

  private static String forwards(String subject, ForwardConfig before, ForwardConfig after) {
    Parts parts =
        new Parts(subject)
            .add("protocol", word(before.protocol()), word(after.protocol()))
            .add("listen", before.listenText(), after.listenText())
            .add("to", to(before), to(after));
    return (parts.isEmpty() ? parts.add("to", leadsTo(before), leadsTo(after)) : parts).line();
  }

  /** The place where a name leads, for a name that leads elsewhere than before. */
  private static String leadsTo(ForwardConfig forward) {
    return switch (forward.to()) {
      case ForwardConfig.ToAddress to -> to(forward) + " (" + to.address() + ")";
      case ForwardConfig.ToGuest to -> to(forward) + " (" + to.mac() + ")";
    };
  }

  private static String ports(Parts parts, PortConfig before, PortConfig after) {
    return parts.addAll(KeyedValues.of(before), KeyedValues.of(after)).line();
  }

  private static String groups(String subject, PortGroupConfig before, PortGroupConfig after) {
    return new Parts(subject).addAll(KeyedValues.of(before), KeyedValues.of(after)).line();
  }

  private static String dhcp(String subject, DhcpChanged change) {
    DhcpConfig before = change.before();
    DhcpConfig after = change.after();
    Parts parts = new Parts(subject).addAll(KeyedValues.of(before), KeyedValues.of(after));
    if (!Objects.equals(change.poolBefore(), change.poolAfter())) {
      parts.add(
          "pool",
          Objects.requireNonNullElse(change.poolBefore(), ""),
          Objects.requireNonNullElse(change.poolAfter(), ""));
    }
    return parts.items("reservations", reservations(before), reservations(after)).line();
  }

  private static Map<String, String> reservations(DhcpConfig dhcp) {
    Map<String, String> items = new LinkedHashMap<>();
    for (ReservationConfig one : dhcp.reservations()) {
      String name = one.hostname();
      items.put(
          one.mac().toString(),
          Stream.of(one.address(), one.ipv6(), name)
              .filter(Objects::nonNull)
              .map(Object::toString)
              .collect(Collectors.joining(" ")));
    }
    return items;
  }

  private static String dns(String subject, DnsConfig before, DnsConfig after) {
    return new Parts(subject)
        .add("enabled", before.enabled(), after.enabled())
        .add("domain", before.domain(), after.domain())
        .add("hosts-file", before.hostsFile(), after.hostsFile())
        .add("upstreams", upstreams(before), upstreams(after))
        .add("domains", before.domains(), after.domains())
        .add("authorities", before.authorities(), after.authorities())
        .add("rebinding-protection", before.rebindingProtection(), after.rebindingProtection())
        .add("rebinding-exceptions", before.rebindingExceptions(), after.rebindingExceptions())
        .add("serve-stale", before.serveStale(), after.serveStale())
        .add("rate-limit", before.rateLimit(), after.rateLimit())
        .add("query-log", before.queryLog(), after.queryLog())
        .lists("records", records(before), records(after))
        .items("hosts", hosts(before), hosts(after))
        .line();
  }

  private static List<String> records(DnsConfig dns) {
    return dns.records().stream().map(each -> each.name() + " " + text(each.data())).toList();
  }

  private static String text(DnsRecord.Data data) {
    return switch (data) {
      case DnsRecord.Alias alias -> "cname " + alias.target();
      case DnsRecord.Service service -> "srv " + service;
      case DnsRecord.Text text -> "txt " + text.text();
      case DnsRecord.Pointer pointer -> "ptr " + pointer.address();
      case DnsRecord.Ipv4 ipv4 -> "a " + ipv4.address();
      case DnsRecord.Ipv6 ipv6 -> "aaaa " + ipv6.address();
    };
  }

  private static String upstreams(DnsConfig dns) {
    return switch (dns.upstreams()) {
      case DnsConfig.OfHost _ -> "those of the host";
      case DnsConfig.None _ -> "[]";
      case DnsConfig.Servers some -> Parts.text(some.servers());
    };
  }

  private static Map<String, String> hosts(DnsConfig dns) {
    Map<String, String> hosts = new LinkedHashMap<>();
    dns.hosts()
        .forEach((name, its) ->
            hosts.put(name, String.join(", ", its.stream().map(Address::toString).toList())));
    return hosts;
  }

  private static String nat(String subject, NatConfig before, NatConfig after) {
    Parts parts = new Parts(subject).addAll(KeyedValues.of(before), KeyedValues.of(after));
    if (parts.isEmpty()) {
      parts.add("quotas", written(before), written(after));
    }
    return parts.line();
  }

  /** The quotas that the file says: others yield where they do not fit. */
  private static String written(NatConfig nat) {
    return "said: " + Parts.text(nat.quotas().written().stream().sorted().toList());
  }

  private static String egress(String subject, EgressConfig before, EgressConfig after) {
    Parts parts =
        new Parts(subject)
            .add("default", defaultOf(before), defaultOf(after))
            .add("dry-run", before.dryRun(), after.dryRun());
    return nat64(parts, before, after)
        .lists("rules", KeyedValues.rules(before), KeyedValues.rules(after))
        .line();
  }

  private static Parts nat64(Parts parts, EgressConfig before, EgressConfig after) {
    return before.nat64() instanceof EgressConfig.Prefixes
            && after.nat64() instanceof EgressConfig.Prefixes
        ? parts.lists("nat64-prefixes", texts(before), texts(after))
        : parts.add("nat64-prefixes", nat64(before), nat64(after));
  }

  private static List<String> texts(EgressConfig egress) {
    return egress.nat64().said().stream().map(Subnet::toString).toList();
  }

  private static String defaultOf(EgressConfig egress) {
    return egress.otherwise() == null ? "" : word(egress.otherwise());
  }

  private static String nat64(EgressConfig egress) {
    return switch (egress.nat64()) {
      case EgressConfig.Discovered _ -> "those of ipv4only.arpa";
      case EgressConfig.Prefixes some -> Parts.text(some.prefixes());
    };
  }
}
