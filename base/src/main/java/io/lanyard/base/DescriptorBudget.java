package io.lanyard.base;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/**
 * The process's descriptors, divided among networks and their ports.
 *
 * <p>What the limit of open files leaves, less a reserve for everything else (the API, {@code
 * accept}, logs, files), is divided twice:
 *
 * <ul>
 *   <li>Each network has a floor that nobody else can take: half of an equal part, or all of it
 *       where there is one network. The other half is a pool. A network takes from it as long as
 *       what it has taken is less than what is left, so one network alone gets half of the pool,
 *       two get a third each.
 *   <li>Each port may hold as many as its network could still have. One greedy port so gets half,
 *       two get a third each, and a part is always left for the next one.
 * </ul>
 *
 * <p>A holder counts a descriptor from before it is opened ({@link Holder#take}) until its number
 * is free again ({@link Holder#closed}), which is a little after it was asked to close ({@link
 * Holder#closing}).
 *
 * <p>Thread: the budget any; a share and its holders their network's loop only, except for {@link
 * Share#used}, {@link Share#problem} and {@link Share#dump}.
 */
public final class DescriptorBudget implements Dumpable {
  private static final System.Logger LOG = System.getLogger(DescriptorBudget.class.getName());

  /** The least floor that a network can work with: a page of a browser, and DNS beside it. */
  public static final int LEAST_FLOOR = 16;

  /** The kernel's limit is read again at most so often, and not while nobody wants anything. */
  private static final long RELEARN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final String REMEDY =
      "raise the limit of open files: LimitNOFILE= of the service, or ulimit -n";

  private final IntSupplier divisible;
  private final Clock clock;
  private final AtomicInteger pooled = new AtomicInteger();
  private final List<Share> shares = new ArrayList<>();
  private volatile int total;
  private volatile int pool;
  private volatile int floor;
  private volatile long learnedNanos;
  private int expected;

  /**
   * Makes a budget that nobody has a share of.
   *
   * @param divisible how many descriptors all networks may hold together; asked again each second
   *     in which somebody takes one, because the limit of a running process can be changed
   * @param clock what tells how long a shortage is over
   */
  public DescriptorBudget(IntSupplier divisible, Clock clock) {
    this.divisible = divisible;
    this.clock = clock;
    learn();
  }

  /**
   * A budget that nobody reaches, for what needs none.
   *
   * @return a new budget
   */
  public static DescriptorBudget ample() {
    return new DescriptorBudget(() -> 1 << 20, Clock.system());
  }

  /**
   * How many descriptors all networks may hold together.
   *
   * @return descriptors
   */
  public int total() {
    return total;
  }

  /**
   * How many descriptors the networks hold.
   *
   * @return descriptors of all shares
   */
  public int used() {
    return snapshot().stream().mapToInt(Share::used).sum();
  }

  /**
   * The floor that each of so many networks would have.
   *
   * @param networks how many
   * @return descriptors
   */
  public int floor(int networks) {
    return floor(total, networks);
  }

  /**
   * The floor that each of so many networks would have of so many descriptors.
   *
   * @param total how many descriptors all networks may hold together
   * @param networks how many networks
   * @return descriptors
   */
  public static int floor(int total, int networks) {
    return networks <= 1 ? total : total / (2 * networks);
  }

  /**
   * How many descriptors a network can have while the others hold no more than their floors.
   *
   * @return descriptors
   */
  public int most() {
    return floor + pool / 2;
  }

  /**
   * Divides among so many networks from the start, of which not all need be there yet.
   *
   * @param networks how many
   */
  public synchronized void expect(int networks) {
    expected = networks;
    divide();
  }

  /**
   * Divides anew: what is divisible has changed, or the number of networks.
   *
   * @param networks how many there are to be
   */
  public synchronized void divideAgain(int networks) {
    expected = networks;
    learn();
  }

  /**
   * A network its share. The floors of the others shrink; what they hold above it counts as taken
   * from the pool as it is given back.
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

  private void learn() {
    total = Math.max(0, divisible.getAsInt());
    learnedNanos = clock.nanoTime();
    divide();
  }

  private void divide() {
    int networks = Math.max(Math.max(1, expected), shares.size());
    int each = floor(networks);
    floor = each;
    pool = total - networks * each;
  }

  /** Follows a limit that was changed, before the kernel refuses what the reserve is for. */
  private void relearn() {
    if (clock.nanoTime() - learnedNanos >= RELEARN_NANOS) {
      synchronized (this) {
        if (clock.nanoTime() - learnedNanos >= RELEARN_NANOS) {
          learn();
        }
      }
    }
  }

  private synchronized List<Share> snapshot() {
    return List.copyOf(shares);
  }

  private synchronized void remove(Share share) {
    if (shares.remove(share)) {
      divide();
    }
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node =
        DumpNode.of("descriptors")
            .with("divisible", total)
            .with("floor", floor)
            .with("pool", pool)
            .with("pooled", pooled.get());
    for (Share share : snapshot()) {
      node.child(share.dump());
    }
    return node.build();
  }

