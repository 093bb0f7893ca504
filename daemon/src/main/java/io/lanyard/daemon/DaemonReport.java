package io.lanyard.daemon;

import io.lanyard.base.BuildVersion;
import io.lanyard.base.Causes;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.DumpNode;
import io.lanyard.base.MemoryBudget;
import io.lanyard.base.RunningTimeout;
import io.lanyard.config.Document;
import io.lanyard.control.api.DaemonStatus;
import io.lanyard.control.api.NetworkInfo;
import io.lanyard.control.api.PortLoad;
import io.lanyard.daemon.change.Conductor;
import io.lanyard.daemon.change.RunningTree;
import io.lanyard.daemon.guest.GuestHandle;
import io.lanyard.daemon.guest.GuestSlot;
import io.lanyard.daemon.log.DaemonLog;
import io.lanyard.daemon.metric.Metrics;
import io.lanyard.daemon.network.Network;
import io.lanyard.daemon.network.NetworkGoneException;
import io.lanyard.daemon.watch.Problems;
import io.lanyard.dhcp.LeaseStore;
import io.lanyard.nat.flow.FlowMemory;
import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.StationMemory;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A daemon as it is now: its status, its problems, and all its parts with their counters.
 *
 * <p>Thread: any.
 */
final class DaemonReport {
  /** How long the status waits for networks: it is asked to find out why something hangs. */
  private static final Duration STATUS = Duration.ofMillis(500);

  /** Busy ports that the status names: more is what {@code lanyard top} is for. */
  private static final int MOST_BUSY = 3;

  private final Daemon.Settings settings;
  private final RunningTree tree;
  private final Conductor conductor;
  private final Problems problems;
  private final LeaseStore leases;
  private final DescriptorBudget descriptors;
  private final long began;
  private final ClashWatch clashes;
  private volatile @Nullable DaemonLog log;

  /**
   * Makes one of a daemon that begins now.
   *
   * @param problems those of its parts; each network has an object of its own
   */
  DaemonReport(
      Daemon.Settings settings,
      RunningTree tree,
      Conductor conductor,
      Problems problems,
      LeaseStore leases,
      DescriptorBudget descriptors) {
    this.settings = settings;
    this.tree = tree;
    this.conductor = conductor;
    this.problems = problems;
    this.leases = leases;
    this.descriptors = descriptors;
    this.began = settings.clock().nanoTime();
    this.clashes = new ClashWatch(settings.clock());
  }

  /** Has the log's counts reported. */
  void observe(DaemonLog observed) {
    log = observed;
  }

  /** Registers the metrics of the daemon as a whole. */
  void measure(Metrics metrics) {
    metrics.daemon("resident_bytes", Metrics::residentBytes);
    metrics.daemon("uptime_seconds", this::uptimeSeconds);
    metrics.daemon("loop_failures", this::loopFailures);
    metrics.daemon("log_warnings", this::logWarnings);
    metrics.daemon("heap_bytes", DaemonReport::heapBytes);
  }

  private static long heapBytes() {
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private long uptimeSeconds() {
    return (settings.clock().nanoTime() - began) / 1_000_000_000;
  }

  private long loopFailures() {
    DaemonLog observed = log;
    long all = observed == null ? 0 : observed.loopFailures();
    for (Network network : tree.networks().values()) {
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
   * @param ready whether its guests have been started
   */
  DaemonStatus status(boolean ready) {
    Document document = conductor.present().document();
    Present present = present();
    return new DaemonStatus(
        BuildVersion.text(),
        ProcessHandle.current().pid(),
        uptimeSeconds(),
        ready,
        Metrics.residentBytes(),
        document.isBuiltIn() ? "" : document.source(),
        settings.directories().state().toString(),
        settings.directories().runtime().toString(),
        tree.networks().size(),
        tree.networks().values().stream().filter(Network::isStopped).map(Network::name).toList(),
        tree.guests().size(),
        loopFailures(),
        present.busiest().stream()
            .sorted(Comparator.comparingInt(PortLoad::percent).reversed())
            .limit(MOST_BUSY)
            .toList(),
        present.translators(),
        Problems.bounded(present.problems()));
  }

  /** The present problems of the daemon and its networks, of which there may be many. */
  List<String> problems() {
    return Problems.bounded(present().problems());
  }

  /** The words of its parts about themselves at one moment. */
  private record Present(List<String> problems, List<PortLoad> busiest, List<String> translators) {}

  private Present present() {
    clashes.look(tree.networks().values());
    List<String> all = new ArrayList<>(problems.present());
    List<PortLoad> busiest = new ArrayList<>();
    List<String> translators = new ArrayList<>();
    // All at once: one that hangs must not keep the others' problems back.
    Map<String, Future<NetworkInfo>> asked = new LinkedHashMap<>();
    tree.networks()
        .forEach((name, network) -> {
          try {
            asked.put(name, network.report().ask());
          } catch (NetworkGoneException e) {
            // It is being removed, and its problems with it.
          }
        });
    RunningTimeout timeout = new RunningTimeout(STATUS);
    asked.forEach((name, answer) -> {
      boolean answered =
          timeout.await(nanos -> answer.awaitUninterruptibly(nanos, TimeUnit.NANOSECONDS));
      if (answered && answer.isSuccess()) {
        busiest.addAll(answer.getNow().busiest());
        answer.getNow().nat64Prefixes().forEach(prefix -> translators.add(prefix + " of " + name));
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
    return new Present(all, busiest, translators);
  }

  /** The problems of the guests. */
  List<String> guestProblems() {
    return tree.guests().values().stream()
        .filter(GuestSlot::hasProblem)
        .map(slot -> "guest " + slot.config().name() + ": " + slot.reason())
        .toList();
  }

  /** Every component and its counters, each network's part taken on its loop. */
  DumpNode dump() {
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
    all.child(MemoryBudget.ofProcess().dump());
    all.child(FlowMemory.ofProcess().dump());
    all.child(StationMemory.ofProcess().dump());
    all.child(NameMemory.ofProcess().dump());
    for (Network network : tree.networks().values()) {
      try {
        all.child(network.dump());
      } catch (NetworkGoneException e) {
        // It is being removed.
      }
    }
    for (GuestSlot slot : tree.guests().values()) {
      all.child(new GuestHandle(slot).dump());
    }
    return all.build();
  }
}
