package io.lanyard.config.change;

import io.lanyard.config.Configuration;
import io.lanyard.config.Configuration.Api;
import io.lanyard.config.Configuration.Metrics;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.Ipv6Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.config.change.Change.ApiChanged;
import io.lanyard.config.change.Change.GuestAdded;
import io.lanyard.config.change.Change.GuestChanged;
import io.lanyard.config.change.Change.GuestRemoved;
import io.lanyard.config.change.Change.LogChanged;
import io.lanyard.config.change.Change.MetricsChanged;
import io.lanyard.config.change.Change.NeedsRestart;
import io.lanyard.config.change.Change.NetworkAdded;
import io.lanyard.config.change.Change.NetworkRemoved;
import io.lanyard.config.change.Change.NetworkReplaced;
import io.lanyard.config.change.Holdings.Holder;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** The changes that lead from one configuration to another. */
public final class Difference {
  private final Configuration before;
  private final Configuration after;
  private final Set<Holder> taken;
  private final List<Change> guestsRemoved = new ArrayList<>();
  private final List<Change> letGo = new ArrayList<>();
  private final List<Change> networksRemoved = new ArrayList<>();
  private final List<NetworkReplaced> networksReplaced = new ArrayList<>();
  private final List<Change> networksAdded = new ArrayList<>();
  private final List<Change> inPlace = new ArrayList<>();
  private final List<Change> guestsChanged = new ArrayList<>();
  private final List<Change> guestsAdded = new ArrayList<>();
  private final List<Change> own = new ArrayList<>();

  private Difference(Configuration before, Configuration after) {
    this.before = before;
    this.after = after;
    this.taken = Holdings.of(before).takenBy(after);
  }

  /**
   * Compares two configurations.
   *
   * @param before a valid configuration
   * @param after a valid configuration
   * @return the changes in an order in which they can be made; empty if the two mean the same
   */
  public static List<Change> between(Configuration before, Configuration after) {
    Difference difference = new Difference(before, after);
    difference.networks();
    difference.guests();
    difference.own();
    return difference.inOrder();
  }

  private List<Change> inOrder() {
    List<Change> all = new ArrayList<>(guestsRemoved);
    all.addAll(letGo);
    all.addAll(networksRemoved);
    all.addAll(byFreeSubnets());
    all.addAll(networksAdded);
    all.addAll(inPlace);
    all.addAll(guestsChanged);
    all.addAll(guestsAdded);
    all.addAll(own);
    return List.copyOf(all);
  }

  private void networks() {
    for (NetworkConfig old : before.networks().values()) {
      if (!after.networks().containsKey(old.name())) {
        networksRemoved.add(new NetworkRemoved(old));
      }
    }
    for (NetworkConfig now : after.networks().values()) {
      NetworkConfig old = before.networks().get(now.name());
      if (old == null) {
        networksAdded.add(new NetworkAdded(now));
      } else if (isReplaced(old, now)) {
        new NetworkDifference(old, now, taken, letGo, inPlace).letGo();
        networksReplaced.add(new NetworkReplaced(old, now));
      } else if (!old.equals(now)) {
        new NetworkDifference(old, now, taken, letGo, inPlace).compare();
      }
    }
  }

  private static boolean isReplaced(NetworkConfig old, NetworkConfig now) {
    return old.enabled() != now.enabled()
        || old.mtu() != now.mtu()
        || !fixed(old.mode()).equals(fixed(now.mode()));
  }

  /** The parts of a mode that a network keeps as long as it runs. */
  private static List<Object> fixed(NetworkMode mode) {
    return switch (mode) {
      case NetworkMode.Nat nat -> List.of(mode.word(), fixed(nat.gateway()));
      case NetworkMode.HostOnly hostOnly -> List.of(mode.word(), fixed(hostOnly.gateway()));
      case NetworkMode.Bridged _, NetworkMode.Isolated _ -> List.of(mode);
    };
  }

  /** The addresses that a gateway keeps as long as it runs. */
  private static List<Object> fixed(GatewayConfig gateway) {
    Ipv4Config ipv4 = gateway.ipv4();
    Optional<Ipv6Config> ipv6 = Optional.ofNullable(gateway.ipv6());
    return ipv4 == null ? List.of(ipv6) : List.of(ipv4.subnet(), ipv4.gateway(), ipv4.host(), ipv6);
  }

  /**
   * Networks that are replaced, in an order in which each finds its new subnet free: one that has
   * it now comes first. Where subnets go round in a circle, one of them has to overlap for a while.
   */
  private List<NetworkReplaced> byFreeSubnets() {
    Map<String, NetworkReplaced> rest = new LinkedHashMap<>();
    networksReplaced.forEach(change -> rest.put(change.network(), change));
    List<NetworkReplaced> ordered = new ArrayList<>();
    for (NetworkReplaced change : networksReplaced) {
      if (rest.containsKey(change.network())) {
        order(change, rest, ordered);
      }
    }
    return ordered;
  }

