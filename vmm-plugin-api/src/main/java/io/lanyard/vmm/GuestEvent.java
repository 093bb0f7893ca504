package io.lanyard.vmm;

/** Something that happened to a guest. Open: later versions have other events. */
public interface GuestEvent {
  /**
   * The guest's name.
   *
   * @return as in its specification
   */
  String guest();

  /**
   * The guest is in another state.
   *
   * @param guest the guest's name
   * @param from the state it left
   * @param to the state it is in
   * @param reason why, for a person to read
   */
  record StateChanged(String guest, GuestState from, GuestState to, String reason)
      implements GuestEvent {}

  /**
   * The guest restarted itself.
   *
   * @param guest the guest's name
   */
  record Rebooted(String guest) implements GuestEvent {}

  /**
   * A program reported through {@code tohost}.
   *
   * @param guest the guest's name
   * @param code 0 for success, otherwise the number of the test that failed
   */
  record ProgramExited(String guest, long code) implements GuestEvent {}

  /**
   * The VMM has a note about a guest that runs: its kernel has panicked, it restarts again and
   * again, its memory is too small for its kernel.
   *
   * @param guest the guest's name
   * @param note a sentence for a person; it replaces the former note, and is empty when there is
   *     nothing to say any more
   */
  record Noted(String guest, String note) implements GuestEvent {}
}
