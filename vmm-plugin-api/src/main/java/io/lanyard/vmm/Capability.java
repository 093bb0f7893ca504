package io.lanyard.vmm;

/**
 * Something that the guests of some VMMs can do; the daemon asks before it tries. Constants are
 * added in later versions: a {@code switch} over them has a {@code default}.
 */
public enum Capability {
  /** A serial console with bytes both ways. */
  CONSOLE,
  /** Asking the guest to shut itself down ({@link Guest#requestStop}). */
  REQUEST_STOP,
  /** {@link Guest#pause} and {@link Guest#resume}. */
  PAUSE,
  /** {@link Guest#reset}. */
  RESET,
  /**
   * A guest has a process of its own, which goes on when the daemon ends, and which the next daemon
   * finds: {@link Guest#release}, and {@link Vmm#create} of a guest that runs.
   */
  OUTLIVES,
  /**
   * NICs come and go while a guest is on: {@link Guest#addNic}, {@link Guest#removeNic}. Since 2.1.
   */
  HOT_NICS,
  /**
   * Disks come and go while a guest is on: {@link Guest#addDisk}, {@link Guest#removeDisk}. Since
   * 2.1.
   */
  HOT_DISKS,
  /**
   * A guest goes back to what it was: {@link Guest#snapshots}, {@link Guest#saveSnapshot}, {@link
   * Guest#loadSnapshot}, {@link Guest#removeSnapshot}. Since 2.2.
   */
  SNAPSHOTS,
  /**
   * NICs and disks are replaced while a guest is on, also such as it had at its start: {@link
   * Guest#replaceNic}, {@link Guest#replaceDisk}. Since 2.3.
   */
  HOT_SWAP
}