  private static void order(
      NetworkReplaced change, Map<String, NetworkReplaced> rest, List<NetworkReplaced> ordered) {
    rest.remove(change.network());
    for (NetworkReplaced other : List.copyOf(rest.values())) {
      if (rest.containsKey(other.network())
          && isHeld(change.after().gateway(), other.before().gateway())) {
        order(other, rest, ordered);
      }
    }
    ordered.add(change);
  }

  /** Whether one gateway's subnets cannot be had before another one goes. */
  private static boolean isHeld(@Nullable GatewayConfig wanted, @Nullable GatewayConfig by) {
    if (wanted == null || by == null) {
      return false;
    }
    Subnet ipv6 = subnet(wanted.ipv6());
    return (wanted.ipv4() != null
            && by.ipv4() != null
            && wanted.ipv4().subnet().overlaps(by.ipv4().subnet()))
        || (ipv6 != null && ipv6.equals(subnet(by.ipv6())));
  }

  private static @Nullable Subnet subnet(@Nullable Ipv6Config ipv6) {
    return ipv6 == null ? null : ipv6.subnet();
  }

  private void guests() {
    for (GuestConfig old : before.guests().values()) {
      GuestConfig now = after.guests().get(old.name());
      if (now == null) {
        guestsRemoved.add(new GuestRemoved(old));
      } else if (!old.equals(now)) {
        if (taken.contains(Holdings.guest(old))) {
          guestsRemoved.add(new GuestRemoved(old));
          guestsAdded.add(new GuestAdded(now));
        } else {
          guestsChanged.add(new GuestChanged(old, now));
        }
      }
    }
    for (GuestConfig now : after.guests().values()) {
      if (!before.guests().containsKey(now.name())) {
        guestsAdded.add(new GuestAdded(now));
      }
    }
  }

  /** Whether two guests differ in nothing that a running machine has. */
  static boolean isSameMachine(GuestConfig a, GuestConfig b) {
    return comparable(a).equals(comparable(b));
  }

  /** Whether they differ only in NICs and disks. */
  static boolean isPluggable(GuestConfig a, GuestConfig b) {
    return !isSameMachine(a, b) && board(a).equals(board(b));
  }

  private static List<Object> comparable(GuestConfig guest) {
    return List.of(board(guest), guest.disks(), nics(guest));
  }

  private static List<Object> board(GuestConfig guest) {
    return List.of(
        guest.vmm(),
        Objects.requireNonNullElse(guest.architecture(), ""),
        guest.memory(),
        guest.harts(),
        guest.boot(),
        guest.options());
  }

  private static List<Object> nics(GuestConfig guest) {
    return guest.nics().stream()
        .<Object>map(
            nic -> List.of(nic.name(), nic.mac(), Objects.requireNonNullElse(nic.mtu(), "")))
        .toList();
  }

  private void own() {
    served(
        before.metrics(),
        after.metrics(),
        new Metrics(null),
        taken.contains(Holdings.metrics()),
        MetricsChanged::new);
    served(
        before.api().onTcp(),
        after.api().onTcp(),
        new Api(null, null, null, null),
        taken.contains(Holdings.api()),
        ApiChanged::new);
    if (!before.log().equals(after.log())) {
      own.add(new LogChanged(before.log(), after.log()));
    }
    if (!before.hooks().equals(after.hooks())) {
      own.add(new Change.HooksChanged(before.hooks(), after.hooks()));
    }
    needsRestart("api.socket", before.api().socket(), after.api().socket());
    needsRestart("directories.state", before.directories().state(), after.directories().state());
    needsRestart(
        "directories.runtime", before.directories().runtime(), after.directories().runtime());
  }

  /**
   * A server of the daemon's own on TCP.
   *
   * @param nowhere one that does not listen
   * @param taken whether another thing is to have its address; then it is let go first
   */
  private <T> void served(T old, T now, T nowhere, boolean taken, BiFunction<T, T, Change> change) {
    if (old.equals(now)) {
      return;
    }
    if (now.equals(nowhere)) {
      letGo.add(change.apply(old, now));
    } else if (taken) {
      letGo.add(change.apply(old, nowhere));
      own.add(change.apply(nowhere, now));
    } else {
      own.add(change.apply(old, now));
    }
  }

  private void needsRestart(String subject, @Nullable Object old, @Nullable Object now) {
    if (!Objects.equals(old, now)) {
      own.add(new NeedsRestart(subject, Objects.toString(old, ""), Objects.toString(now, "")));
    }
  }
}
