package io.lanyard.daemon.main;

import io.lanyard.config.Configuration;
import io.lanyard.control.MetricsEndpoint;
import io.lanyard.daemon.Daemon;
import io.lanyard.net.Endpoint;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The metrics' endpoint, where the configuration has it at the time.
 *
 * <p>Thread: any.
 */
final class MetricsServer implements AutoCloseable {
  private final Daemon daemon;
  private MetricsEndpoint endpoint;
  private @Nullable Endpoint listen;
  private boolean closed;

  MetricsServer(Daemon daemon) {
    this.daemon = daemon;
    this.listen = daemon.conductor().present().configuration().metrics().listen();
    this.endpoint = MetricsEndpoint.open(daemon, listen);
    daemon.onMetrics(this::follow);
  }

  private synchronized String follow(Configuration.Metrics settings) {
    Endpoint next = settings.listen();
    if (closed || Objects.equals(next, listen)) {
      return "";
    }
    endpoint.close();
    listen = next;
    endpoint = MetricsEndpoint.open(daemon, next);
    return endpoint.problem();
  }

  /** Why nobody can read the metrics; empty if they can, or there are to be none. */
  synchronized String problem() {
    return endpoint.problem();
  }

  @Override
  public synchronized void close() {
    closed = true;
    endpoint.close();
  }
}
