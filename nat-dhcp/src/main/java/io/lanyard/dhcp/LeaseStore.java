package io.lanyard.dhcp;

import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.net.Address;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.h2.mvstore.MVStoreException;
import org.jspecify.annotations.Nullable;

/**
 * The leases of all networks in one crash-safe file.
 *
 * <p>Writes are queued to one thread, which takes all that have gathered, commits them together,
 * waits for the disk, and only then completes them on the loops that they came from. So every
 * client that asked while a {@code fsync} was under way shares the next one, and a flood of
 * requests makes the commits larger, not more frequent: there are at most 200 a second.
 *
 * <p>A commit that fails acknowledges nothing and loses nothing: its writes are told so, the file
 * is written anew, or opened again from what is on disk where there is no space for another, and
 * the next commit is tried at once, or after two seconds if nobody asks. It takes back what the
 * failed one may have left on disk. {@link #problem} says what is wrong until one succeeds.
 *
 * <p>Thread: opening and closing block, and are the owner's; a network's journal is its loop's.
 */
public final class LeaseStore implements AutoCloseable {
  /** Writes that may wait for the disk before the store refuses more: a burst of a whole /16. */
  private static final int QUEUE = 65_536;

  /** Bounds one commit, and so the wait of its first write. */
  private static final int BATCH = 4_096;

  /** The least time between two commits: a client does not notice it, a disk does. */
  private static final long PACE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** How long a failed commit waits for its repetition while no client asks for a lease. */
  private static final long RETRY_MILLIS = 2_000;

  /** How often an idle store looks whether the wall clock was set. */
  private static final long CLOCK_CHECK_MILLIS = 60_000;

  /** How long closing waits for what is queued. */
  private static final Duration CLOSE = Duration.ofSeconds(10);

  private static final System.Logger LOG = System.getLogger(LeaseStore.class.getName());

  private record Write(String network, Lease lease, Executor loop, LeaseJournal.Completion done) {}

  private final Path path;
  private final LeaseClock clock;

  /**
   * The leases on disk, by network and address: a network may begin more than once. Guarded by
   * itself.
   */
  private final Map<String, Map<Address, Lease>> kept = new HashMap<>();

  private final BlockingQueue<Write> queue = new ArrayBlockingQueue<>(QUEUE);
  private final Thread writer;
  private final LongAdder commits = new LongAdder();
  private final LongAdder writes = new LongAdder();

  /** Wakes the writer; never stored. */
  private final Write wake =
      new Write("", Lease.nobodys(Address.ANY_IPV4, 0), Runnable::run, new NoCompletion());

  /** Tasks of others for the writer's thread, done between two commits. */
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

  private volatile boolean closing;
  private volatile String problem = "";

  // The writer's.

  /** Null after a failure, until it has been opened again. */
  private @Nullable LeaseFile file;

  /** The reference in the file; null if it has none. */
  private LeaseClock.@Nullable Reference stored;

  /** A sync of the file has failed, of this process or of one before. */
  private boolean doubtful;

  /** The addresses, by network, whose leases could not be stored, but may be on disk. */
  private final Map<String, Set<Address>> refused = new HashMap<>();

  private long lastCommit = System.nanoTime() - PACE_NANOS;

  private LeaseStore(Path path, LeaseFile file, Clock host) {
    this.path = path;
    this.doubtful = LeaseFile.hasDoubt(path);
    this.file = doubtful ? null : file;
    file.takeLeases().forEach((network, leases) -> leases.forEach(lease -> keep(network, lease)));
    this.stored = file.reference();
    if (doubtful) {
      file.abandon(new IOException("a sync of it has failed")); // the first commit replaces it
    }
    this.clock = LeaseClock.resume(host, stored);
    this.writer = Thread.ofPlatform().name("lanyard-leases").daemon().unstarted(this::run);
  }

  /**
   * Opens a store, or makes it.
   *
   * @param path the store's file; its directory must be there
   * @param host the host's clock
   * @return the store, to be closed
   * @throws LeaseStoreException if it cannot be used: damaged, locked by another process, or not
   *     readable
   */
  public static LeaseStore open(Path path, Clock host) {
    return start(path, LeaseFile.open(path), host);
  }

