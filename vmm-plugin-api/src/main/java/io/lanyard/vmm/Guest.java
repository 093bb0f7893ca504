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
  /** The message of the calls that need {@link Capability#SNAPSHOTS}. */
  String NO_SNAPSHOTS = "a guest of this VMM has no snapshots";

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
   * @return in the order of the specification, then those that were added; immutable
   */
  List<Nic> nics();

  /**
   * Gives a guest that is on another NIC, behind those that it has. It keeps it over later starts.
   *
   * @param nic the NIC
   * @return the NIC, the last one of {@link #nics} from now on
   * @throws VmmException if the guest cannot have it; nothing has changed then
   * @throws UnsupportedOperationException without {@link Capability#HOT_NICS}
   */
  default Nic addNic(NicSpec nic) throws VmmException {
    throw new UnsupportedOperationException("a guest of this VMM keeps the NICs that it has");
  }

  /**
   * Takes the last NIC from a guest that is on. Returns when the guest has let go of it.
   *
   * @throws VmmException if the guest does not let go; it has the NIC then
   * @throws UnsupportedOperationException without {@link Capability#HOT_NICS}
   */
  default void removeNic() throws VmmException {
    throw new UnsupportedOperationException("a guest of this VMM keeps the NICs that it has");
  }

  /**
   * Takes a NIC from a guest that is on, and gives it another in its place. Returns when the guest
   * has let go of the first.
   *
   * @param index the NIC's place in {@link #nics}, among the {@link #removableNics}
   * @param nic the other NIC
   * @return the other NIC, which is at that place of {@link #nics} from now on
   * @throws VmmException if the guest does not let go, or cannot have the other: it has a NIC like
   *     the first then, unless a suppressed exception says why not
   * @throws UnsupportedOperationException without {@link Capability#HOT_SWAP}
   */
  default Nic replaceNic(int index, NicSpec nic) throws VmmException {
    throw new UnsupportedOperationException("a guest of this VMM keeps the NICs that it has");
  }

  /**
   * The NICs that can be removed now, of the last ones, and those that can be replaced.
   *
   * @return how many, one after the other; 0 while the guest is off
   */
  default int removableNics() {
    return 0;
  }

  /**
   * Gives a guest that is on another disk, behind those that it has. It keeps it over later starts.
   *
   * @param disk the disk
   * @throws VmmException if the guest cannot have it; nothing has changed then
   * @throws UnsupportedOperationException without {@link Capability#HOT_DISKS}
   */
  default void addDisk(DiskSpec disk) throws VmmException {
    throw new UnsupportedOperationException("a guest of this VMM keeps the disks that it has");
  }

  /**
   * Takes the last disk from a guest that is on. Returns when the guest has let go of it and the
   * file is closed.
   *
   * @throws VmmException if the guest does not let go; it has the disk then
   * @throws UnsupportedOperationException without {@link Capability#HOT_DISKS}
   */
  default void removeDisk() throws VmmException {
    throw new UnsupportedOperationException("a guest of this VMM keeps the disks that it has");
  }

  /**
   * Takes a disk from a guest that is on, and gives it another in its place. Returns when the guest
   * has let go of the first, whose file is closed.
   *
   * @param index the disk's place, among the {@link #removableDisks}
   * @param disk the other disk
   * @throws VmmException if the guest does not let go, or cannot have the other: it has the first
   *     then, unless a suppressed exception says why not
   * @throws UnsupportedOperationException without {@link Capability#HOT_SWAP}
   */
  default void replaceDisk(int index, DiskSpec disk) throws VmmException {
    throw new UnsupportedOperationException("a guest of this VMM keeps the disks that it has");
  }

  /**
   * The disks that can be removed now, of the last ones, and those that can be replaced.
   *
   * @return how many, one after the other; 0 while the guest is off
   */
  default int removableDisks() {
    return 0;
  }

  /**
   * The guest's snapshots, which outlive the guest: they are with its disks.
   *
   * @return the oldest first
   * @throws VmmException if they cannot be read
   * @throws UnsupportedOperationException without {@link Capability#SNAPSHOTS}
   */
  default List<Snapshot> snapshots() throws VmmException {
    throw new UnsupportedOperationException(NO_SNAPSHOTS);
  }

  /**
   * Keeps the memory, the devices and the disks of a guest that is on, under a name. The guest
   * stands still meanwhile, which takes as long as its memory takes to be written.
   *
   * @param name letters, digits, dots, hyphens and underscores, at most 63
   * @throws VmmException if there is one of that name, or the guest's disks cannot keep it
   * @throws UnsupportedOperationException without {@link Capability#SNAPSHOTS}
   */
  default void saveSnapshot(String name) throws VmmException {
    throw new UnsupportedOperationException(NO_SNAPSHOTS);
  }

  /**
   * Puts a guest back to a snapshot: what it wrote since then is lost. One that is off is started
   * with it; one that is paused stays so.
   *
   * @param name the snapshot's
   * @throws VmmException if there is none of that name, or it does not fit the guest as it is now
   * @throws UnsupportedOperationException without {@link Capability#SNAPSHOTS}
   */
  default void loadSnapshot(String name) throws VmmException {
    throw new UnsupportedOperationException(NO_SNAPSHOTS);
  }

  /**
   * Removes a snapshot.
   *
   * @param name the snapshot's
   * @throws VmmException if there is none of that name, or the disks cannot be written
   * @throws IllegalStateException if the guest is off, and the VMM needs it on for that
   * @throws UnsupportedOperationException without {@link Capability#SNAPSHOTS}
   */
  default void removeSnapshot(String name) throws VmmException {
    throw new UnsupportedOperationException(NO_SNAPSHOTS);
  }

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
