package io.lanyard.config.change;

import io.lanyard.config.DhcpConfig;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode.Nat;
import io.lanyard.config.PortConfig;
import io.lanyard.config.PortGroupConfig;
import io.lanyard.config.ReservationConfig;
import io.lanyard.config.change.Change.DhcpChanged;
import io.lanyard.config.change.Change.DnsChanged;
import io.lanyard.config.change.Change.EgressChanged;
import io.lanyard.config.change.Change.ForwardAdded;
import io.lanyard.config.change.Change.ForwardChanged;
import io.lanyard.config.change.Change.ForwardRemoved;
import io.lanyard.config.change.Change.HostAdapterChanged;
import io.lanyard.config.change.Change.NatChanged;
import io.lanyard.config.change.Change.PortAdded;
import io.lanyard.config.change.Change.PortGroupAdded;
import io.lanyard.config.change.Change.PortGroupChanged;
import io.lanyard.config.change.Change.PortGroupRemoved;
import io.lanyard.config.change.Change.PortPolicyChanged;
import io.lanyard.config.change.Change.PortRemoved;
import io.lanyard.config.change.Change.PortReplaced;
import io.lanyard.config.change.Change.SwitchChanged;
import io.lanyard.config.change.Holdings.Holder;
import io.lanyard.net.AddressRange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The changes of one network that is there before and after. */
final class NetworkDifference {
  private final String name;
  private final NetworkConfig before;
  private final NetworkConfig after;
  private final Set<Holder> taken;
  private final List<Change> letGo;
  private final List<Change> inPlace;

  /**
   * Makes one.
   *
   * @param taken things that hold what others are to have
   * @param letGo takes changes that free something
   * @param inPlace takes the other changes
   */
  NetworkDifference(
      NetworkConfig before,
      NetworkConfig after,
      Set<Holder> taken,
      List<Change> letGo,
      List<Change> inPlace) {
    this.name = after.name();
    this.before = before;
    this.after = after;
    this.taken = taken;
    this.letGo = letGo;
    this.inPlace = inPlace;
  }

  /** Frees what other things are to have, of a network that is replaced. */
  void letGo() {
    for (ForwardConfig forward : before.forwards()) {
      if (taken.contains(Holdings.forward(name, forward))) {
        letGo.add(new ForwardRemoved(name, forward));
      }
    }
    for (PortConfig port : before.ports()) {
      if (taken.contains(Holdings.port(name, port))) {
        letGo.add(new PortRemoved(name, port));
      }
    }
    HostAdapterConfig adapter = before.hostAdapter();
    if (adapter != null && taken.contains(Holdings.hostAdapter(name))) {
      letGo.add(new HostAdapterChanged(name, adapter, null));
    }
  }

  /** Compares all parts that a network can change in place. */
  void compare() {
    if (!before.switching().equals(after.switching())) {
      inPlace.add(new SwitchChanged(name, before.switching(), after.switching()));
    }
    GatewayConfig old = before.gateway();
    GatewayConfig now = after.gateway();
    if (old != null && now != null) {
      services(old, now);
    }
    if (before.mode() instanceof Nat was && after.mode() instanceof Nat is) {
      nat(was, is);
    } else {
      hostAdapter();
    }
    portGroups();
    ports();
    forwards();
  }

  private void services(GatewayConfig old, GatewayConfig now) {
    AddressRange oldPool = pool(old);
    AddressRange pool = pool(now);
    if (!isSame(old.dhcp(), now.dhcp()) || !Objects.equals(oldPool, pool)) {
      inPlace.add(new DhcpChanged(name, old.dhcp(), now.dhcp(), oldPool, pool));
    }
    if (!old.dns().equals(now.dns())) {
      inPlace.add(new DnsChanged(name, old.dns(), now.dns()));
    }
  }

  private static @Nullable AddressRange pool(GatewayConfig gateway) {
    return gateway.ipv4() == null ? null : gateway.ipv4().pool();
  }

