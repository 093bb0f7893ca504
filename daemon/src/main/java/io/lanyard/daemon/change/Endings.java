package io.lanyard.daemon.change;

import io.lanyard.config.Configuration;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode.Bridged;
import io.lanyard.config.PortPolicy;
import io.lanyard.config.UplinkConfig;
import io.lanyard.config.change.Change;
import io.lanyard.control.api.LeaseInfo;
import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.guest.GuestSlot;
import io.lanyard.daemon.network.Network;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.PortState;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The guests and flows that a change of the configuration ends, now that it is asked for. */
final class Endings {
  private static final String UP = PortState.up().label();

  /** The names that a person reads at once. */
  private static final int MOST_NAMES = 8;

  private final RunningTree tree;

  Endings(RunningTree tree) {
    this.tree = tree;
  }

  /** A line for each thing that ends, for people; none if nothing does. */
  List<String> of(List<Change> changes, Configuration after) {
    List<String> all = new ArrayList<>();
    Set<String> judged = new TreeSet<>();
    for (Change change : changes) {
      String ends =
          switch (change) {
            case Change.GuestRemoved removed -> guest(removed.before().name(), "is powered off");
            case Change.GuestChanged changed ->
                tree.isMadeAnew(changed)
                    ? guest(
                        changed.before().name(),
                        "is started anew, for its " + named(changed.restartKeys()))
                    : Stream.concat(
                            Stream.of(moved(changed.before(), changed.after())),
                            forbidden(changed, after, judged))
                        .filter(text -> !text.isEmpty())
                        .collect(Collectors.joining("; "));
            case Change.NetworkRemoved removed -> network(removed.network(), true);
            case Change.NetworkReplaced replaced ->
                network(
                    replaced.network(), !haveTheSameLeases(replaced.before(), replaced.after()));
            case Change.HostAdapterChanged changed -> adapter(changed);
            case Change.PortRemoved removed -> port(removed.network(), removed.before().name());
            case Change.PortReplaced replaced -> port(replaced.network(), replaced.before().name());
            case Change.ForwardRemoved removed -> forward(removed.network(), removed.before());
            case Change.ForwardChanged changed ->
                changed.before().key().equals(changed.after().key())
                    ? ""
                    : forward(changed.network(), changed.before());
            case Change.PortPolicyChanged changed ->
                haveTheSameEgress(changed.before().policy(), changed.after().policy())
                    ? ""
                    : forbidden(changed.network(), after, judged);
            case Change.EgressChanged changed -> forbidden(changed.network(), after, judged);
            case Change.NatChanged changed -> forbidden(changed.network(), after, judged);
            default -> "";
          };
      if (!ends.isEmpty()) {
        all.add(ends);
      }
    }
    return all;
  }

  /** A line for each uplink that guests lose or that leads elsewhere; none if all stay. */
  static List<String> uplinks(List<Change> changes) {
    List<String> all = new ArrayList<>();
    for (Change change : changes) {
      if (change instanceof Change.NetworkReplaced(NetworkConfig before, NetworkConfig after)
          && before.mode() instanceof Bridged(UplinkConfig uplink)
          && !before.mode().equals(after.mode())) {
        all.add(
            "network "
                + before.name()
                + ": its uplink "
                + uplink.label()
                + (after.mode() instanceof Bridged(UplinkConfig next)
                    ? " is opened anew, as " + next.label()
                    : " goes")
                + "; users that reach this host by a guest may be cut off");
      }
    }
    return all;
  }

  private static boolean haveTheSameEgress(PortPolicy before, PortPolicy after) {
    return before.egress().equals(after.egress())
        && before.groupEgress().equals(after.groupEgress());
  }

  /** The flows that the new egress rules of a guest's NICs forbid, by network. */
  private Stream<String> forbidden(
      Change.GuestChanged changed, Configuration after, Set<String> judged) {
    List<GuestConfig.Nic> former = changed.before().nics();
    return changed.after().nics().stream()
        .filter(nic ->
            former.stream()
                .anyMatch(was ->
                    was.name().equals(nic.name())
                        && was.network().equals(nic.network())
                        && !haveTheSameEgress(was.policy(), nic.policy())))
        .map(nic -> forbidden(nic.network(), after, judged));
  }

  /** The flows that the new egress rules and host loopback of a network forbid. */
  private String forbidden(String name, Configuration after, Set<String> judged) {
    Network network = tree.network(name);
    NetworkConfig next = after.networks().get(name);
    if (network == null || next == null || !judged.add(name)) {
      return "";
    }
    String ended = flows("network " + name, network.flowsEndedBy(next, after.guests()));
    return ended.isEmpty() ? "" : ended + ", no longer permitted";
  }

  private String guest(String name, String end) {
    GuestSlot slot = tree.guests().get(name);
    return slot != null && slot.isOn() ? "guest " + name + " runs and " + end : "";
  }