  /** The descriptors of one network. */
  public final class Share implements Dumpable, AutoCloseable {
    private final String network;
    private volatile int used;
    private int fromPool;
    private volatile long refused;
    private final Shortage shortage = new Shortage(clock);

    private Share(String network) {
      this.network = network;
    }

    /**
     * Makes a holder for one port, forward or service.
     *
     * @param name its name, for the log and for {@link #problem}
     * @return a holder of nothing
     */
    public Holder holder(String name) {
      return new Holder(this, name);
    }

    /**
     * The network's name.
     *
     * @return as in the configuration
     */
    public String network() {
      return network;
    }

    /**
     * How many descriptors the network holds.
     *
     * @return descriptors
     */
    public int used() {
      return used;
    }

    /** How many more the network could have, if the others took none. */
    private int room() {
      int own = Math.max(0, floor - (used - fromPool));
      int free = pool - pooled.get();
      return own + Math.max(0, (free - fromPool + 1) / 2);
    }

    private boolean grow() {
      if (used - fromPool < floor) {
        change(1);
        return true;
      }
      while (true) {
        int taken = pooled.get();
        if (fromPool >= pool - taken) {
          return false;
        }
        if (pooled.compareAndSet(taken, taken + 1)) {
          fromPool++;
          change(1);
          return true;
        }
      }
    }

    private void shrink() {
      if (fromPool > 0) {
        fromPool--;
        pooled.getAndDecrement();
      }
      change(-1);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written by the loop only
    private void change(int by) {
      used += by;
    }

    private long now() {
      return clock.nanoTime();
    }

    private void follow() {
      relearn();
    }

    private void kernelRefused(Holder holder) {
      relearn();
      refused(holder);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written by the loop only
    private void refused(Holder holder) {
      refused++;
      holder.excess.event(clock.nanoTime());
      if (shortage.refused() && shortage.say(holder.name, describe(holder))) {
        LogEvent.of("no-descriptor")
            .with("network", network)
            .with("port", holder.name)
            .with("held", holder.held)
            .with("used", used)
            .with("divisible", total)
            .with("advice", REMEDY)
            .log(LOG, Level.WARNING);
      }
    }

    private String describe(Holder holder) {
      return "sockets: "
          + holder.name
          + " gets no more, it holds "
          + holder.held
          + " of the network's "
          + used
          + "; what it begins is dropped until some end. To have more, "
          + REMEDY;
    }

    /**
     * The present shortage. It lasts until nothing was refused for a minute.
     *
     * @return what is short, with its remedy; empty for nothing
     */
    public String problem() {
      return shortage.problem();
    }

    @Override
    public DumpNode dump() {
      return DumpNode.of(network).with("used", used).withNonZero("refused", refused).build();
    }

    @Override
    public void close() {
      remove(this);
      pooled.getAndAdd(-fromPool);
      fromPool = 0;
    }
  }

  /** The share of one port, forward or service in its network's descriptors. */
  public static final class Holder {
    private final Share share;
    private final String name;
    private int held;
    private int closing;
    private long refused;
    private final RecentCount excess = new RecentCount();

    private Holder(Share share, String name) {
      this.share = share;
      this.name = name;
    }

    /**
     * Asks for a descriptor, before it is opened.
     *
     * @return whether it may be opened; {@link #closing} and {@link #closed} follow then, or {@link
     *     #giveBack}
     */
    public boolean take() {
      share.follow();
      if (held >= share.room() || !share.grow()) {
        refused++;
        share.refused(this);
        return false;
      }
      held++;
      return true;
    }

    /** Gives a descriptor back that was not opened. */
    public void giveBack() {
      held--;
      share.shrink();
    }

    /** Hears that a descriptor is being closed; its number is taken until it is {@link #closed}. */
    public void closing() {
      closing++;
    }

    /** Hears that the number of a descriptor is free again. */
    public void closed() {
      closing--;
      giveBack();
    }

    /**
     * How many more the holder would get now.
     *
     * @return descriptors, at least 0
     */
    public int free() {
      return Math.max(0, share.room() - held);
    }

    /** Hears that the kernel refused a descriptor that {@link #take} granted (EMFILE, ENFILE). */
    public void kernelRefused() {
      refused++;
      share.kernelRefused(this);
    }

    /**
     * Whether an idle descriptor should make place: the next few would be the last ones. Those that
     * are being closed have made place already.
     *
     * @return true when seven eighths of what the port may hold are taken
     */
    public boolean tight() {
      return 8L * (held - closing) >= 7L * share.room();
    }

    /**
     * The name of the port, forward or service.
     *
     * @return as the log writes it
     */
    public String name() {
      return name;
    }

    /**
     * The network's name.
     *
     * @return as in the configuration
     */
    public String network() {
      return share.network;
    }

    /**
     * How many descriptors the port holds.
     *
     * @return descriptors
     */
    public int held() {
      return held;
    }

    /**
     * How many descriptors it did not get in the last minute.
     *
     * @return refusals
     */
    public long excess() {
      return excess.count(share.now());
    }

    /**
     * How many descriptors it did not get.
     *
     * @return refusals since it was made
     */
    public long refused() {
      return refused;
    }
  }
}
