package io.lanyard.vmm;

import java.util.List;

/**
 * A virtual machine.
 *
 * <p>Life: {@code CREATED -start-> RUNNING <-pause, resume-> PAUSED}, and from any of these to
 * {@code STOPPED} (powered off, killed) or {@code FAILED} (the machine could not go on). A stopped
 * or failed guest starts again with {@link #start}.
 *
 * <p>Thread: any. Calls on one guest take effect one after the other. A call that the present state
 * does not allow throws {@link IllegalStateException} and changes nothing.
 */
public interface Guest extends AutoCloseable {
  /**
   * The guest's name.
   *
   * @return as in its specification
   */
  String name();

  /**
   * The guest's place in its life.
   *
   * @return the state at the time of the call
   */
  GuestState state();

  /**
   * Powers the guest on.
   *
   * @throws VmmException if the host cannot give what the guest needs
   */
  void start() throws VmmException;

  /**
   * Presses the power button: the guest is asked to stop, and may take its time or ignore it.
   *
   * @throws UnsupportedOperationException without {@link Capability#REQUEST_STOP}
   */
  void requestStop();

  /** Powers the guest off at once. Returns when it no longer runs. */
  void kill();

  /**
   * Restarts the guest as a reset button does.
   *
   * @throws UnsupportedOperationException without {@link Capability#RESET}
   */
  void reset();

  /**
   * Stops the guest's processors and clock. Returns when they stand still.
   *
   * @throws UnsupportedOperationException without {@link Capability#PAUSE}
   */
  void pause();

  /** Lets a paused guest go on. */
  void resume();

  /**
   * The guest's serial console.
   *
   * @return the same object for the life of the guest
   */
  Console console();

  /**
   * The guest's NICs.
   *
   * @return in the order of the specification; immutable
   */
  List<Nic> nics();

  /**
   * The guest's counters since it was started.
   *
   * @return a snapshot
   */
  GuestStatistics statistics();

  /**
   * Lets go of the guest without ending it: it goes on, and {@link Vmm#create} of another daemon
   * finds it again by its name. A guest that does not run is closed.
   *
   * @throws UnsupportedOperationException without {@link Capability#OUTLIVES}
   */
  default void release() {
    throw new UnsupportedOperationException("the guests of this VMM end with the daemon");
  }

  /** Kills the guest if it runs, and gives back all that it holds. A second call does nothing. */
  @Override
  void close();
}
