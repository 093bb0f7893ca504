package io.lanyard.daemon.main;

import io.lanyard.base.BuildVersion;
import io.lanyard.base.Causes;
import io.lanyard.base.Clock;
import io.lanyard.base.Directories;
import io.lanyard.base.LogEvent;
import io.lanyard.base.Signals;
import io.lanyard.config.ConfigException;
import io.lanyard.config.ConfigFile;
import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.control.ApiEndpoint;
import io.lanyard.control.ControlServer;
import io.lanyard.control.http.HttpServer;
import io.lanyard.control.http.SocketFileException;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.StartException;
import io.lanyard.daemon.log.DaemonLog;
import io.lanyard.daemon.watch.Watchdog;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** {@code lanyard daemon}: runs in the foreground until SIGTERM or SIGINT. */
final class DaemonCommand {
  /** Longer than every part's own timeout but the guests', which are added to it. */
  private static final Duration STOP = Duration.ofSeconds(20);

  @Nullable Path config;
  @Nullable Path state;
  @Nullable Path runtime;
  @Nullable Path images;
  @Nullable Path plugins;
  @Nullable String group;
  boolean whileInput;

  /** The daemon's time. */
  Clock clock = Clock.system();

  private volatile @Nullable Daemon running;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);

  /**
   * Runs the daemon until it is told to stop.
   *
   * @return the exit code
   * @throws StartException if it cannot start: why, and what to do
   */
  int call() throws StartException {
    Path said = config == null ? ConfigFile.find() : config;
    Path file = said == null ? null : said.toAbsolutePath().normalize();
    Document document;
    Configuration configuration;
    try {
      document = file == null ? Document.builtIn() : Document.load(file);
      configuration = document.configuration();
    } catch (ConfigException e) {
      throw unusable(e);
    }
    Directories directories =
        Directories.ofThisUser()
            .with(configuration.directories().state(), configuration.directories().runtime(), null)
            .with(state, runtime, images);
    Path asked = configuration.api().socket();
    Path socket = asked == null ? directories.socket() : directories.runtime().resolve(asked);
    Daemon.checkUnused(directories);
    checkPlace(socket);
    DaemonLog log = DaemonLog.install(configuration.log().level());
    System.Logger logger = System.getLogger(DaemonCommand.class.getName());
    // A signal ends the JVM as soon as its hooks have ended: this one waits for the clean stop.
    try {
      Runtime.getRuntime().addShutdownHook(new Thread(this::signalled, "stop"));
    } catch (IllegalStateException e) {
      // The signal came first.
      return Main.FAILED;
    }
    Daemon.Settings settings =
        new Daemon.Settings(
            document,
            file == null ? new Preflight(configuration) : UnaryOperator.identity(),
            directories,
            plugins,
            clock);
    try {
      run(settings, file, socket, log, logger);
      return Main.DONE;
    } catch (IOException e) {
      throw unserved(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Main.FAILED;
    } finally {
      stopped.countDown();
    }
  }

  /**
   * Looks for another daemon before anything is started: its networks would be taken from it, or
   * these fail.
   */
  private static void checkPlace(Path socket) throws StartException {
    try {
      HttpServer.checkPlace(socket);
    } catch (IOException e) {
      throw unserved(e);
    }
  }

  private static StartException unserved(IOException e) {
    return e instanceof SocketFileException file
        ? new StartException("cannot serve the API: " + file.getMessage(), file.hint(), file)
        : new StartException(
            "cannot serve the API: " + Causes.of(e),
            "give another place with --runtime-dir, or another group with --group",
            e);
  }

  private void awaitInputEnd() {
    try {
      System.in.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // What cannot be read has ended.
    }
    stop.countDown();
  }

  /** Stops on a signal. A second one does not wait for the guests. */
  private void signalled() {
    Daemon daemon = running;
    if (daemon != null && !daemon.stopTimeout().isZero()) {
      List.of("INT", "TERM").forEach(signal -> Signals.on(signal, daemon::hurry));
    }
    stopAndWait();
  }

  /** Ends a daemon that runs, and waits until it has ended. */
  void stopAndWait() {
    Daemon daemon = running;
    Duration limit = daemon == null ? STOP : STOP.plus(daemon.stopTimeout());
    stop.countDown();
    try {
      if (!stopped.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        System.err.println("lanyard: the daemon did not stop in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static StartException unusable(ConfigException e) {
    e.problems().forEach(problem -> System.err.println(problem));
    return new StartException("the configuration cannot be used", "");
  }

  private void run(
      Daemon.Settings settings,
      @Nullable Path file,
      Path socket,
      DaemonLog log,
      System.Logger logger)
      throws StartException, IOException, InterruptedException {
    try (Daemon daemon = Daemon.open(settings)) {
      running = daemon;
      daemon.observe(log);
      try (ControlServer server = ControlServer.bind(daemon, socket, group);
          ApiEndpoint remote =
              ApiEndpoint.open(daemon, daemon.conductor().present().configuration().api());
          MetricsServer metrics = new MetricsServer(daemon);
          SystemdNotifier systemd = new SystemdNotifier(System.getenv());
          Watchdog watchdog = daemon.watchdog()) {
        LogEvent.of("ready")
            .with("version", BuildVersion.text())
            .with("pid", ProcessHandle.current().pid())
            .with("socket", socket)
            .with("networks", daemon.networks().size())
            .log(logger, Level.INFO);
        daemon.problems().add("api", server::problem);
        daemon.problems().add("api on TCP", remote::problem);
        daemon.problems().add("metrics", metrics::problem);
        Signals.on("HUP", () -> Reload.begin(daemon, file, systemd));
        systemd.ready();
        watchdog.start(systemd.watchdog(), systemd::alive);
        // A VMM that takes its time must not keep a signal waiting.
        Thread.ofVirtual().name("start-guests").start(daemon::startGuests);
        if (whileInput) {
          Thread.ofPlatform().daemon().name("input").start(this::awaitInputEnd);
        }
        stop.await();
        LogEvent.of("stopping").log(logger, Level.INFO);
        systemd.stopping(STOP.plus(daemon.stopTimeout()));
      }
    }
    LogEvent.of("stopped").log(logger, Level.INFO);
  }
}
