package io.lanyard.dhcp;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.LongAdder;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.type.ByteArrayDataType;
import org.h2.mvstore.type.IntegerDataType;
import org.jspecify.annotations.Nullable;

/**
 * The leases of all networks in one crash-safe file.
 *
 * <p>Writes are queued to one thread, which takes all that have gathered, commits them together,
 * waits for the disk, and only then completes them on the loops that they came from. So the cost of
 * a {@code fsync} is shared by every client that asked while the one before was under way.
 *
 * <p>Thread: opening and closing block, and are the owner's; a network's journal is its loop's.
 */
public final class LeaseStore implements AutoCloseable {
  /** What may wait for the disk before the store refuses more: a burst of a whole /16. */
  private static final int QUEUE = 65_536;

  /** Bounds one commit, and so the wait of its first write. */
  private static final int BATCH = 4_096;

  /**
   * How long freed chunks of the file are left alone. The store's own 45 s guard against disks that
   * reorder writes, which the sync after each commit does; a second bounds the file's growth.
   */
  private static final int RETENTION_MILLIS = 1_000;

  /** How long closing waits for what is queued. */
  private static final long CLOSE_MILLIS = 10_000;

  private static final System.Logger LOG = System.getLogger(LeaseStore.class.getName());

  private static final Lease NOBODY =
      new Lease(0, ClientId.ofMac(0), 0, null, 0, 0, Lease.State.RELEASED);

  private record Write(String network, Lease lease, Executor loop, LeaseJournal.Completion done) {}

  private final Path file;
  private final BlockingQueue<Write> queue = new ArrayBlockingQueue<>(QUEUE);
  private final Map<String, List<Lease>> loaded = new LinkedHashMap<>();
  private final Thread writer;
  private final LongAdder commits = new LongAdder();
  private final LongAdder writes = new LongAdder();
  private volatile boolean closing;

  /** Tells the writer that the store is closing; never stored. */
  private final Write wake;

  /** The writer's; null after a failure, until it has been opened again. */
  private @Nullable MVStore store;

  private final Map<String, MVMap<Integer, byte[]>> maps = new LinkedHashMap<>();
  private boolean failing;

  private LeaseStore(Path file, MVStore opened) {
    this.file = file;
    this.store = opened;
    this.wake = new Write("", NOBODY, Runnable::run, new NoCompletion());
    this.writer = Thread.ofPlatform().name("lanyard-leases").daemon().unstarted(this::run);
  }

  /**
   * Opens a store, or makes it.
   *
   * @param file the store's file; its folder must be there
   * @return the store, to be closed
   * @throws LeaseStoreException if it cannot be used: damaged, locked by another process, or not
   *     readable
   */
  public static LeaseStore open(Path file) {
    boolean fresh = !Files.exists(file);
    MVStore opened = null;
    try {
      long promised = fresh ? 0 : StoreHeader.version(file);
      opened = openFile(file);
      if (opened.getCurrentVersion() < promised) {
        LOG.log(
            Level.WARNING,
            "lease store damaged: what was stored last is lost, the rest is kept; guests without a"
                + " lease get one when they ask again file="
                + file
                + " copy="
                + Files.copy(file, aside(file)));
      }
      LeaseStore leases = new LeaseStore(file, opened);
      leases.readAll();
      if (fresh) {
        opened.commit();
        opened.sync();
        syncFolder(file);
      }
      leases.writer.start();
      return leases;
    } catch (MVStoreException | IOException | IllegalStateException | ClassCastException e) {
      if (opened != null) {
        opened.closeImmediately();
      }
      throw new LeaseStoreException(explain(file, e), isDamage(e), e);
    }
  }

  /** Whether it is the file's contents that are at fault, and not the way to them. */
  private static boolean isDamage(Exception e) {
    return switch (e) {
      case FileSystemException unreachable -> false; // permission denied and the like
      case MVStoreException store ->
          switch (store.getErrorCode()) {
            case DataUtils.ERROR_FILE_CORRUPT,
                DataUtils.ERROR_CHUNK_NOT_FOUND,
                DataUtils.ERROR_SERIALIZATION,
                DataUtils.ERROR_INTERNAL ->
                true;
            default -> false;
          };
      default -> true;
    };
  }

  /**
   * Opens a store as {@link #open}, or a new one where the file is damaged beyond reading: networks
   * without the memory of their leases are better than none, since addresses are looked for before
   * they are given away. The damaged file is kept, and the log says where.
   *
   * @param file the store's file; its folder must be there
   * @return the store, to be closed
   * @throws LeaseStoreException if it cannot be used for another reason
   */
  public static LeaseStore openOrSetAside(Path file) {
    try {
      return open(file);
    } catch (LeaseStoreException e) {
      if (!e.isDamage()) {
        throw e;
      }
      try {
        LOG.log(
            Level.WARNING,
            "lease store damaged: starting without leases; guests get theirs when they ask again,"
                + " or put a good copy in its place and restart file="
                + file
                + " moved-to="
                + moveAside(file)
                + " reason="
                + e.getMessage());
      } catch (IOException cannotMove) {
        e.addSuppressed(cannotMove);
        throw e;
      }
      return open(file);
    }
  }

  /**
   * Moves a store that cannot be read out of the way. Nothing is deleted.
   *
   * @param file the store's file
   * @return where it is now
   * @throws IOException if it cannot be moved
   */
  public static Path moveAside(Path file) throws IOException {
    return Files.move(file, aside(file));
  }

  private static Path aside(Path file) {
    for (int n = 1; ; n++) {
      Path aside = file.resolveSibling(file.getFileName() + ".damaged-" + n);
      if (!Files.exists(aside)) {
        return aside;
      }
    }
  }

