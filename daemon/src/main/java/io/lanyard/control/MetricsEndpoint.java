package io.lanyard.control;

import io.lanyard.base.LogEvent;
import io.lanyard.control.api.Role;
import io.lanyard.control.http.Caller;
import io.lanyard.control.http.HttpMeter;
import io.lanyard.control.http.HttpServer;
import io.lanyard.control.http.Limits;
import io.lanyard.control.http.Routes;
import io.lanyard.daemon.Daemon;
import io.lanyard.linux.BindFailure;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import io.lanyard.vswitch.SocketErrors;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Serves the metrics to Prometheus on TCP, where the configuration asks for it: {@code GET
 * /metrics}, and nothing that could change anything.
 *
 * <p>An address that is taken is a problem of the status, and tried again: the daemon's work does
 * not depend on being watched.
 *
 * <p>Thread: any.
 */
public final class MetricsEndpoint implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(MetricsEndpoint.class.getName());

  private static final int RETRY_MILLIS = 5000;

  /** The server's loop, as the watchdog calls it. */
  private static final String LOOP = "the metrics' server";

  private final Daemon daemon;
  private final HttpMeter meter;
  private final Explanation explanation;
  private volatile String problem = "";

  /** The error number that {@link #problem} explains. */
  private int explained;

  private volatile @Nullable HttpServer server;
  private @Nullable Thread retrying;
  private boolean closed;

  /** Says why an address cannot be had; {@link BindFailure#explain} looks at every process. */
  @FunctionalInterface
  interface Explanation {
    String of(Transport transport, Endpoint listen, int number, Throwable cause);
  }

  private MetricsEndpoint(Daemon daemon, Explanation explanation) {
    this.daemon = daemon;
    this.meter = new Meter(daemon);
    this.explanation = explanation;
  }

  /**
   * Opens the endpoint.
   *
   * @param daemon whose metrics
   * @param listen where, or null for nowhere
   * @return the endpoint
   */
  public static MetricsEndpoint open(Daemon daemon, @Nullable Endpoint listen) {
    return open(daemon, listen, RETRY_MILLIS, BindFailure::explain);
  }

  static MetricsEndpoint open(
      Daemon daemon, @Nullable Endpoint listen, int retryMillis, Explanation explanation) {
    MetricsEndpoint endpoint = new MetricsEndpoint(daemon, explanation);
    if (listen != null) {
      try {
        endpoint.serve(listen);
      } catch (IOException e) {
        endpoint.wait(listen, retryMillis, e);
      }
    }
    return endpoint;
  }

  private void wait(Endpoint listen, int retryMillis, IOException cause) {
    String reason = explain(listen, cause);
    LogEvent.of("metrics-unavailable")
        .with("listen", listen)
        .with("reason", reason)
        .with("advice", "it is tried again every " + retryMillis / 1000 + " s")
        .log(LOG, Level.WARNING);
    retrying = Thread.ofVirtual().name("metrics-retry").start(() -> retry(listen, retryMillis));
  }

  private String explain(Endpoint listen, IOException cause) {
    explained = SocketErrors.number(cause);
    String reason = explanation.of(Transport.TCP, listen, explained, cause);
    problem = "nobody can read them at " + listen + ": " + reason;
    return reason;
  }

  private synchronized void serve(Endpoint listen) throws IOException {
    if (!closed) {
      Routes routes =
          new Routes("there is GET /metrics")
              .add("GET", "/metrics", request -> ControlServer.metrics(daemon));
      HttpServer made =
          HttpServer.bind(
              new HttpServer.Tcp(
                  "metrics",
                  listen.toSocketAddress(),
                  null,
                  (peer, none) -> new Caller(peer, Role.VIEWER)),
              Limits.METRICS,
              routes,
              meter,
              AcceptWatch::handler);
      daemon.watchdog().watch(LOOP, made.loop());
      server = made;
      problem = "";
    }
  }

  private void retry(Endpoint listen, int millis) {
    try {
      while (!problem.isEmpty()) {
        TimeUnit.MILLISECONDS.sleep(millis);
        tryAgain(listen);
      }
    } catch (InterruptedException e) {
      // The endpoint is closed.
    }
  }

  void tryAgain(Endpoint listen) {
    try {
      serve(listen);
      LogEvent.of("metrics-available").with("listen", listen).log(LOG, Level.INFO);
    } catch (IOException e) {
      if (SocketErrors.number(e) != explained) { // else it is said in the status
        explain(listen, e);
      }
    }
  }

  /**
   * Why nobody can read the metrics here, or who keeps others from it.
   *
   * @return text with what to do about it; empty while they are served, or not wanted
   */
  public String problem() {
    HttpServer serving = server;
    return serving == null ? problem : serving.problem();
  }

  @Override
  public void close() {
    Thread waiting = retrying;
    if (waiting != null) {
      waiting.interrupt();
    }
    synchronized (this) {
      closed = true;
      HttpServer serving = server;
      if (serving != null) {
        daemon.watchdog().forget(LOOP);
        serving.close();
      }
    }
  }

  private static final class Meter implements HttpMeter {
    private final com.codahale.metrics.Counter refused;

    Meter(Daemon daemon) {
      refused = daemon.metrics().registry().counter("lanyard.metrics.refused_connections");
    }

    @Override
    public void answered(int status, long nanos) {}

    @Override
    public void refused() {
      refused.inc();
    }

    @Override
    public void failed(Throwable cause) {
      LogEvent.of("metrics-request-failed").log(LOG, Level.WARNING, cause);
    }
  }
}
