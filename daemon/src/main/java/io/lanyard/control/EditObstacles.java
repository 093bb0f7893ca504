package io.lanyard.control;

import io.lanyard.base.Nearest;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortGroupConfig;
import io.lanyard.control.http.Problem;
import io.lanyard.daemon.change.RunningConfiguration;
import java.util.List;
import java.util.Set;

/**
 * Finds what stands in the way of edits of networks, in the words of the caller: the format itself
 * sees a network without a mode, and a guest on a network that is not there.
 */
final class EditObstacles {
  private EditObstacles() {}

  /**
   * Checks edits that are made at once.
   *
   * @throws Problem 404 if one changes something of a network that is not there, 409 if one removes
   *     a network that a guest is on, or a port group that a port is in
   */
  static void check(RunningConfiguration present, List<Edit> edits) {
    for (Edit edit : edits) {
      List<String> steps = edit.path().steps();
      if (steps.size() < 2 || !steps.getFirst().equals("networks")) {
        continue;
      }
      if (steps.size() > 2) {
        requireNetwork(present, steps.get(1), edits);
        if (steps.size() == 4
            && steps.get(2).equals("port-groups")
            && edit.operation() == Edit.Operation.REMOVE) {
          requireNoPort(present, steps.get(1), steps.get(3), edits);
        }
      } else if (edit.operation() == Edit.Operation.REMOVE) {
        requireNoGuest(present, steps.get(1), edits);
      }
    }
  }

  private static void requireNetwork(
      RunningConfiguration present, String network, List<Edit> edits) {
    DocumentPath path = DocumentPath.of("networks", network);
    boolean isMade =
        edits.stream()
            .map(Edit::path)
            .anyMatch(made -> made.equals(path) || made.equals(path.child("mode")));
    if (!isMade && !present.document().says(path)) {
      Set<String> known = present.configuration().networks().keySet();
      String nearest = Nearest.to(network, known);
      throw Problem.notFound(
          "network",
          network,
          nearest == null
              ? "\"lanyard network ls\" lists the networks"
              : "did you mean " + nearest + "?");
    }
  }

  private static void requireNoGuest(
      RunningConfiguration present, String network, List<Edit> edits) {
    for (GuestConfig guest : present.configuration().guests().values()) {
      DocumentPath path = DocumentPath.of("guests", guest.name());
      boolean isOnIt = guest.nics().stream().anyMatch(nic -> nic.network().equals(network));
      if (isOnIt && edits.stream().noneMatch(edit -> isAbout(edit.path(), path))) {
        throw new Problem(
            409,
            "guest " + guest.name() + " is on network " + network,
            network,
            "remove the guest first, or move its NIC to another network");
      }
    }
  }

  /** A port that another edit is about may leave the group by that. */
  private static void requireNoPort(
      RunningConfiguration present, String network, String group, List<Edit> edits) {
    NetworkConfig its = present.configuration().networks().get(network);
    PortGroupConfig former = its == null ? null : its.portGroups().get(group);
    if (its == null || former == null) {
      return;
    }
    DocumentPath ports = DocumentPath.of("networks", network, "ports");
    List<String> left =
        former.ports(its, present.configuration().guests().values()).stream()
            .filter(port ->
                edits.stream()
                    .noneMatch(edit ->
                        isBelow(edit.path(), ports.child(port))
                            || isAbout(
                                edit.path(),
                                DocumentPath.of("guests", port.replaceFirst("\\.nic[0-9]+$", "")))))
            .toList();
    if (!left.isEmpty()) {
      throw new Problem(
          409,
          (left.size() == 1 ? "port " : "ports ")
              + String.join(", ", left)
              + (left.size() == 1 ? " is" : " are")
              + " in port group "
              + group
              + " of network "
              + network,
          group,
          "give each another port-group, or none, first");
    }
  }

  private static boolean isBelow(DocumentPath path, DocumentPath port) {
    return path.steps().size() >= port.steps().size()
        && path.steps().subList(0, port.steps().size()).equals(port.steps());
  }

  private static boolean isAbout(DocumentPath path, DocumentPath guest) {
    List<String> steps = path.steps();
    return steps.getFirst().equals("guests")
        && (steps.size() == 1 || steps.get(1).equals(guest.steps().get(1)));
  }
}
