package io.lanyard.base;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A limit of the process, in bytes or in things, divided among its networks.
 *
 * <p>Half of it is in equal floors for the networks that have one, which nobody else takes; of a
 * network that is alone, seven eighths. The rest is a pool, of which a network may have as much as
 * it leaves to others.
 *
 * <p>While networks are being added, the former ones may hold more than their new part. All
 * together hold at most half as much again as the limit.
 *
 * <p>Thread: any.
 */
public final class SharedLimit {
  private final long limit;
  private final List<Share> shares = new CopyOnWriteArrayList<>();

  /**
   * Makes a limit that no network has a share of.
   *
   * @param limit what all networks may hold
   */
  public SharedLimit(long limit) {
    this.limit = limit;
  }

  /**
   * The limit.
   *
   * @return what all networks may hold
   */
  public long limit() {
    return limit;
  }

  /**
   * The sum of what the networks hold.
   *
   * @return as the shares have counted it
   */
  public long held() {
    return shares.stream().mapToLong(Share::held).sum();
  }

  /**
   * Makes a share for a network.
   *
   * @param hasFloor whether a part is kept for it; else it has what is in the pool
   * @return a share that holds nothing, to be closed with the network
   */
  public Share share(boolean hasFloor) {
    Share share = new Share(hasFloor);
    shares.add(share);
    return share;
  }

  /** One network's part. */
  public final class Share implements AutoCloseable {
    private final AtomicLong held = new AtomicLong();
    private final boolean hasFloor;

    private Share(boolean hasFloor) {
      this.hasFloor = hasFloor;
    }

    /**
     * Counts what the network takes, whether or not it may.
     *
     * @param change how much; negative for what it gives back
     */
    public void changed(long change) {
      held.addAndGet(change);
    }

    /**
     * The amount that the network holds.
     *
     * @return the sum of all changes
     */
    public long held() {
      return held.get();
    }

    /**
     * The most that the network may hold while the others hold no more than they do.
     *
     * @return its floor, and its part of the pool
     */
    public long most() {
      int floors = 0;
      for (Share each : shares) {
        floors += each.hasFloor ? 1 : 0;
      }
      long floor = floors <= 1 ? limit / 8 * 7 : limit / 2 / floors;
      long pool = limit - floors * floor;
      long rest = limit + limit / 2;
      for (Share other : shares) {
        if (other != this) {
          long its = other.held();
          pool -= Math.max(0, its - (other.hasFloor ? floor : 0));
          rest -= its;
        }
      }
      long own = (hasFloor ? floor : 0) + Math.max(0, pool) / 2;
      return Math.min(own, Math.max(0, rest));
    }

    /** Gives the share back; the network holds nothing any more. */
    @Override
    public void close() {
      shares.remove(this);
    }
  }
}
