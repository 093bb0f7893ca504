package io.lanyard.control;

import io.lanyard.base.Clock;
import io.lanyard.config.Configuration;
import io.lanyard.control.http.HttpServer;
import io.lanyard.control.http.Limits;
import io.lanyard.control.http.Tls;
import io.lanyard.daemon.Daemon;
import io.lanyard.linux.BindFailure;
import io.lanyard.net.Endpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Serves the API on TCP, where the configuration asks for it at the time: what the UNIX socket
 * serves, to those who have a token for it, with TLS or on a loopback address.
 *
 * <p>Another address or certificate is another server: who is connected to the former one is still
 * answered what was asked, and connects again. Other tokens end the streams of those who have none
 * of them.
 *
 * <p>Thread: any.
 */
public final class ApiEndpoint implements AutoCloseable {
  private static final TcpEndpoint.Words WORDS =
      new TcpEndpoint.Words("api", "the API on TCP", "nobody can use it at");

  private final Daemon daemon;
  private Configuration.Api api;
  private @Nullable TokenCallers callers;

  /** Null where the configuration does not ask for it. */
  private volatile @Nullable TcpEndpoint tcp;

  private boolean closed;

  private ApiEndpoint(Daemon daemon, Configuration.Api api) {
    this.daemon = daemon;
    this.api = api;
  }

  /**
   * Opens the endpoint, and has it follow the configuration. An address that is taken, or a
   * certificate that cannot be read, is tried again.
   *
   * @param daemon what is served
   * @param api where, and with which certificate and tokens
   * @return the endpoint
   */
  public static ApiEndpoint open(Daemon daemon, Configuration.Api api) {
    ApiEndpoint endpoint = new ApiEndpoint(daemon, api.onTcp());
    endpoint.serve();
    daemon.onApi(endpoint::follow);
    return endpoint;
  }

  private synchronized String follow(Configuration.Api settings) {
    Configuration.Api before = api;
    Configuration.Api next = settings.onTcp();
    if (closed || next.equals(before)) {
      return "";
    }
    api = next;
    TcpEndpoint present = tcp;
    TokenCallers known = callers;
    Path tokens = next.tokens();
    boolean stays =
        Objects.equals(next.listen(), before.listen()) && Objects.equals(next.tls(), before.tls());
    if (stays && present != null && known != null && tokens != null) {
      known.use(tokens);
      present.review();
    } else {
      if (present != null) {
        present.drain();
      }
      serve();
    }
    return problem();
  }

  /** Opens what the configuration asks for. */
  private synchronized void serve() {
    Endpoint listen = api.listen();
    Path tokens = api.tokens();
    if (listen == null || tokens == null) {
      tcp = null;
      return;
    }
    Configuration.Api.Tls tls = api.tls();
    TokenCallers known = new TokenCallers(tokens, Clock.system());
    TcpEndpoint made =
        new TcpEndpoint(
            daemon.watchdog(),
            WORDS,
            listen,
            () -> bind(daemon, listen, tls, known),
            BindFailure::explain);
    made.open(TcpEndpoint.RETRY_MILLIS);
    callers = known;
    tcp = made;
  }

  private static HttpServer bind(
      Daemon daemon, Endpoint listen, Configuration.Api.@Nullable Tls tls, TokenCallers callers)
      throws IOException {
    if (tls == null && !listen.address().isLoopback()) {
      throw new IllegalArgumentException("the API on TCP at " + listen + " without TLS");
    }
    HttpServer.Tcp tcp =
        new HttpServer.Tcp(
            WORDS.name(),
            listen.toSocketAddress(),
            tls == null ? null : Tls.load(tls.certificate(), tls.key()),
            callers);
    return HttpServer.bind(
        tcp,
        Limits.REMOTE,
        ControlServer.routes(daemon),
        ControlServer.meter(daemon),
        AcceptWatch::handler);
  }

  /**
   * Why nobody can use the API here, or who keeps others from it.
   *
   * @return text with what to do about it; empty while it is served, or not wanted
   */
  public String problem() {
    TcpEndpoint present = tcp;
    return present == null ? "" : present.problem();
  }

  /** The port that it listens on; 0 while it does not. */
  int port() {
    TcpEndpoint present = tcp;
    return present == null ? 0 : present.port();
  }

  @Override
  public synchronized void close() {
    closed = true;
    TcpEndpoint present = tcp;
    if (present != null) {
      present.close();
    }
  }
}
