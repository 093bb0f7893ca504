package io.lanyard.daemon;

import io.lanyard.config.Configuration;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.change.Change;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The guests and flows that a change of the configuration ends, now that it is asked for. */
final class Endings {
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
                changed.needsRestart() ? guest(changed.before().name(), "is started anew") : "";
            case Change.NetworkRemoved removed -> network(removed.network());
            case Change.NetworkReplaced replaced -> network(replaced.network());
            case Change.HostAdapterChanged changed -> network(changed.network());
            case Change.PortRemoved removed -> port(removed.network(), removed.before().name());
            case Change.PortReplaced replaced -> port(replaced.network(), replaced.before().name());
            case Change.ForwardRemoved removed ->
                forward(removed.network(), removed.before().key());
            case Change.ForwardChanged changed ->
                changed.before().key().equals(changed.after().key())
                    ? ""
                    : forward(changed.network(), changed.before().key());
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

  /** The flows that the new egress rules and host loopback of a network forbid. */
  private String forbidden(String name, Configuration after, Set<String> judged) {
    Network network = tree.network(name);
    NetworkConfig next = after.networks().get(name);
    if (network == null || next == null || !judged.add(name)) {
      return "";
    }
    return flows("network " + name + ", which forbids them", network.flowsEndedBy(next));
  }

  private String guest(String name, String end) {
    GuestSlot slot = tree.guests().get(name);
    return slot != null && slot.isOn() ? "guest " + name + " runs and " + end : "";
  }

  private String network(String name) {
    Network network = tree.network(name);
    return network == null ? "" : flows("network " + name, network.info().flows());
  }

  private String port(String network, String port) {
    Network there = tree.network(network);
    return there == null ? "" : flows("port " + network + "/" + port, there.flowsOfPort(port));
  }

  private String forward(String network, String key) {
    Network there = tree.network(network);
    return there == null ? "" : flows("forward " + network + "/" + key, there.flowsOfForward(key));
  }

  private static String flows(String whose, long count) {
    return count == 0 ? "" : whose + ": " + count + (count == 1 ? " flow ends" : " flows end");
  }
}