  private void nat(Nat old, Nat now) {
    if (!old.nat().equals(now.nat())) {
      inPlace.add(new NatChanged(name, old.nat(), now.nat()));
    }
    hostAdapter();
    if (!old.egress().equals(now.egress())) {
      inPlace.add(new EgressChanged(name, old.egress(), now.egress()));
    }
  }

  private static boolean isSame(DhcpConfig a, DhcpConfig b) {
    return a.equals(b) || sorted(a).equals(sorted(b));
  }

  private static DhcpConfig sorted(DhcpConfig dhcp) {
    Map<Long, ReservationConfig> byMac = new TreeMap<>();
    dhcp.reservations().forEach(one -> byMac.put(one.mac().bits(), one));
    return new DhcpConfig(
        dhcp.enabled(),
        dhcp.leaseTime(),
        dhcp.minLeaseTime(),
        dhcp.maxLeaseTime(),
        dhcp.conflictProbe(),
        dhcp.leasesPerPort(),
        dhcp.ipv6(),
        dhcp.authoritative(),
        List.copyOf(byMac.values()),
        dhcp.options());
  }

  /** A host adapter goes before the gateway answers for its address, and comes after that ends. */
  private void hostAdapter() {
    HostAdapterConfig old = before.hostAdapter();
    HostAdapterConfig now = after.hostAdapter();
    if (Objects.equals(old, now)) {
      return;
    }
    if (old != null && now != null && taken.contains(Holdings.hostAdapter(name))) {
      letGo.add(new HostAdapterChanged(name, old, null));
      inPlace.add(new HostAdapterChanged(name, null, now));
    } else {
      (now == null ? letGo : inPlace).add(new HostAdapterChanged(name, old, now));
    }
  }

  private void portGroups() {
    for (PortGroupConfig was : before.portGroups().values()) {
      if (!after.portGroups().containsKey(was.name())) {
        inPlace.add(new PortGroupRemoved(name, was));
      }
    }
    for (PortGroupConfig now : after.portGroups().values()) {
      PortGroupConfig was = before.portGroups().get(now.name());
      if (was == null) {
        inPlace.add(new PortGroupAdded(name, now));
      } else if (!was.equals(now)) {
        inPlace.add(new PortGroupChanged(name, was, now));
      }
    }
  }

  private void ports() {
    Map<String, PortConfig> old = new HashMap<>();
    before.ports().forEach(port -> old.put(port.name(), port));
    List<Change> added = new ArrayList<>();
    for (PortConfig now : after.ports()) {
      PortConfig was = old.remove(now.name());
      if (was == null) {
        added.add(new PortAdded(name, now));
      } else if (!was.equals(now)) {
        if (isSameBut(was, now)) {
          inPlace.add(new PortPolicyChanged(name, was, now));
        } else if (taken.contains(Holdings.port(name, was))) {
          letGo.add(new PortRemoved(name, was));
          added.add(new PortAdded(name, now));
        } else {
          inPlace.add(new PortReplaced(name, was, now));
        }
      }
    }
    for (PortConfig was : before.ports()) {
      if (old.containsKey(was.name())) {
        letGo.add(new PortRemoved(name, was));
      }
    }
    inPlace.addAll(added);
  }

  /** Whether nothing but the policy differs. */
  private static boolean isSameBut(PortConfig a, PortConfig b) {
    return a.equals(b.with(a.policy()));
  }

  private void forwards() {
    Map<String, ForwardConfig> old = new HashMap<>();
    before.forwards().forEach(forward -> old.put(forward.label(), forward));
    List<Change> added = new ArrayList<>();
    for (ForwardConfig now : after.forwards()) {
      ForwardConfig was = old.remove(now.label());
      if (was == null) {
        added.add(new ForwardAdded(name, now));
      } else if (!was.equals(now)) {
        if (taken.contains(Holdings.forward(name, was))) {
          letGo.add(new ForwardRemoved(name, was));
          added.add(new ForwardAdded(name, now));
        } else {
          inPlace.add(new ForwardChanged(name, was, now));
        }
      }
    }
    for (ForwardConfig was : before.forwards()) {
      if (old.containsKey(was.label())) {
        letGo.add(new ForwardRemoved(name, was));
      }
    }
    inPlace.addAll(added);
  }
}