  /** The NICs of a running guest that move to another network or go, and the disks that go. */
  private String moved(GuestConfig before, GuestConfig after) {
    GuestSlot slot = tree.guests().get(before.name());
    if (slot == null || !slot.isOn()) {
      return "";
    }
    List<String> all = new ArrayList<>();
    for (int i = 0; i < before.nics().size(); i++) {
      GuestConfig.Nic nic = before.nics().get(i);
      GuestConfig.Nic now = i < after.nics().size() ? after.nics().get(i) : null;
      String to = now == null ? "" : now.network();
      String as = now == null || now.mac().equals(nic.mac()) ? "" : ", as " + now.mac();
      Network from = tree.network(nic.network());
      if ((!as.isEmpty() || !to.equals(nic.network())) && from != null) {
        String flows =
            flows(
                "guest " + before.name(),
                from.report().flowsOfPort(before.name() + "." + nic.name()));
        all.add(
            "guest "
                + before.name()
                + ": "
                + nic.name()
                + " loses its link to network "
                + nic.network()
                + (to.isEmpty() ? "" : " and gets one to " + to)
                + as
                + (flows.isEmpty() ? "" : "; " + flows));
      }
    }
    for (int i = 0; i < before.disks().size(); i++) {
      GuestConfig.Disk disk = before.disks().get(i);
      if (i >= after.disks().size() || !disk.equals(after.disks().get(i))) {
        all.add(
            "guest " + before.name() + ": its disk " + disk.path() + " is taken out while it runs");
      }
    }
    return String.join("; ", all);
  }

  /** Whether the leases of a network that is made anew go on. */
  private static boolean haveTheSameLeases(NetworkConfig before, NetworkConfig after) {
    GatewayConfig old = before.gateway();
    GatewayConfig now = after.gateway();
    return old != null
        && now != null
        && Objects.equals(subnet(old), subnet(now))
        && (old.ipv4() != null || Objects.equals(old.ipv6(), now.ipv6()));
  }

  private static @Nullable Subnet subnet(GatewayConfig gateway) {
    return gateway.ipv4() == null ? null : gateway.ipv4().subnet();
  }

  private String network(String name, boolean endsLeases) {
    Network network = tree.network(name);
    if (network == null) {
      return "";
    }
    List<String> ends = new ArrayList<>();
    List<String> attached =
        network.report().ports().stream()
            .filter(port -> !Network.OWN_PORTS.contains(port.name()) && port.state().equals(UP))
            .map(PortInfo::name)
            .toList();
    if (!attached.isEmpty()) {
      ends.add("the guests at " + named(attached) + " lose their link");
    }
    long flows = network.report().info().flows();
    if (flows > 0) {
      ends.add(flows + (flows == 1 ? " flow ends" : " flows end"));
    }
    List<String> leases =
        endsLeases
            ? network.report().leases().stream()
                .filter(Endings::isBound)
                .map(Endings::holder)
                .toList()
            : List.of();
    if (!leases.isEmpty()) {
      ends.add(
          (leases.size() == 1 ? "the lease of " : "the leases of ")
              + named(leases)
              + (leases.size() == 1 ? " ends" : " end"));
    }
    return ends.isEmpty() ? "" : "network " + name + ": " + String.join("; ", ends);
  }

  private static boolean isBound(LeaseInfo lease) {
    return lease.state().equals("bound");
  }

  private static String holder(LeaseInfo lease) {
    return lease.hostname().isEmpty()
        ? lease.address()
        : lease.hostname() + " (" + lease.address() + ")";
  }

  /** Names, of which there are not too many to read. */
  private static String named(List<String> all) {
    return String.join(", ", all.subList(0, Math.min(MOST_NAMES, all.size())))
        + (all.size() > MOST_NAMES ? " and " + (all.size() - MOST_NAMES) + " more" : "");
  }

  private String adapter(Change.HostAdapterChanged changed) {
    Network there = tree.network(changed.network());
    HostAdapterConfig gone = changed.before();
    if (there == null || gone == null || there.report().info().hostAdapter().isEmpty()) {
      return "";
    }
    return "network "
        + changed.network()
        + ": the host loses its adapter "
        + gone.name()
        + ", and what it has open to guests through it";
  }

  private String port(String network, String port) {
    Network there = tree.network(network);
    if (there == null) {
      return "";
    }
    String name = "port " + network + "/" + port;
    boolean attached =
        there.report().ports().stream()
            .anyMatch(one -> one.name().equals(port) && one.state().equals(UP));
    String flows = flows(name, there.report().flowsOfPort(port));
    String link = attached ? name + ": the guest there loses its link" : "";
    return link.isEmpty() || flows.isEmpty() ? link + flows : link + "; " + flows;
  }

  private String forward(String network, ForwardConfig forward) {
    Network there = tree.network(network);
    return there == null
        ? ""
        : flows("forward " + network + "/" + forward.key(), there.report().flowsOfForward(forward));
  }

  private static String flows(String whose, long count) {
    return count == 0 ? "" : whose + ": " + count + (count == 1 ? " flow ends" : " flows end");
  }
}
