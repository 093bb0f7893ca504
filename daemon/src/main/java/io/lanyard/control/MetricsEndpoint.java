package io.lanyard.control;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.lanyard.base.Causes;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.Metrics;
import io.lanyard.net.Endpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Serves the metrics to Prometheus on TCP, where the configuration asks for it: {@code GET
 * /metrics}, and nothing that could change anything.
 *
 * <p>An address that is taken is a warning, and tried again: the daemon's work does not depend on
 * being watched.
 */
public final class MetricsEndpoint implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(MetricsEndpoint.class.getName());

  private static final int RETRY_MILLIS = 5000;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile @Nullable HttpServer server;

  private MetricsEndpoint() {}

  /**
   * Opens the endpoint.
   *
   * @param daemon whose metrics
   * @param listen where, or null for nowhere
   * @return the endpoint
   */
  public static MetricsEndpoint open(Daemon daemon, @Nullable Endpoint listen) {
    return open(daemon, listen, RETRY_MILLIS);
  }

  static MetricsEndpoint open(Daemon daemon, @Nullable Endpoint listen, int retryMillis) {
    MetricsEndpoint endpoint = new MetricsEndpoint();
    if (listen != null) {
      try {
        endpoint.serve(daemon, listen);
      } catch (IOException e) {
        LOG.log(
            Level.WARNING,
            "event=metrics-unavailable listen="
                + listen
                + " cause="
                + Causes.of(e)
                + " advice=\"free the address or change metrics.listen; it is tried again every "
                + retryMillis / 1000
                + " s\"");
        var _ = endpoint.threads.submit(() -> endpoint.retry(daemon, listen, retryMillis));
      }
    }
    return endpoint;
  }

  private void serve(Daemon daemon, Endpoint listen) throws IOException {
    HttpServer opened = HttpServer.create(listen.toSocketAddress(), 0);
    opened.createContext("/metrics", exchange -> answer(daemon, exchange));
    opened.setExecutor(threads);
    opened.start();
    server = opened;
  }

  private boolean retry(Daemon daemon, Endpoint listen, int millis) throws InterruptedException {
    while (true) {
      TimeUnit.MILLISECONDS.sleep(millis);
      try {
        serve(daemon, listen);
        LOG.log(Level.INFO, "event=metrics-available listen=" + listen);
        return true;
      } catch (IOException e) {
        LOG.log(Level.DEBUG, "event=metrics-unavailable listen=" + listen, e);
      }
    }
  }

  private static void answer(Daemon daemon, HttpExchange exchange) throws IOException {
    try (exchange) {
      if (!exchange.getRequestMethod().equals("GET")) {
        exchange.getResponseHeaders().set("Allow", "GET");
        exchange.sendResponseHeaders(405, -1);
        return;
      }
      ByteArrayOutputStream text = new ByteArrayOutputStream(16 * 1024);
      daemon.metrics().write(text);
      exchange.getResponseHeaders().set("Content-Type", Metrics.contentType());
      exchange.sendResponseHeaders(200, text.size());
      text.writeTo(exchange.getResponseBody());
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
    HttpServer opened = server;
    if (opened != null) {
      opened.stop(0);
    }
    threads.close();
  }
}
