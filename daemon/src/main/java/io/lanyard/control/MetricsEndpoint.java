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
import java.io.IOException;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * Serves the metrics to Prometheus on TCP, where the configuration asks for it: {@code GET
 * /metrics}, and nothing that could change anything.
 *
 * <p>Thread: any.
 */
public final class MetricsEndpoint implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(MetricsEndpoint.class.getName());

  private static final TcpEndpoint.Words WORDS =
      new TcpEndpoint.Words("metrics", "the metrics' server", "nobody can read them at");

  /** Null where the configuration does not ask for it. */
  private final @Nullable TcpEndpoint tcp;

  private MetricsEndpoint(@Nullable TcpEndpoint tcp) {
    this.tcp = tcp;
  }

  /**
   * Opens the endpoint. An address that is taken is tried again.
   *
   * @param daemon whose metrics
   * @param listen where, or null for nowhere
   * @return the endpoint
   */
  public static MetricsEndpoint open(Daemon daemon, @Nullable Endpoint listen) {
    if (listen == null) {
      return new MetricsEndpoint(null);
    }
    TcpEndpoint tcp = endpoint(daemon, listen, BindFailure::explain);
    tcp.open(TcpEndpoint.RETRY_MILLIS);
    return new MetricsEndpoint(tcp);
  }

  static TcpEndpoint endpoint(Daemon daemon, Endpoint listen, TcpEndpoint.Explanation explanation) {
    HttpMeter meter = new Meter(daemon);
    return new TcpEndpoint(
        daemon.watchdog(), WORDS, listen, () -> serve(daemon, listen, meter), explanation);
  }

  private static HttpServer serve(Daemon daemon, Endpoint listen, HttpMeter meter)
      throws IOException {
    Routes routes =
        new Routes("there is GET /metrics")
            .add("GET", "/metrics", request -> ControlServer.metrics(daemon));
    HttpServer.Tcp tcp =
        new HttpServer.Tcp(
            WORDS.name(),
            listen.toSocketAddress(),
            null,
            (peer, none) -> new Caller(peer, Role.VIEWER));
    return HttpServer.bind(tcp, Limits.METRICS, routes, meter, AcceptWatch::handler);
  }

  /**
   * Why nobody can read the metrics here, or who keeps others from it.
   *
   * @return text with what to do about it; empty while they are served, or not wanted
   */
  public String problem() {
    return tcp == null ? "" : tcp.problem();
  }

  @Override
  public void close() {
    if (tcp != null) {
      tcp.close();
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