  private static MVStore openFile(Path file) {
    MVStore store =
        new MVStore.Builder()
            .fileName(file.toString())
            .autoCommitDisabled()
            .autoCommitBufferSize(0)
            .cacheSize(1)
            .open();
    store.setRetentionTime(RETENTION_MILLIS);
    store.setVersionsToKeep(0);
    return store;
  }

  private static void syncFolder(Path file) throws IOException {
    // The file's name has to survive too, or what is in it was acknowledged in vain.
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private static String explain(Path file, Exception e) {
    if (e instanceof MVStoreException damage
        && damage.getErrorCode() == DataUtils.ERROR_FILE_LOCKED) {
      return "the lease store "
          + file
          + " is in use by another process: stop the other daemon, or give this one a state"
          + " directory of its own";
    }
    return "the lease store "
        + file
        + " cannot be read: "
        + e.getMessage()
        + "; move it aside (mv "
        + file
        + " "
        + file
        + ".damaged) to start without leases, or put a good copy in its place";
  }

  private void readAll() throws IOException {
    for (String name : openStore().getMapNames()) {
      if (name.startsWith("leases.")) {
        String network = name.substring("leases.".length());
        List<Lease> leases = new ArrayList<>();
        for (Map.Entry<Integer, byte[]> entry : map(network).entrySet()) {
          leases.add(LeaseRecord.decode(entry.getKey(), entry.getValue()));
        }
        loaded.put(network, leases);
      }
    }
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
        synchronized (loaded) {
          List<Lease> leases = loaded.remove(network);
          return leases == null ? List.of() : leases;
        }
      }

      @Override
      public void write(Lease lease, Completion completion) {
        if (closing || !queue.offer(new Write(network, lease, loop, completion))) {
          String why = closing ? "the lease store is closed" : "the lease store is overloaded";
          execute(loop, () -> completion.failed(new IOException(why)));
        }
      }
    };
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

  /** Stores what is queued, and closes the file. */
  @Override
  public void close() {
    closing = true;
    // Wakes the writer. Not by an interrupt, which would close the file under it (FileChannel). If
    // the queue has no room the writer is awake.
    boolean woken = queue.offer(wake);
    LOG.log(Level.DEBUG, () -> "lease store closing woken=" + woken);
    try {
      if (!writer.join(java.time.Duration.ofMillis(CLOSE_MILLIS))) {
        LOG.log(Level.WARNING, "lease store still writing, left behind file=" + file);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // The writer's thread

  private void run() {
    List<Write> batch = new ArrayList<>();
    while (true) {
      batch.clear();
      Write first = next();
      if (first == null) {
        break;
      }
      batch.add(first);
      queue.drainTo(batch, BATCH - 1);
      batch.remove(wake);
      commit(batch);
    }
    MVStore open = store;
    if (open != null) {
      try {
        // Without compaction: on a file that has survived a kill, MVStore's own assertions fail in
        // it.
        open.close();
      } catch (MVStoreException e) {
        LOG.log(Level.WARNING, "lease store not closed cleanly file=" + file, e);
      }
    }
  }

  /** Waits for a write; null once the store is closing and nothing is queued. */
  private @Nullable Write next() {
    while (true) {
      try {
        Write write = closing ? queue.poll() : queue.take();
        if (write == null || !write.equals(wake)) {
          return write;
        }
      } catch (InterruptedException e) {
        // Nobody interrupts this thread; if somebody did, it has to go on all the same, and with
        // the interrupt cleared, or its next write would close the file.
        LOG.log(Level.DEBUG, "lease store interrupted", e);
      }
    }
  }

  private void commit(List<Write> batch) {
    Exception failure = null;
    try {
      MVStore open = openStore();
      for (Write write : batch) {
        map(write.network()).put(write.lease().address(), LeaseRecord.encode(write.lease()));
      }
      open.commit();
      open.sync();
      commits.increment();
      writes.add(batch.size());
      if (failing) {
        failing = false;
        LOG.log(Level.INFO, "lease store writes again file=" + file);
      }
    } catch (RuntimeException e) { // MVStore throws several; none may end this thread.
      failure = e;
      fail(e);
    }
    complete(batch, failure);
  }

  /** Gives the file up, so that the next batch starts from what is on disk. */
  private void fail(Exception cause) {
    if (!failing) {
      failing = true;
      LOG.log(
          Level.ERROR,
          "leases cannot be stored, so none is acknowledged: free space or repair the disk file="
              + file
              + " cause="
              + cause.getMessage());
    }
    MVStore broken = store;
    store = null;
    maps.clear();
    if (broken != null) {
      try {
        broken.closeImmediately();
      } catch (MVStoreException | IllegalStateException e) {
        cause.addSuppressed(e);
      }
    }
  }

  private MVStore openStore() {
    MVStore open = store;
    if (open == null) {
      open = openFile(file);
      store = open;
    }
    return open;
  }

  private MVMap<Integer, byte[]> map(String network) {
    return maps.computeIfAbsent(
        network,
        name ->
            openStore()
                .openMap(
                    "leases." + name,
                    new MVMap.Builder<Integer, byte[]>()
                        .keyType(IntegerDataType.INSTANCE)
                        .valueType(ByteArrayDataType.INSTANCE)));
  }

  /** One task a loop for the whole batch, in the order of the writes. */
  private static void complete(List<Write> batch, @Nullable Exception failure) {
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
      LOG.log(Level.DEBUG, "a loop has ended before its leases were stored", e);
    }
  }

  private static final class NoCompletion implements LeaseJournal.Completion {
    @Override
    public void durable() {}

    @Override
    public void failed(Throwable cause) {}
  }
}
