package io.lanyard.daemon.metric;

import com.codahale.metrics.Clock;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.MovingAverages;
import com.codahale.metrics.Timer;
import io.lanyard.base.Counters;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.dropwizard.DropwizardExports;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The daemon's metrics, in a Dropwizard registry, and as Prometheus reads them.
 *
 * <p>A metric's name is {@code lanyard.} and, if it has an owner, {@code network.NAME.}, {@code
 * port.NETWORK.NAME.}, {@code forward.NETWORK.NAME.}, {@code service.NETWORK.NAME.}, {@code
 * vmm.NAME.} or {@code guest.NAME.}; Prometheus gets the names as labels. Gauges read live objects
 * of the loops: a value may be a frame behind, which a graph does not show. A value may be a map,
 * by a further label such as the kind of event or the cause. A negative value is one that nobody
 * knows, and is left out.
 *
 * <p>Thread: any.
 */
public final class Metrics {
  private static final String DAEMON = "lanyard.";
  private static final String NETWORK = "lanyard.network.";
  private static final String PORT = "lanyard.port.";
  private static final String FORWARD = "lanyard.forward.";
  private static final String SERVICE = "lanyard.service.";
  private static final String VMM = "lanyard.vmm.";
  private static final String GUEST = "lanyard.guest.";

  private final MetricRegistry registry = new MetricRegistry();

  /** The times of the timers in nanoseconds, by the names that the exporter gives them. */
  private final Map<String, SummedHistogram> sums = new ConcurrentHashMap<>();

  /** Held while a text is made; clients get theirs in the order in which they asked. */
  private final ReentrantLock writing = new ReentrantLock(true);

  private @Nullable PrometheusRegistry prometheus;

  public Metrics() {}

  /**
   * The registry itself.
   *
   * @return the one registry
   */
  public MetricRegistry registry() {
    return registry;
  }

  /**
   * A timer of the daemon's own.
   *
   * @param name without {@code lanyard.}
   * @return the timer, made at the first call
   */
  public synchronized Timer timer(String name) {
    return registry.timer(
        "lanyard." + name,
        () -> {
          SummedHistogram times = new SummedHistogram();
          sums.put(("lanyard." + name).replace('.', '_'), times);
          return new Timer(
              new Meter(new NoAverages(), Clock.defaultClock()), times, Clock.defaultClock());
        });
  }

  /**
   * Moving averages of a rate, which nobody gets: Prometheus makes its own. The library's take some
   * milliseconds of a start, in which they find out when an average has faded.
   */
  private static final class NoAverages implements MovingAverages {
    @Override
    public void tickIfNecessary() {}

    @Override
    public void update(long n) {}

    @Override
    public double getM1Rate() {
      return 0;
    }

    @Override
    public double getM5Rate() {
      return 0;
    }

    @Override
    public double getM15Rate() {
      return 0;
    }
  }

  /** Registers the counters of a network's service. */
  public void service(String network, String service, Counters<?> counters) {
    Gauge<Map<String, Long>> gauge = counters::snapshot;
    replace(SERVICE + segment(network) + "." + service + ".events", gauge);
  }

  public void daemon(String metric, Gauge<Number> gauge) {
    replace("lanyard." + metric, gauge);
  }

  public void network(String network, String metric, Gauge<Number> gauge) {
    replace(NETWORK + segment(network) + "." + metric, gauge);
  }

  public void port(String network, String port, String metric, Gauge<Number> gauge) {
    replace(PORT + segment(network) + "." + segment(port) + "." + metric, gauge);
  }

  /** Numbers of a port, by the label that the metric has. */
  public void portEach(
      String network, String port, String metric, Supplier<? extends Map<String, ?>> each) {
    Gauge<Object> gauge = each::get;
    replace(PORT + segment(network) + "." + segment(port) + "." + metric, gauge);
  }

  /** Numbers of a network, by the label that the metric has. */
  public void networkEach(String network, String metric, Supplier<? extends Map<String, ?>> each) {
    Gauge<Object> gauge = each::get;
    replace(NETWORK + segment(network) + "." + metric, gauge);
  }

  /** Numbers of the daemon, by the label that the metric has. */
  public void daemonEach(String metric, Supplier<? extends Map<String, ?>> each) {
    Gauge<Object> gauge = each::get;
    replace(DAEMON + metric, gauge);
  }

