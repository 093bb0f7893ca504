package io.lanyard.dhcp;

import java.util.List;

/**
 * The store of one network's leases, which outlive the process.
 *
 * <p>Thread: the network's loop only, on which the completions run too.
 */
public interface LeaseJournal {
  /**
   * Reads what is stored.
   *
   * @return the last lease of every address that ever had one
   */
  List<Lease> load();

  /**
   * Stores a lease in place of the one that its address had. Completions run in the order of the
   * calls, never within the call.
   *
   * @param lease what to store
   * @param completion told when it is safe, or that it is not
   */
  void write(Lease lease, Completion completion);

  /**
   * The clock of the leases' times.
   *
   * @return the clock, which all networks of a store share
   */
  LeaseClock clock();

  /**
   * Why no lease can be stored at present, and what to do about it.
   *
   * @return a sentence; empty if all is well
   */
  String problem();

  /** Hears of the end of a write. */
  interface Completion {
    /** The lease is on disk: it survives a power failure. */
    void durable();

    /**
     * The lease could not be stored; the store has logged why.
     *
     * @param cause why
     */
    void failed(Throwable cause);
  }
}
