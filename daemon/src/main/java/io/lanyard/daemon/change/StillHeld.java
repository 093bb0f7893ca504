package io.lanyard.daemon.change;

import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The things that steps which are still to be done give back, and the networks that they make.
 *
 * <p>Thread: the conductor's.
 */
final class StillHeld {
  private final Map<Object, Integer> held = new HashMap<>();
  private final List<Subnet> subnets = new ArrayList<>();
  private final Set<String> unmade = new HashSet<>();

  /** Notes a step that is still to be done. */
  void add(Set<Object> frees, String makes) {
    for (Object thing : frees) {
      held.merge(thing, 1, Integer::sum);
      if (thing instanceof Subnet subnet) {
        subnets.add(subnet);
      }
    }
    if (!makes.isEmpty()) {
      unmade.add(makes);
    }
  }

  /** Forgets a step that is done. */
  void remove(Set<Object> frees, String makes) {
    for (Object thing : frees) {
      held.merge(thing, -1, Integer::sum);
      if (thing instanceof Subnet subnet) {
        subnets.remove(subnet);
      }
    }
    unmade.remove(makes);
  }

  /**
   * Whether no other step holds what a step needs.
   *
   * @param needs what it needs
   * @param frees what it holds itself
   */
  boolean isFreeFor(Set<Object> needs, Set<Object> frees) {
    for (Object thing : needs) {
      if (held.getOrDefault(thing, 0) > (frees.contains(thing) ? 1 : 0)) {
        return false;
      }
      if (thing instanceof Subnet subnet && subnets.stream().anyMatch(subnet::overlaps)) {
        return false;
      }
    }
    return true;
  }

  /** Whether all these networks are there. */
  boolean isMade(Set<String> networks) {
    return networks.stream().noneMatch(unmade::contains);
  }
}