  /**
   * Opens a store as {@link #open}, or a new one where the file is damaged beyond reading: networks
   * without the memory of their leases are better than none, since addresses are probed before they
   * are given away. The damaged file is kept, and the log says where.
   *
   * @param path the store's file; its directory must be there
   * @param host the host's clock
   * @return the store, to be closed
   * @throws LeaseStoreException if it cannot be used for another reason
   */
  public static LeaseStore openOrSetAside(Path path, Clock host) {
    return start(path, LeaseFile.openOrSetAside(path), host);
  }

  private void keep(String network, Lease lease) {
    kept.computeIfAbsent(network, _ -> new LinkedHashMap<>()).put(lease.address(), lease);
  }

  private static LeaseStore start(Path path, LeaseFile file, Clock host) {
    LeaseStore store = new LeaseStore(path, file, host);
    store.writer.start();
    return store;
  }

  /**
   * One network's part of the store.
   *
   * @param network the network's name
   * @param loop where completions run
   * @return its journal
   */
  public LeaseJournal network(String network, Executor loop) {
    return new LeaseJournal() {
      @Override
      public List<Lease> load() {
        synchronized (kept) {
          return List.copyOf(kept.getOrDefault(network, Map.of()).values());
        }
      }

      @Override
      public void write(Lease lease, Completion completion) {
        if (closing || !queue.offer(new Write(network, lease, loop, completion))) {
          String why = closing ? "the lease store is closed" : "the lease store is overloaded";
          execute(loop, () -> completion.failed(new IOException(why)));
        }
      }

      @Override
      public LeaseClock clock() {
        return clock;
      }

      @Override
      public String problem() {
        return problem;
      }
    };
  }

  /**
   * Why no lease can be stored at present, and what to do about it.
   *
   * @return a sentence; empty if all is well
   */
  public String problem() {
    return problem;
  }

  /**
   * Writes that were committed.
   *
   * @return how many since the store was opened
   */
  public long writes() {
    return writes.sum();
  }

  /**
   * Commits, each with one sync of the file.
   *
   * @return how many since the store was opened
   */
  public long commits() {
    return commits.sum();
  }

  /**
   * The store's writer, for the watchdog.
   *
   * @return runs a task on the writer's thread, after the commit that is under way
   */
  public Executor writer() {
    return task -> {
      if (closing) {
        throw new RejectedExecutionException("the lease store is closed");
      }
      tasks.add(task);
      queue.offer(wake); // a full queue keeps the writer awake
    };
  }