  public void forward(String network, String forward, String metric, Gauge<Number> gauge) {
    replace(FORWARD + segment(network) + "." + segment(forward) + "." + metric, gauge);
  }

  public void vmm(String vmm, String metric, Gauge<Number> gauge) {
    replace(VMM + segment(vmm) + "." + metric, gauge);
  }

  public void guest(String guest, String metric, Gauge<Number> gauge) {
    replace(GUEST + segment(guest) + "." + metric, gauge);
  }

  public void removePort(String network, String port) {
    String prefix = PORT + segment(network) + "." + segment(port) + ".";
    registry.removeMatching((name, metric) -> name.startsWith(prefix));
  }

  public void removeGuest(String guest) {
    String prefix = GUEST + segment(guest) + ".";
    registry.removeMatching((name, metric) -> name.startsWith(prefix));
  }

  /** Forgets what the services of a network had. */
  public void removeServices(String network) {
    String services = SERVICE + segment(network) + ".";
    String pool = NETWORK + segment(network) + ".pool_";
    registry.removeMatching((name, metric) -> name.startsWith(services) || name.startsWith(pool));
  }

  public void removeForward(String network, String forward) {
    String prefix = FORWARD + segment(network) + "." + segment(forward) + ".";
    registry.removeMatching((name, metric) -> name.startsWith(prefix));
  }

  /** Forgets all that a network, its ports, its forwards and its services had. */
  public void removeNetwork(String network) {
    List<String> prefixes =
        List.of(
            NETWORK + segment(network) + ".",
            PORT + segment(network) + ".",
            FORWARD + segment(network) + ".",
            SERVICE + segment(network) + ".");
    registry.removeMatching((name, metric) -> prefixes.stream().anyMatch(name::startsWith));
  }

  private void replace(String name, Gauge<?> gauge) {
    registry.remove(name);
    registry.register(name, gauge);
  }

  /** A dot would end the segment. */
  private static String segment(String name) {
    return name.replace("%", "%25").replace(".", "%2E");
  }

  /** The name that a segment stands for. */
  static String name(String segment) {
    return segment.replace("%2E", ".").replace("%25", "%");
  }

  /**
   * Writes all metrics in Prometheus's text format. Waits until those who asked before have theirs:
   * a text takes several times its length of heap while it is made, and clients who ask at once
   * would fill the heap with that.
   *
   * @param out where to; it takes the text without waiting for a client
   * @throws IOException if that fails
   */
  public void write(OutputStream out) throws IOException {
    writing.lock();
    try {
      PrometheusTextFormatWriter.create()
          .write(out, exporter().scrape(), EscapingScheme.UNDERSCORE_ESCAPING);
    } finally {
      writing.unlock();
    }
  }

  /**
   * The media type of what {@link #write} writes.
   *
   * @return the type
   */
  public static String contentType() {
    return PrometheusTextFormatWriter.CONTENT_TYPE;
  }

  /** Made when somebody first asks: it costs a start some milliseconds. */
  private synchronized PrometheusRegistry exporter() {
    PrometheusRegistry made = prometheus;
    if (made == null) {
      made = new PrometheusRegistry();
      made.register(new LabelledMetrics(registry, DAEMON, "lanyard", List.of()));
      made.register(new LabelledMetrics(registry, NETWORK, "lanyard_network", List.of("network")));
      made.register(
          new LabelledMetrics(registry, PORT, "lanyard_port", List.of("network", "port")));
      made.register(
          new LabelledMetrics(registry, SERVICE, "lanyard_service", List.of("network", "service")));
      made.register(
          new LabelledMetrics(registry, FORWARD, "lanyard_forward", List.of("network", "forward")));
      made.register(new LabelledMetrics(registry, VMM, "lanyard_vmm", List.of("vmm")));
      made.register(new LabelledMetrics(registry, GUEST, "lanyard_guest", List.of("guest")));
      made.register(
          new DescribedExports(
              new DropwizardExports(registry, (name, metric) -> !(metric instanceof Gauge)), sums));
      prometheus = made;
    }
    return made;
  }

  /**
   * Memory that the kernel counts as the process's.
   *
   * @return bytes, or 0 without /proc
   */
  public static long residentBytes() {
    try {
      String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ", -1);
      // statm counts in pages, which are 4 KiB on the hosts that the daemon is built for.
      return Long.parseLong(pages[1]) * 4096;
    } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
      return 0;
    }
  }
}
