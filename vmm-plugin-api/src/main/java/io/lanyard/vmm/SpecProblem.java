package io.lanyard.vmm;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Something in a specification that a VMM cannot meet, or doubts.
 *
 * <p>The path leads to the part: the name of a component of {@link GuestSpec}, of the record below
 * that, an index from 0 in a list, a key in a map. {@code [boot, initrd]}, {@code [disks, 0,
 * path]}, {@code [nics, 1]}, {@code [options, accel]}. The daemon finds the place in the
 * configuration file by it; of a path that leads nowhere, as far as it leads.
 *
 * @param path empty for the guest as a whole
 * @param message what was expected and what was found, for a person; without the guest's name
 * @param fatal whether the guest cannot be made; otherwise it can, and may not work
 */
public record SpecProblem(List<String> path, String message, boolean fatal) {
  /** Copies the path. */
  public SpecProblem {
    path = List.copyOf(path);
  }

  /**
   * A reason why the guest cannot be made.
   *
   * @param message what was expected and what was found
   * @param path leads to the part
   * @return the problem
   */
  public static SpecProblem of(String message, String... path) {
    return new SpecProblem(List.of(path), message, true);
  }

  /**
   * A doubt: the guest can be made, and may not work.
   *
   * @param message what may go wrong, and what to do
   * @param path leads to the part
   * @return the problem
   */
  public static SpecProblem doubt(String message, String... path) {
    return new SpecProblem(List.of(path), message, false);
  }

  /**
   * Refuses a guest that cannot be made.
   *
   * @param guest its name
   * @param problems what {@link VmmProvider#validate} said of it
   * @throws VmmException with all reasons, if there are any
   */
  public static void refuse(String guest, List<SpecProblem> problems) throws VmmException {
    String reasons =
        problems.stream()
            .filter(SpecProblem::fatal)
            .map(SpecProblem::toString)
            .collect(Collectors.joining("; "));
    if (!reasons.isEmpty()) {
      throw new VmmException("guest " + guest + ": " + reasons);
    }
  }

  /** The path with dots between its steps, and the message. */
  @Override
  public String toString() {
    return path.isEmpty() ? message : String.join(".", path) + ": " + message;
  }
}