  /** Stores what is queued, and closes the file. */
  @Override
  public void close() {
    closing = true;
    // Wakes the writer. Not by an interrupt, which would close the file under it (FileChannel). If
    // the queue has no room the writer is awake.
    boolean woken = queue.offer(wake);
    LogEvent.of("lease-store-closing").with("woken", woken).log(LOG, Level.DEBUG);
    try {
      if (!writer.join(CLOSE)) {
        LogEvent.of("lease-store-still-writing").with("file", path).log(LOG, Level.WARNING);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // The writer's thread

  private void run() {
    List<Write> batch = new ArrayList<>();
    boolean last;
    do {
      batch.clear();
      last = !gather(batch);
      if (!batch.isEmpty() || !problem.isEmpty() || clockIsDue(last)) {
        commit(batch);
      }
      for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
        task.run();
      }
    } while (!last);
    LeaseFile open = file;
    if (open != null) {
      open.close();
    }
  }

  /** Takes what has gathered, after a wait; false if the store is closing and that was all. */
  private boolean gather(List<Write> batch) {
    Write first = next();
    if (first == null) {
      return !closing;
    }
    long early = lastCommit + PACE_NANOS - System.nanoTime();
    if (early > 0 && !closing && !first.equals(wake)) {
      LockSupport.parkNanos(early);
    }
    batch.add(first);
    queue.drainTo(batch, BATCH - 1);
    batch.removeIf(wake::equals);
    return true;
  }

  /** Waits for a write; null if none has come in time, or ever will. */
  private @Nullable Write next() {
    while (true) {
      try {
        return closing
            ? queue.poll()
            : queue.poll(
                problem.isEmpty() ? CLOCK_CHECK_MILLIS : RETRY_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        // Nobody interrupts this thread. If somebody did, it must go on with the interrupt cleared,
        // or its next write would close the file.
        LogEvent.of("lease-store-interrupted").log(LOG, Level.DEBUG, e);
      }
    }
  }

  private boolean clockIsDue(boolean last) {
    LeaseClock.Reference reference = stored;
    return last || reference == null || clock.wasSetSince(reference);
  }

  @SuppressWarnings("CatchingUnchecked") // see below
  private void commit(List<Write> batch) {
    lastCommit = System.nanoTime();
    Throwable failure = null;
    try {
      LeaseFile open = file;
      if (open == null) {
        open = reopened();
        file = open;
      }
      takeBackRefused(open);
      for (Write write : batch) {
        open.put(write.network(), write.lease());
      }
      LeaseClock.Reference reference = clock.reference();
      open.commit(reference);
      stored = reference;
      synchronized (kept) {
        batch.forEach(write -> keep(write.network(), write.lease()));
      }
      refused.clear();
      commits.increment();
      writes.add(batch.size());
      succeeded();
    } catch (RuntimeException | Error e) {
      // MVStore throws several, and asserts. None may end this thread: clients would wait without
      // end.
      failure = e;
      batch.forEach(this::refuse);
      failed(e);
    }
    complete(batch, failure);
  }

  private void succeeded() {
    if (!problem.isEmpty()) {
      problem = "";
      LogEvent.of("lease-store-writes-again").with("file", path).log(LOG, Level.INFO);
    }
  }

  /** Gives the file up, so that the next commit starts from what is on disk. */
  private void failed(Throwable cause) {
    boolean first = problem.isEmpty();
    problem = "no lease is acknowledged: " + StorageFailure.explain(path, cause);
    if (first) {
      LogEvent.of("lease-store-failed").with("cause", problem).log(LOG, Level.ERROR);
    }
    LeaseFile broken = file;
    file = null;
    if (broken != null) {
      if (broken.isDoubtful()) {
        doubtful = true;
        LeaseFile.noteDoubt(path);
      }
      broken.abandon(cause);
    }
  }

  /**
   * The file after a failure: written anew, because after half a commit MVStore may overwrite what
   * was synced last; or as it is, where there is no space for another.
   */
  private LeaseFile reopened() {
    Map<String, Map<Address, Lease>> leases = new HashMap<>();
    synchronized (kept) {
      kept.forEach((network, all) -> leases.put(network, Map.copyOf(all)));
    }
    try {
      LeaseFile begun = LeaseFile.replace(path, leases, clock.reference());
      doubtful = false;
      return begun;
    } catch (MVStoreException | UncheckedIOException e) {
      if (doubtful) {
        throw e;
      }
      LogEvent.of("lease-store-not-replaced").with("file", path).log(LOG, Level.DEBUG, e);
      return LeaseFile.reopen(path);
    }
  }

  private void refuse(Write write) {
    refused.computeIfAbsent(write.network(), _ -> new HashSet<>()).add(write.lease().address());
  }

  /** Puts what was stored last in place of what a commit that failed may have left on disk. */
  private void takeBackRefused(LeaseFile open) {
    synchronized (kept) {
      refused.forEach((network, addresses) -> {
        Map<Address, Lease> stored = kept.getOrDefault(network, Map.of());
        for (Address address : addresses) {
          Lease lease = stored.get(address);
          if (lease == null) {
            open.remove(network, address);
          } else {
            open.put(network, lease);
          }
        }
      });
    }
  }

  /** One task per loop for the whole batch, in the order of the writes. */
  private static void complete(List<Write> batch, @Nullable Throwable failure) {
    Map<Executor, List<Write>> byLoop = new LinkedHashMap<>();
    batch.forEach(w -> byLoop.computeIfAbsent(w.loop(), loop -> new ArrayList<>()).add(w));
    byLoop.forEach((loop, list) ->
        execute(
            loop,
            () -> {
              for (Write write : list) {
                if (failure == null) {
                  write.done().durable();
                } else {
                  write.done().failed(failure);
                }
              }
            }));
  }

  private static void execute(Executor loop, Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      LogEvent.of("lease-stored-too-late").log(LOG, Level.DEBUG, e);
    }
  }

  private static final class NoCompletion implements LeaseJournal.Completion {
    @Override
    public void durable() {}

    @Override
    public void failed(Throwable cause) {}
  }
}
