package io.lanyard.daemon.change;

import io.lanyard.config.Configuration;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.change.Change;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The steps that a change of the configuration takes, in their order, and what it ends.
 *
 * <p>What cannot fail and ends nothing comes first, then what may fail, then what ends something:
 * so a step that fails finds little that cannot be undone. An addition that needs what a removal
 * gives back (a listen address, a name, a device, a subnet) has to wait for that, and comes last.
 *
 * <p>Guests that a phase ends have their power buttons pressed at its beginning, all at a time.
 *
 * <p>The settings of a network are taken over together, in one step: they cannot fail, and its
 * services depend on each other. A network whose addresses, mode or host adapter change is made
 * anew, with all that is on it.
 *
 * <p>Thread: the conductor's.
 */
final class Steps {
  private enum Phase {
    SETTINGS,
    ADDITIONS,
    REPLACEMENTS,
    REMOVALS,
    LATE_ADDITIONS
  }

  private record Placed(Phase phase, Step step) {}

  private final StepMaker maker;
  private final Endings endings;

  /**
   * Makes one.
   *
   * @param tree what runs
   * @param maker makes a step of a change
   */
  Steps(RunningTree tree, StepMaker maker) {
    this.maker = maker;
    this.endings = new Endings(tree);
  }

  /** The kind of a change, as the API names it. */
  static String kind(Change change) {
    return change
        .getClass()
        .getSimpleName()
        .replaceAll("(?<=[a-z])(?=[A-Z])", "-")
        .toLowerCase(Locale.ROOT);
  }

  /** The guests and flows that a difference ends, for people. */
  List<String> ends(List<Change> changes, Configuration after) {
    return endings.of(changes, after);
  }

  /** The steps of a difference. */
  List<Step> of(List<Change> changes, Configuration before, Configuration after) {
    Set<String> replaced = replaced(changes);
    List<Placed> placed = new ArrayList<>();
    for (String network : configured(changes, before, after)) {
      if (!replaced.contains(network)) {
        placed.add(new Placed(Phase.SETTINGS, maker.settings(network, before, after)));
      }
    }
    for (String network : replaced) {
      placed.add(new Placed(Phase.REPLACEMENTS, maker.replacement(network, before, after)));
    }
    Set<String> freed = new HashSet<>();
    changes.forEach(change -> freed.addAll(Claimed.before(change)));
    Set<String> late = new HashSet<>();
    Map<Phase, List<String>> ending = new EnumMap<>(Phase.class);
    for (Change change : changes) {
      if (!isPartOf(replaced, change)) {
        Step step = maker.step(change, before, after);
        if (step != null) {
          Phase phase = phase(change, freed, late);
          placed.add(new Placed(phase, step));
          String guest = endedGuest(change);
          if (!guest.isEmpty()) {
            ending.computeIfAbsent(phase, key -> new ArrayList<>()).add(guest);
          }
        }
      }
    }
    List<Step> steps = new ArrayList<>();
    for (Phase phase : Phase.values()) {
      List<String> ended = ending.getOrDefault(phase, List.of());
      if (!ended.isEmpty()) {
        steps.add(maker.powerButtons(ended));
      }
      placed.stream().filter(one -> one.phase() == phase).map(Placed::step).forEach(steps::add);
    }
    return steps;
  }

  /** The networks that are made anew. */
  private static Set<String> replaced(List<Change> changes) {
    Set<String> replaced = new TreeSet<>();
    for (Change change : changes) {
      if (change instanceof Change.NetworkReplaced || change instanceof Change.HostAdapterChanged) {
        replaced.add(change.network());
      }
    }
    return replaced;
  }

  private static boolean isPartOf(Set<String> replaced, Change change) {
    return replaced.contains(change.network())
        && !(change instanceof Change.GuestAdded)
        && !(change instanceof Change.GuestRemoved)
        && !(change instanceof Change.GuestChanged);
  }

  /** The networks that stay and have other settings, or other guests. */
  private static Set<String> configured(
      List<Change> changes, Configuration before, Configuration after) {
    Set<String> networks = new TreeSet<>();
    for (NetworkConfig network : after.networks().values()) {
      NetworkConfig former = before.networks().get(network.name());
      if (former != null && !former.equals(network)) {
        networks.add(network.name());
      }
    }
    for (Change change : changes) {
      for (String network : Claimed.networksOfGuest(change)) {
        if (before.networks().containsKey(network) && after.networks().containsKey(network)) {
          networks.add(network);
        }
      }
    }
    return networks;
  }

  /** The guest that a change ends, whether or not another takes its place; empty for none. */
  private static String endedGuest(Change change) {
    if (change instanceof Change.GuestRemoved removed) {
      return removed.before().name();
    }
    return change instanceof Change.GuestChanged changed && changed.needsRestart()
        ? changed.before().name()
        : "";
  }

  private static Phase phase(Change change, Set<String> freed, Set<String> late) {
    Set<String> needs = Claimed.after(change);
    boolean gives = !Claimed.before(change).isEmpty();
    if (needs.isEmpty()) {
      return gives ? Phase.REMOVALS : Phase.ADDITIONS;
    }
    // A guest waits for the network that it is to be on.
    boolean waits = Claimed.networksOfGuest(change).stream().anyMatch(late::contains);
    if (gives && !waits) {
      return Phase.REPLACEMENTS;
    }
    if (!waits && needs.stream().noneMatch(freed::contains)) {
      return Phase.ADDITIONS;
    }
    if (change instanceof Change.NetworkAdded) {
      late.add(change.network());
    }
    return Phase.LATE_ADDITIONS;
  }
}
