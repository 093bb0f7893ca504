package io.lanyard.control;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.lanyard.config.Endpoint;
import io.lanyard.daemon.Causes;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.Metrics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Serves the metrics to Prometheus on TCP, where the configuration asks for it: {@code GET
 * /metrics}, and nothing that could change anything.
 *
 * <p>An address that is taken is a warning: the daemon's work does not depend on being watched.
 */
public final class MetricsEndpoint implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(MetricsEndpoint.class.getName());

  private final @Nullable HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  private MetricsEndpoint(@Nullable HttpServer server) {
    this.server = server;
  }

  /**
   * Opens the endpoint.
   *
   * @param daemon whose metrics
   * @param listen where, or null for nowhere
   * @return the endpoint
   */
  public static MetricsEndpoint open(Daemon daemon, @Nullable Endpoint listen) {
    if (listen == null) {
      return new MetricsEndpoint(null);
    }
    try {
      HttpServer server = HttpServer.create(listen.socketAddress(), 0);
      MetricsEndpoint endpoint = new MetricsEndpoint(server);
      server.createContext("/metrics", exchange -> answer(daemon, exchange));
      server.setExecutor(endpoint.threads);
      server.start();
      return endpoint;
    } catch (IOException e) {
      LOG.log(
          Level.WARNING, "event=metrics-unavailable listen=" + listen + " cause=" + Causes.of(e));
      return new MetricsEndpoint(null);
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
    if (server != null) {
      server.stop(0);
    }
    threads.close();
  }
}
