package io.lanyard.daemon;

import io.lanyard.base.Clock;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.Directories;
import io.lanyard.base.DumpNode;
import io.lanyard.base.LogEvent;
import io.lanyard.base.MemoryBudget;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.config.HookConfig;
import io.lanyard.config.NicAddresses;
import io.lanyard.control.api.ChangeInfo;
import io.lanyard.control.api.DaemonStatus;
import io.lanyard.control.api.EventType;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.api.VmmInfo;
import io.lanyard.daemon.change.Conductor;
import io.lanyard.daemon.change.OwnSettings;
import io.lanyard.daemon.change.RunningConfiguration;
import io.lanyard.daemon.change.RunningTree;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.daemon.event.Hooks;
import io.lanyard.daemon.guest.GuestHandle;
import io.lanyard.daemon.guest.GuestSlot;
import io.lanyard.daemon.guest.LeftBehindGuests;
import io.lanyard.daemon.guest.PluginExecutor;
import io.lanyard.daemon.guest.VmmPlugins;
import io.lanyard.daemon.log.DaemonLog;
import io.lanyard.daemon.metric.Metrics;
import io.lanyard.daemon.network.Network;
import io.lanyard.daemon.watch.ProblemEvents;
import io.lanyard.daemon.watch.Problems;
import io.lanyard.daemon.watch.Watchdog;
import io.lanyard.dhcp.LeaseStore;
import io.lanyard.dhcp.LeaseStoreException;
import io.lanyard.image.ImageStore;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.tcp.MemoryPool;
import io.lanyard.net.UniqueLocal;
import io.lanyard.vmm.VmmException;
import io.lanyard.vswitch.port.Patches;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
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
   * @param file its configuration file, or the built-in one
   * @param permitted leaves out of the built-in configuration what this host does not permit and
   *     nobody asked for
   * @param directories where it keeps its files
   * @param plugins a directory of VMM plug-ins, or null for none but its own
   * @param clock time
   */
  public record Settings(
      Document file,
      UnaryOperator<Configuration> permitted,
      Directories directories,
      @Nullable Path plugins,
      Clock clock) {
    /**
     * A daemon that runs all that its file says, without plug-ins.
     *
     * @param file its configuration file
     * @param directories where it keeps its files
     * @return its settings
     */
    public static Settings of(Document file, Directories directories) {
      return new Settings(file, UnaryOperator.identity(), directories, null, Clock.system());
    }

    /** The same with the MAC addresses of NICs for which the file says none. */
    private Settings with(NicAddresses addresses) {
      return new Settings(file.with(addresses), permitted, directories, plugins, clock);
    }
  }

  /** The size of an empty lease store, and of its first growth. */
  private static final long LEAST_SPACE = 64 * 1024;

  private final Settings settings;
  private final DescriptorDivision division;
  private final DescriptorBudget descriptors;
  private final StateLock lock;
  private final LeaseStore leases;
  private final VmmPlugins plugins;
  private final LeftBehindGuests leftBehind;
  private final Metrics metrics = new Metrics();
  private final Watchdog watchdog;
  private final Problems problems = new Problems();
  private final EventBus events;
  private final HeapTrim trim = new HeapTrim(new HeapTrim.OfProcess());
  private volatile Function<Configuration.Metrics, String> metricsServer = _ -> "";
  private volatile Function<Configuration.Api, String> apiServer = _ -> "";
  private final Hooks hooks;
  private final ProblemEvents problemEvents;
  private final RunningTree tree;
  private final Conductor conductor;
  private final DaemonReport report;
  private volatile boolean ready;
  private volatile @Nullable DaemonLog log;

  private Daemon(
      Settings settings,
      RunningConfiguration present,
      DescriptorDivision division,
      StateLock lock,
      LeaseStore leases,
      UniqueLocal prefixes,
      PluginExecutor.Timeouts timeouts) {
    Directories directories = settings.directories();
    this.settings = settings;
    this.division = division;
    this.descriptors = division.budget();
    this.lock = lock;
    this.leases = leases;
    this.plugins = VmmPlugins.load(directories, settings.plugins(), timeouts);
    this.events =
        new EventBus(settings.clock(), Long.toHexString(settings.clock().now().toEpochMilli()));
    this.hooks = new Hooks(events, settings.clock());
    this.problemEvents = new ProblemEvents(events, this::presentProblems);
    metrics.daemon("problems", problemEvents::count);
    this.watchdog = new Watchdog(settings.clock());
    // Disks, name servers and the API's answers: busy work on all carriers would stop them all.
    watchdog.watch("virtual threads", Thread::startVirtualThread);
    watchdog.watchDisk("the lease store", leases.writer());
    this.tree =
        new RunningTree(
            new Network.Shared(
                directories,
                settings.clock(),
                leases,
                HostResources.of(descriptors, List.of(), prefixes),
                metrics,
                events,
                watchdog,
                new Patches()),
            new GuestSlot.Shared(
                plugins, new ImageStore(directories.images()), events, settings.clock(), timeouts));
    this.leftBehind = new LeftBehindGuests(plugins, () -> tree.guests().keySet());
    this.conductor =
        new Conductor(
            present,
            tree,
            settings.permitted(),
            new Own(),
            settings.file(),
            directories.state(),
            settings.clock());
    this.report = new DaemonReport(settings, tree, conductor, problems, leases, descriptors);
    conductor.addListener(this::changed);
    problems.addAll(plugins::problems);
    problems.addAll(leftBehind::problems);
    problems.addAll(watchdog::problems);
    problems.addAll(conductor::problems);
    problems.addAll(report::guestProblems);
    problems.addAll(hooks::problems);
  }

  private void changed(RunningConfiguration present, PlanInfo done, String who) {
    division.follow(present.configuration());
    for (ChangeInfo change : done.changes()) {
      events.publish(
          EventType.CONFIGURATION_CHANGED,
          change.network(),
          change.subject(),
          Map.of(
              "kind",
              change.kind(),
              "text",
              change.text(),
              "revision",
              Long.toString(present.revision()),
              "who",
              who));
    }
  }

  private final class Own implements OwnSettings {
    @Override
    public String misfit(Configuration next) {
      String misfit = division.misfit(next);
      return misfit.isEmpty() ? "" : misfit + "; " + DescriptorDivision.REMEDY;
    }

    @Override
    public void log(Configuration.Log settings) {
      DaemonLog observed = log;
      if (observed != null) {
        observed.keepFrom(settings.level());
      }
    }

    @Override
    public void hooks(List<HookConfig> settings) {
      hooks.follow(settings);
    }

    @Override
    public String metrics(Configuration.Metrics settings) {
      return metricsServer.apply(settings);
    }

    @Override
    public String api(Configuration.Api settings) {
      return apiServer.apply(settings);
    }
  }

  /**
   * Has other settings of the metrics' server taken over.
   *
   * @param server takes them and answers why they do not work yet, or an empty text; on the
   *     conductor's thread
   */
  public void onMetrics(Function<Configuration.Metrics, String> server) {
    metricsServer = server;
  }

  /**
   * Has other settings of the API on TCP taken over.
   *
   * @param server takes them and answers why they do not work yet, or an empty text; on the
   *     conductor's thread
   */
  public void onApi(Function<Configuration.Api, String> server) {
    apiServer = server;
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

  /**
   * Looks for a daemon that uses the same state directory. Starts nothing.
   *
   * @param directories where a daemon is to keep its files
   * @throws StartException if there is one: its process, and what to do
   */
  public static void checkUnused(Directories directories) throws StartException {
    StateLock.check(directories.state());
  }

  /**
   * The same, with other timeouts for its VMMs.
   *
   * @param settings what to make it from
   * @param timeouts how long VMMs may take
   * @return a running daemon
   * @throws StartException if nothing can run
   */
  public static Daemon open(Settings settings, PluginExecutor.Timeouts timeouts)
      throws StartException {
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
      KeptNicAddresses.prepare(directories.state());
      UniqueLocal prefixes = KeptPrefixes.open(directories.state());
      KeptNicAddresses nics = KeptNicAddresses.open(directories.state(), prefixes);
      leases = LeaseStore.openOrSetAside(directories.state().resolve("leases.db"), Clock.system());
      Settings own = settings.with(nics);
      RunningConfiguration present = recover(own);
      nics.keep();
      DescriptorDivision division = DescriptorDivision.divide(present.configuration(), own.clock());
      Daemon daemon = new Daemon(own, present, division, lock, leases, prefixes, timeouts);
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

  private static RunningConfiguration recover(Settings settings) throws StartException {
    try {
      RunningConfiguration present =
          RunningConfiguration.recover(
              settings.file(), settings.directories().state(), settings.clock());
      return present.document().isBuiltIn()
          ? present.with(settings.permitted().apply(present.configuration()))
          : present;
    } catch (ConfigException e) {
      throw new StartException("the configuration cannot be used: " + e.getMessage(), "", e);
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
    Configuration configuration = conductor.present().configuration();
    hooks.follow(configuration.hooks());
    tree.addNetworks(configuration.networks().values(), configuration.guests());
    configuration.guests().values().forEach(tree::addGuest);
    plugins.measure(metrics);
    report.measure(metrics);
    metrics.daemonEach("loop_delay_seconds", watchdog::delays);
    metrics.daemon("events", events::published);
    metrics.daemon("event_readers", events::readers);
    metrics.daemon("hook_drops", hooks::dropped);
    MemoryPool memory = MemoryPool.ofProcess();
    metrics.daemon("tcp_memory_bytes", memory::used);
    metrics.daemon("tcp_memory_limit_bytes", memory::limit);
    MemoryBudget frames = MemoryBudget.ofProcess();
    metrics.daemon("port_memory_bytes", frames::used);
    metrics.daemon("port_memory_limit_bytes", frames::limit);
    metrics.daemon("direct_memory_bytes", PlatformDependent::usedDirectMemory);
    metrics.daemon("direct_memory_limit_bytes", PlatformDependent::maxDirectMemory);
    metrics.daemon("sockets", descriptors::used);
    metrics.daemon("sockets_limit", descriptors::total);
  }

  /**
   * Lets the status count what the log sees.
   *
   * @param observed the process's log
   */
  public void observe(DaemonLog observed) {
    log = observed;
    report.observe(observed);
    observed.keepFrom(conductor.present().configuration().log().level());
  }

  /**
   * Makes the guests, and starts those that the configuration says, all at a time. What fails is
   * logged. Returns when all have been tried.
   */
  public void startGuests() {
    tree.onGuests(tree.guests().keySet(), Daemon::start);
    leftBehind.look();
    ready = true;
    problemEvents.start();
  }

  private static void start(GuestSlot slot) {
    try {
      slot.create();
      if (slot.config().autostart()) {
        slot.startUnlessOn();
      }
    } catch (VmmException | RuntimeException e) {
      LogEvent.of("guest-not-started")
          .with("guest", slot.config().name())
          .with("cause", e)
          .log(LOG, Level.WARNING);
    }
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
   * The conductor, which changes what runs.
   *
   * @return the one object for the life of the daemon
   */
  public Conductor conductor() {
    return conductor;
  }

  /**
   * Reads the daemon's own configuration file again.
   *
   * @param present the present document
   * @return the file as it is now, with those changes over it that lie over it at present; the
   *     changes over another file are left out
   * @throws ConfigException if it cannot be read or has problems
   */
  public Document reread(Document present) throws ConfigException {
    Document file = settings.file();
    Document document = file.isBuiltIn() ? file : Document.load(Path.of(file.source()));
    return present.source().equals(file.source()) ? document.withKept(present.edits()) : document;
  }

  /**
   * The events.
   *
   * @return the one object for the life of the daemon
   */
  public EventBus events() {
    return events;
  }

  /**
   * The networks that are there now, in the order in which they were added.
   *
   * @return a snapshot
   */
  public Collection<Network> networks() {
    return tree.networks().values();
  }

  /**
   * Finds a network.
   *
   * @param name its name
   * @return the network, or null
   */
  public @Nullable Network network(String name) {
    return tree.network(name);
  }

  /**
   * The guests' names, in the order in which they were added.
   *
   * @return a list of names
   */
  public List<String> guestNames() {
    return List.copyOf(tree.guests().keySet());
  }

  /**
   * The VMMs that guests can be run by.
   *
   * @return a snapshot
   */
  public List<VmmInfo> vmms() {
    return plugins.list();
  }

  /**
   * Finds a guest.
   *
   * @param name its name
   * @return the guest, or null
   */
  public @Nullable GuestHandle guest(String name) {
    GuestSlot slot = tree.guests().get(name);
    return slot == null ? null : new GuestHandle(slot);
  }

  /**
   * The daemon as a whole.
   *
   * @return a snapshot
   */
  public DaemonStatus status() {
    return report.status(ready);
  }

  private List<String> presentProblems() {
    return report.problems();
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
    return report.dump();
  }

  /**
   * The longest time that {@link #close} waits for guests to stop.
   *
   * @return the longest of the guests' stop timeouts
   */
  public Duration stopTimeout() {
    Duration longest = Duration.ZERO;
    for (GuestSlot slot : tree.guests().values()) {
      Duration timeout = slot.config().stopTimeout();
      longest = timeout.compareTo(longest) > 0 ? timeout : longest;
    }
    return longest;
  }

  /** Lets {@link #close} wait for no guest to stop: those that run are powered off at once. */
  public void hurry() {
    tree.hurry();
  }

  @Override
  public void close() {
    ready = false;
    trim.close();
    problemEvents.close();
    conductor.close();
    events.close();
    hooks.close();
    tree.close();
    watchdog.forget("the lease store");
    leases.close();
    lock.close();
  }
}
