package io.lanyard.base;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory outside the heap that ports hold for frames in their rings and queues, divided among
 * networks and their ports.
 *
 * <ul>
 *   <li>Each network has a floor that no other network can take: half of an equal part, or all of
 *       it where there is one network. The other half is a pool. A network takes from it as long as
 *       what it has taken is less than what is left.
 *   <li>Half of the network's floor is divided equally among its ports, as their floors. The rest
 *       goes to ports that want more: each may hold as much as it leaves to the others.
 * </ul>
 *
 * <p>A port asks before it allocates ({@link Holder#take}) and drops the frame where it is refused.
 * Bytes count as the allocator's size classes have them. A network reserves its part {@value #UNIT}
 * bytes at a time, so that the common counters are not written for each buffer.
 *
 * <p>While networks or ports are being added, the former ones may hold more than their new part,
 * and all together may pass the limit by a half.
 *
 * <p>Thread: any.
 */
public final class MemoryBudget implements Dumpable {
  private static final System.Logger LOG = System.getLogger(MemoryBudget.class.getName());

  /**
   * An eighth of what the launcher lets a daemon have outside the heap: TCP's buffers may hold half
   * of that, and three quarters for a moment.
   */
  private static final long PROCESS_BYTES = 64L << 20;

  /** A network's step: 128 wire frames. */
  private static final long UNIT = 256L << 10;

  private static final MemoryBudget PROCESS = new MemoryBudget(PROCESS_BYTES, Clock.system());

  private final long limit;
  private final Clock clock;

  /** Guarded by this. */
  private final List<Share> shares = new ArrayList<>();

  private volatile long floor;
  private volatile long pool;

  /** The bytes that networks have reserved beyond their floors. */
  private volatile long pooled;

  /**
   * Makes a budget that nobody has a share of.
   *
   * @param limit bytes
   * @param clock tells how long a shortage is over
   */
  public MemoryBudget(long limit, Clock clock) {
    this.limit = limit;
    this.clock = clock;
    divide();
  }

  /**
   * The budget of this process: its networks draw on the same memory.
   *
   * @return the one budget
   */
  public static MemoryBudget ofProcess() {
    return PROCESS;
  }

  /**
   * A budget that nobody reaches.
   *
   * @return a new budget
   */
  public static MemoryBudget ample() {
    return new MemoryBudget(1L << 40, Clock.system());
  }

  /**
   * The bytes of a buffer as Netty's pooled allocator rounds them: four size classes for each power
   * of two.
   *
   * @param bytes the buffer's capacity, at least 1
   * @return at least as many
   */
  static long sizeClass(int bytes) {
    long step = Math.max(16, Integer.highestOneBit(Math.max(1, bytes - 1)) / 4);
    return (bytes + step - 1) / step * step;
  }

  /**
   * The bytes that ports may hold together.
   *
   * @return bytes
   */
  public long limit() {
    return limit;
  }

  /**
   * The bytes that ports hold.
   *
   * @return bytes of all networks
   */
  public long used() {
    return snapshot().stream().mapToLong(Share::used).sum();
  }

  /**
   * A network its share. The floors of the others shrink.
   *
   * @param network the network's name
   * @return its share, to be closed with the network
   */
  public synchronized Share share(String network) {
    Share share = new Share(network);
    shares.add(share);
    divide();
    return share;
  }

  private synchronized List<Share> snapshot() {
    return List.copyOf(shares);
  }

  private synchronized void remove(Share share) {
    if (shares.remove(share)) {
      divide();
    }
  }

  private synchronized void divide() {
    int networks = Math.max(1, shares.size());
    floor = networks == 1 ? limit : limit / 2 / networks;
    pool = limit - networks * floor;
    recount();
  }

  /** Guarded by this. */
  private void recount() {
    long beyond = 0;
    for (Share share : shares) {
      beyond += Math.max(0, share.reserved - floor);
    }
    pooled = beyond;
  }

  /** Guarded by this. */
  private long reserved() {
    return shares.stream().mapToLong(share -> share.reserved).sum();
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node =
        DumpNode.of("port-memory")
            .with("limitBytes", limit)
            .with("floorBytes", floor)
            .with("poolBytes", pool)
            .with("pooledBytes", pooled);
    for (Share share : snapshot()) {
      node.child(share.dump());
    }
    return node.build();
  }

  /** The memory of one network's ports. */
  public final class Share implements Dumpable, AutoCloseable {
    private final String network;
    private final AtomicLong used = new AtomicLong();
    private final AtomicInteger ports = new AtomicInteger();
    private final AtomicLong refused = new AtomicLong();

    /** Guarded by itself. */
    private final Shortage shortage = new Shortage(clock);

    private volatile long reserved;

    private Share(String network) {
      this.network = network;
    }

    /**
     * Makes a holder for one port.
     *
     * @param port the port's name, for the log and for {@link #problem}
     * @return a holder of nothing, to be closed with the port
     */
    public Holder holder(String port) {
      ports.incrementAndGet();
      return new Holder(this, port);
    }

    /**
     * The bytes that the network's ports hold.
     *
     * @return bytes
     */
    public long used() {
      return used.get();
    }

    /** The bytes that the network can have while the others take no more. */
    private long most() {
      long each = floor;
      long others = pooled - Math.max(0, reserved - each);
      return each + Math.max(0, pool - others) / 2;
    }

    /** The bytes that each port can have whatever the others hold. */
    private long portFloor() {
      return floor / 2 / Math.max(1, ports.get());
    }

    /** The bytes that are left for ports beyond their floors. */
    private long spare() {
      return most() - floor / 2 - used.get();
    }

    private boolean grow(long bytes) {
      while (true) {
        long before = used.get();
        if (before + bytes > reserved && !reserve(before + bytes)) {
          return false;
        }
        if (used.compareAndSet(before, before + bytes)) {
          return true;
        }
      }
    }

    private boolean reserve(long wanted) {
      synchronized (MemoryBudget.this) {
        if (wanted > reserved) {
          long next = Math.min((wanted + UNIT - 1) / UNIT * UNIT, most());
          long all = MemoryBudget.this.reserved() - reserved + next;
          if (next < wanted || all > limit + limit / 2) {
            return false;
          }
          reserved = next;
          recount();
        }
        return true;
      }
    }

    private void shrink(long bytes) {
      long after = used.addAndGet(-bytes);
      if (reserved - after > 2 * UNIT) {
        synchronized (MemoryBudget.this) {
          long keep = (used.get() + UNIT - 1) / UNIT * UNIT + UNIT;
          if (keep < reserved) {
            reserved = keep;
            recount();
          }
        }
      }
    }

    private void refused(Holder holder) {
      refused.incrementAndGet();
      synchronized (shortage) {
        if (shortage.refused() && shortage.say(holder.port, describe(holder))) {
          LogEvent.of("no-port-memory")
              .with("network", network)
              .with("port", holder.port)
              .with("held", holder.held())
              .with("used", used())
              .with("limit", limit)
              .with("advice", "look at the guest behind the port: it does not take its frames")
              .log(LOG, Level.WARNING);
        }
      }
    }

    private String describe(Holder holder) {
      return "memory for frames: port "
          + holder.port
          + " gets no more, it holds "
          + kibibytes(holder.held())
          + " of the network's "
          + kibibytes(used())
          + " and all ports may hold "
          + kibibytes(limit)
          + "; its frames are dropped until some have left. Look at guests that do not take theirs";
    }

    private static String kibibytes(long bytes) {
      return (bytes >> 10) + " KiB";
    }

    /**
     * The present shortage. It lasts until nothing was refused for a minute.
     *
     * @return what is short, and what to do about it; empty for nothing
     */
    public String problem() {
      return shortage.problem();
    }

    @Override
    public DumpNode dump() {
      return DumpNode.of(network)
          .with("usedBytes", used())
          .with("ports", ports.get())
          .withNonZero("refused", refused.get())
          .build();
    }

    @Override
    public void close() {
      remove(this);
    }
  }

  /** The memory of one port. */
  public static final class Holder implements AutoCloseable {
    private final Share share;
    private final String port;
    private final AtomicLong held = new AtomicLong();
    private final AtomicInteger open = new AtomicInteger(1);

    private Holder(Share share, String port) {
      this.share = share;
      this.port = port;
    }

    /**
     * Asks for a buffer, before it is allocated.
     *
     * @param bytes its capacity
     * @return whether it may be allocated; {@link #give} follows then
     */
    public boolean take(int bytes) {
      long size = sizeClass(bytes);
      long after = held.get() + size;
      if ((after > share.portFloor() && after > share.spare() - size) || !share.grow(size)) {
        share.refused(this);
        return false;
      }
      held.addAndGet(size);
      return true;
    }

    /**
     * Gives a buffer back that was taken.
     *
     * @param bytes its capacity, as it was asked for
     */
    public void give(int bytes) {
      long size = sizeClass(bytes);
      held.addAndGet(-size);
      share.shrink(size);
    }

    /** Hears that the allocator had no memory for a buffer that {@link #take} granted. */
    public void hostRefused() {
      share.refused(this);
    }

    /**
     * The bytes that the port holds.
     *
     * @return bytes
     */
    public long held() {
      return held.get();
    }

    /** {@inheritDoc} What it still holds is to be given back all the same. */
    @Override
    public void close() {
      if (open.getAndSet(0) == 1) {
        share.ports.decrementAndGet();
      }
    }
  }
}
