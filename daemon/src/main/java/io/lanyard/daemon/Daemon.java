package io.lanyard.daemon;

import io.lanyard.base.BuildVersion;
import io.lanyard.base.Causes;
import io.lanyard.base.Clock;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.Directories;
import io.lanyard.base.DumpNode;
import io.lanyard.base.LogEvent;
import io.lanyard.config.Configuration;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.control.api.DaemonStatus;
import io.lanyard.control.api.NetworkInfo;
import io.lanyard.dhcp.LeaseStore;
import io.lanyard.dhcp.LeaseStoreException;
import io.lanyard.image.ImageStore;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.tcp.MemoryPool;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.VmmException;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A running daemon: its networks and its guests.
 *
 * <p>What cannot run is left out and named by {@link #status}; the rest runs. Only what nothing can
 * run without (the directories, the lock, the lease store) keeps the daemon from starting.
 *
 * <p>Thread: any.
 */
public final class Daemon implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Daemon.class.getName());

  /**
   * The settings of a daemon.
   *
   * @param configuration what it shall run
   * @param source the configuration's file, or empty for the built-in one
   * @param directories where it keeps its files
   * @param plugins a directory of VMM plug-ins, or null for none but its own
   * @param clock time
   */
  public record Settings(
      Configuration configuration,
      String source,
      Directories directories,
      @Nullable Path plugins,
      Clock clock) {}

  /** The size of an empty lease store, and of its first growth. */
  private static final long LEAST_SPACE = 64 * 1024;

  /** How long the status waits for networks: it is asked to find out why something hangs. */
  private static final long STATUS_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final Settings settings;
  private final DescriptorBudget descriptors;
  private final PluginExecutor.Timeouts timeouts;
  private final StateLock lock;
  private final LeaseStore leases;
  private final VmmPlugins plugins;
  private final Metrics metrics = new Metrics();
  private final Watchdog watchdog;
  private final Problems problems = new Problems();
  private final HeapTrim trim = new HeapTrim(new HeapTrim.OfProcess());
  private final Map<String, Network> networks = new LinkedHashMap<>();
  private final Map<String, GuestSlot> guests = new LinkedHashMap<>();
  private final long began;
  private volatile boolean ready;
  private volatile @Nullable DaemonLog log;

  private Daemon(
      Settings settings,
      DescriptorBudget descriptors,
      StateLock lock,
      LeaseStore leases,
      PluginExecutor.Timeouts timeouts) {
    this.settings = settings;
    this.descriptors = descriptors;
    this.timeouts = timeouts;
    this.lock = lock;
    this.leases = leases;
    this.plugins = VmmPlugins.load(settings.directories(), settings.plugins(), timeouts);
    this.began = settings.clock().nanoTime();
    this.watchdog = new Watchdog(settings.clock());
    // Disks, name servers and the API's answers: busy work on all carriers would stop them all.
    watchdog.watch("virtual threads", Thread::startVirtualThread);
    watchdog.watchDisk("the lease store", leases.writer());
    problems.addAll(plugins::problems);
    problems.addAll(watchdog::problems);
    problems.addAll(this::guestProblems);
  }

  /**
   * Starts the networks. Guests are started by {@link #startGuests}, when the API answers already.
   *
   * @param settings what to make it from
   * @return a running daemon
   * @throws StartException if nothing can run
   */
  public static Daemon open(Settings settings) throws StartException {
    return open(settings, PluginExecutor.Timeouts.DEFAULT);
  }

  /** The same, with other timeouts for its VMMs. */
  static Daemon open(Settings settings, PluginExecutor.Timeouts timeouts) throws StartException {
    Directories directories = settings.directories();
    try {
      directories.create();
    } catch (IOException e) {
      throw new StartException(
          String.valueOf(e.getMessage()),
          "give directories that this user may write to with --state-dir and --runtime-dir",
          e);
    }
    if (isFull(directories.state())) {
      throw new StartException(
          "the disk of " + directories.state() + " is full: leases cannot be kept",
          "make room, or give another directory with --state-dir");
    }
    StateLock lock = StateLock.take(directories.state());
    LeaseStore leases = null;
    try {
      leases = LeaseStore.openOrSetAside(directories.state().resolve("leases.db"), Clock.system());
      DescriptorBudget descriptors =
          DescriptorDivision.divide(settings.configuration(), settings.clock());
      Daemon daemon = new Daemon(settings, descriptors, lock, leases, timeouts);
      daemon.begin();
      return daemon;
    } catch (LeaseStoreException e) {
      lock.close();
      throw new StartException(String.valueOf(e.getMessage()), "", e);
    } catch (StartException | RuntimeException e) {
      if (leases != null) {
        leases.close();
      }
      lock.close();
      throw e;
    }
  }

  private static boolean isFull(Path directory) {
    try {
      return Files.getFileStore(directory).getUsableSpace() < LEAST_SPACE;
    } catch (IOException e) {
      return false;
    }
  }

  private void begin() {
    trim.start();
    Configuration configuration = settings.configuration();
    HostResources host = HostResources.of(descriptors, EgressPolicies.subnets(configuration));
    for (NetworkConfig network : configuration.networks().values()) {
      networks.put(
          network.name(),
          new Network(
              network,
              settings.directories().runtime(),
              settings.clock(),
              leases,
              configuration.guests(),
              host,
              metrics,
              watchdog));
    }
    // Each on its own loop: the slowest decides when all run, not the sum.
    List<Thread> starts = new ArrayList<>();
    for (Network network : networks.values()) {
      starts.add(Thread.ofVirtual().name("start-" + network.name()).start(network::start));
    }
    for (Thread start : starts) {
      joinUninterruptibly(start);
    }
    ImageStore images = new ImageStore(settings.directories().images());
    for (GuestConfig guest : configuration.guests().values()) {
      GuestSlot slot = new GuestSlot(guest, plugins, images, networks, timeouts);
      guests.put(guest.name(), slot);
      metrics.guest(guest.name(), "running", () -> slot.isRunning() ? 1 : 0);
      metrics.guest(
          guest.name(), "processor_seconds", () -> slot.statistics().processorNanos() / 1e9);
      metrics.guest(guest.name(), "instructions", () -> slot.statistics().instructions());
      metrics.guest(guest.name(), "overhead_bytes", () -> slot.statistics().overhead());
    }
    plugins.measure(metrics);
    metrics.daemon("resident_bytes", Metrics::residentBytes);
    metrics.daemon("uptime_seconds", this::uptimeSeconds);
    metrics.daemon("loop_failures", this::loopFailures);
    metrics.daemon("log_warnings", this::logWarnings);
    metrics.daemon("heap_bytes", Daemon::heapBytes);
    MemoryPool memory = MemoryPool.ofProcess();
    metrics.daemon("tcp_memory_bytes", memory::used);
    metrics.daemon("tcp_memory_limit_bytes", memory::limit);
    metrics.daemon("sockets", descriptors::used);
    metrics.daemon("sockets_limit", descriptors::total);
  }

  private static void joinUninterruptibly(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static long heapBytes() {
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  /**
   * Lets the status count what the log sees.
   *
   * @param observed the process's log
   */
  public void observe(DaemonLog observed) {
    log = observed;
  }

  /**
   * Makes the guests, and starts those that the configuration says, all at a time. What fails is
   * logged. Returns when all have been tried.
   */
  public void startGuests() {
    List<Thread> starts = new ArrayList<>();
    for (GuestSlot slot : guests.values()) {
      starts.add(Thread.ofVirtual().name("start-" + slot.config().name()).start(() -> start(slot)));
    }
    starts.forEach(Daemon::joinUninterruptibly);
    ready = true;
  }

  private static void start(GuestSlot slot) {
    try {
      slot.create();
      if (slot.config().autostart()) {
        slot.act("start it", Guest::start);
      }
    } catch (VmmException | RuntimeException e) {
      LogEvent.of("guest-not-started")
          .with("guest", slot.config().name())
          .with("cause", e)
          .log(LOG, Level.WARNING);
    }
  }

  /**
   * The daemon's settings.
   *
   * @return the settings
   */
  public Settings settings() {
    return settings;
  }

  /**
   * The metrics.
   *
   * @return the one object for the life of the daemon
   */
  public Metrics metrics() {
    return metrics;
  }

  /**
   * The watchdog of the daemon's loops.
   *
   * @return the one object for the life of the daemon
   */
  public Watchdog watchdog() {
    return watchdog;
  }

  /**
   * The networks, in the order of the configuration.
   *
   * @return a view that does not change
   */
  public Collection<Network> networks() {
    return Collections.unmodifiableCollection(networks.values());
  }

  /**
   * Finds a network.
   *
   * @param name its name
   * @return the network, or null
   */
  public @Nullable Network network(String name) {
    return networks.get(name);
  }

  /**
   * The guests' names, in the order of the configuration.
   *
   * @return a list of names
   */
  public List<String> guestNames() {
    return List.copyOf(guests.keySet());
  }

  /**
   * Finds a guest.
   *
   * @param name its name
   * @return the guest, or null
   */
  public @Nullable GuestHandle guest(String name) {
    GuestSlot slot = guests.get(name);
    return slot == null ? null : new GuestHandle(slot);
  }

  private long uptimeSeconds() {
    return (settings.clock().nanoTime() - began) / 1_000_000_000;
  }

  private long loopFailures() {
    DaemonLog observed = log;
    long all = observed == null ? 0 : observed.loopFailures();
    for (Network network : networks.values()) {
      all += network.loopFailures();
    }
    return all;
  }

  private long logWarnings() {
    DaemonLog observed = log;
    return observed == null ? 0 : observed.warnings();
  }

  /**
   * The daemon as a whole.
   *
   * @return a snapshot
   */
  public DaemonStatus status() {
    return new DaemonStatus(
        BuildVersion.text(),
        ProcessHandle.current().pid(),
        uptimeSeconds(),
        ready,
        Metrics.residentBytes(),
        settings.source(),
        settings.directories().state().toString(),
        settings.directories().runtime().toString(),
        networks.size(),
        guests.size(),
        loopFailures(),
        Problems.bounded(present()));
  }

  private List<String> present() {
    List<String> all = new ArrayList<>(problems.present());
    // All at once: one that hangs must not keep the others' problems back.
    Map<String, Future<NetworkInfo>> asked = new LinkedHashMap<>();
    networks.forEach((name, network) -> asked.put(name, network.ask()));
    long deadline = System.nanoTime() + STATUS_NANOS;
    asked.forEach((name, answer) -> {
      boolean answered =
          answer.awaitUninterruptibly(
              Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      if (answered && answer.isSuccess()) {
        answer.getNow().problems().forEach(problem -> all.add(name + ": " + problem));
      } else {
        all.add(
            name
                + ": "
                + (answered
                    ? "it cannot say how it is: " + Causes.of(answer.cause())
                    : "it does not answer; the log says what it does if that lasts"));
      }
    });
    return all;
  }

  private List<String> guestProblems() {
    return guests.values().stream()
        .filter(GuestSlot::hasProblem)
        .map(slot -> "guest " + slot.config().name() + ": " + slot.reason())
        .toList();
  }

  /**
   * The problems of the daemon's parts; each network has an object of its own.
   *
   * @return the one object for the life of the daemon
   */
  public Problems problems() {
    return problems;
  }

  /**
   * Every component and its counters.
   *
   * @return a tree, each network's part taken on its loop
   */
  public DumpNode dump() {
    DumpNode.Builder all =
        DumpNode.of("daemon")
            .with("version", BuildVersion.text())
            .with("pid", ProcessHandle.current().pid())
            .with("uptimeSeconds", uptimeSeconds())
            .with("residentBytes", Metrics.residentBytes())
            .with("heapBytes", heapBytes())
            .with("loopFailures", loopFailures())
            .with("logWarnings", logWarnings());
    all.child(
        DumpNode.of("lease-store")
            .with("writes", leases.writes())
            .with("commits", leases.commits())
            .build());
    all.child(descriptors.dump());
    networks.values().forEach(network -> all.child(network.dump()));
    for (GuestSlot slot : guests.values()) {
      all.child(new GuestHandle(slot).dump());
    }
    return all.build();
  }

  @Override
  public void close() {
    ready = false;
    trim.close();
    guests.values().forEach(GuestSlot::close);
    plugins.close();
    networks.values().forEach(Network::close);
    watchdog.forget("the lease store");
    leases.close();
    lock.close();
  }
}
