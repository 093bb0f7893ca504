package io.lanyard.daemon.change;

import io.lanyard.config.Configuration;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.change.Change;
import io.lanyard.config.change.Holdings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The steps that a change of the configuration takes, in their order, and what it ends.
 *
 * <p>What cannot fail and ends nothing comes first, then what may fail, then what ends something:
 * so a step that fails finds little that has to be undone. A step that needs what another one gives
 * back (a listening address, a name, a device, a subnet) or makes (a guest's network) waits for
 * that one: the steps are gone through several times, and each time those are taken that wait for
 * nothing.
 *
 * <p>Guests that are ended together have their power buttons pressed before that, all at a time.
 *
 * <p>The settings of a network are taken over together, in one step: they cannot fail, and its
 * services depend on each other. A network that cannot change in place is removed and added, with
 * all that is on it.
 *
 * <p>Thread: the conductor's.
 */
final class Steps {
  /** The order of steps that do not wait for each other. */
  private enum Phase {
    SETTINGS,
    ADDITIONS,
    REPLACEMENTS,
    REMOVALS
  }

  /**
   * A step before it is put in order.
   *
   * @param frees things of which only one holder can be at a time, and which it gives back
   * @param needs such things that it takes
   * @param networks the networks that have to be there before
   * @param makes the network that it makes; empty for none
   * @param guest the guest that it ends, whether or not another takes its place; empty for none
   */
  private record Planned(
      Phase phase,
      Step step,
      Set<Object> frees,
      Set<Object> needs,
      Set<String> networks,
      String makes,
      String guest) {
    static Planned setting(Step step) {
      return new Planned(Phase.SETTINGS, step, Set.of(), Set.of(), Set.of(), "", "");
    }

    /** Whether nothing that it needs is held by another one, or made by it. */
    boolean isReady(StillHeld held) {
      return held.isFreeFor(needs, frees) && held.isMade(networks);
    }
  }

  private final StepMaker maker;
  private final Endings endings;
  private final RunningTree tree;

  /**
   * Makes one.
   *
   * @param tree what runs
   * @param maker makes a step of a change
   */
  Steps(RunningTree tree, StepMaker maker) {
    this.maker = maker;
    this.endings = new Endings(tree);
    this.tree = tree;
  }

  /** The kind of a change, as the API names it. */
  static String kind(Change change) {
    return change
        .getClass()
        .getSimpleName()
        .replaceAll("(?<=[a-z])(?=[A-Z])", "-")
        .toLowerCase(Locale.ROOT);
  }

  /** A change in one line; of a guest as it can take it now. */
  String describe(Change change) {
    return change instanceof Change.GuestChanged guest
        ? guest.describe(tree.isMadeAnew(guest))
        : change.describe();
  }

  /** The guests and flows that a difference ends, for people. */
  List<String> ends(List<Change> changes, Configuration after) {
    return endings.of(changes, after);
  }

  /** The steps of a difference. */
  List<Step> of(List<Change> changes, Configuration before, Configuration after) {
    Set<String> replaced = replaced(changes);
    List<Planned> planned = new ArrayList<>();
    for (String network : configured(changes, before, after)) {
      if (!replaced.contains(network)) {
        planned.add(Planned.setting(maker.settings(network, before, after)));
      }
    }
    for (Change change : changes) {
      if (change instanceof Change.NetworkReplaced anew) {
        planned.add(removal(anew.before(), maker.removal(change, anew.before(), before)));
        planned.add(
            addition(
                Phase.REPLACEMENTS, anew.after(), maker.addition(change, anew.after(), after)));
      } else if (!isPartOf(replaced, change)) {
        Step step = maker.step(change, before, after);
        if (step != null) {
          planned.add(planned(change, step));
        }
      }
    }
    planned.sort(Comparator.comparing(Planned::phase));
    return inOrder(planned);
  }

  /** The removal of a network that another one takes the place of. */
  private static Planned removal(NetworkConfig network, Step step) {
    return new Planned(Phase.REPLACEMENTS, step, Holdings.of(network), Set.of(), Set.of(), "", "");
  }

  private static Planned addition(Phase phase, NetworkConfig network, Step step) {
    return new Planned(phase, step, Set.of(), Holdings.of(network), Set.of(), network.name(), "");
  }

  private Planned planned(Change change, Step step) {
    if (change instanceof Change.NetworkAdded added) {
      return addition(Phase.ADDITIONS, added.after(), step);
    }
    Set<Object> frees = held(change, true);
    Set<Object> needs = held(change, false);
    Phase phase =
        frees.isEmpty() ? Phase.ADDITIONS : needs.isEmpty() ? Phase.REMOVALS : Phase.REPLACEMENTS;
    GuestConfig guest = guest(change, false);
    return new Planned(
        phase,
        step,
        frees,
        needs,
        guest == null ? Set.of() : guest.networks(),
        "",
        endedGuest(change));
  }

  /** Puts each step behind those that it waits for, and as far to the front as its phase says. */
  private List<Step> inOrder(List<Planned> planned) {
    StillHeld held = new StillHeld();
    planned.forEach(one -> held.add(one.frees(), one.makes()));
    List<Step> steps = new ArrayList<>();
    List<Planned> rest = planned;
    while (!rest.isEmpty()) {
      List<Planned> taken = new ArrayList<>();
      List<Planned> waiting = new ArrayList<>();
      for (Planned one : rest) {
        if (one.isReady(held)) {
          held.remove(one.frees(), one.makes());
          taken.add(one);
        } else {
          waiting.add(one);
        }
      }
      if (taken.isEmpty()) {
        // A difference has no such circles. If it had, the steps themselves would say what is
        // wrong.
        add(steps, waiting);
        return steps;
      }
      add(steps, taken);
      rest = waiting;
    }
    return steps;
  }

  /** Adds steps, and before those of a phase the power buttons of the guests that it ends. */
  private void add(List<Step> steps, List<Planned> taken) {
    for (Phase phase : Phase.values()) {
      List<Planned> those = taken.stream().filter(one -> one.phase() == phase).toList();
      List<String> guests =
          those.stream().map(Planned::guest).filter(guest -> !guest.isEmpty()).toList();
      if (!guests.isEmpty()) {
        steps.add(maker.powerButtons(guests));
      }
      those.forEach(one -> steps.add(one.step()));
    }
  }

  /** The networks that are made anew. */
  private static Set<String> replaced(List<Change> changes) {
    Set<String> replaced = new TreeSet<>();
    for (Change change : changes) {
      if (change instanceof Change.NetworkReplaced) {
        replaced.add(change.network());
      }
    }
    return replaced;
  }

  private static boolean isPartOf(Set<String> replaced, Change change) {
    return replaced.contains(change.network());
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
      Stream.of(guest(change, true), guest(change, false))
          .flatMap(Stream::ofNullable)
          .flatMap(guest -> guest.networks().stream())
          .filter(before.networks()::containsKey)
          .filter(after.networks()::containsKey)
          .forEach(networks::add);
    }
    return networks;
  }

  /** The guest of a change, before or after it; null for none. */
  private static @Nullable GuestConfig guest(Change change, boolean before) {
    return switch (change) {
      case Change.GuestAdded added -> before ? null : added.after();
      case Change.GuestRemoved removed -> before ? removed.before() : null;
      case Change.GuestChanged changed -> before ? changed.before() : changed.after();
      default -> null;
    };
  }

  /** The things that a change gives back, or those that it needs. */
  private static Set<Object> held(Change change, boolean before) {
    return switch (change) {
      case Change.HostAdapterChanged one -> {
        HostAdapterConfig adapter = before ? one.before() : one.after();
        yield adapter == null ? Set.of() : Holdings.of(one.network(), adapter);
      }
      case Change.NetworkRemoved one -> before ? Holdings.of(one.before()) : Set.of();
      case Change.NetworkAdded one -> before ? Set.of() : Holdings.of(one.after());
      case Change.PortAdded one -> before ? Set.of() : Holdings.of(one.network(), one.after());
      case Change.PortRemoved one -> before ? Holdings.of(one.network(), one.before()) : Set.of();
      case Change.PortReplaced one ->
          Holdings.of(one.network(), before ? one.before() : one.after());
      case Change.ForwardAdded one -> before ? Set.of() : Holdings.of(one.network(), one.after());
      case Change.ForwardRemoved one ->
          before ? Holdings.of(one.network(), one.before()) : Set.of();
      case Change.ForwardChanged one ->
          Holdings.of(one.network(), before ? one.before() : one.after());
      case Change.MetricsChanged one -> Holdings.of((before ? one.before() : one.after()).listen());
      case Change.ApiChanged one -> Holdings.of((before ? one.before() : one.after()).listen());
      default -> {
        GuestConfig guest = guest(change, before);
        yield guest == null ? Set.of() : Holdings.of(guest);
      }
    };
  }

  private String endedGuest(Change change) {
    if (change instanceof Change.GuestRemoved removed) {
      return removed.before().name();
    }
    return change instanceof Change.GuestChanged changed && tree.isMadeAnew(changed)
        ? changed.before().name()
        : "";
  }
}
