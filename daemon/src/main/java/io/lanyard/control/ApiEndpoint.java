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
import org.jspecify.annotations.Nullable;

/**
 * Serves the API on TCP, where the configuration asks for it: what the UNIX socket serves, to those
 * who have a token for it, with TLS or on a loopback address.
 *
 * <p>Thread: any.
 */
public final class ApiEndpoint implements AutoCloseable {
  private static final TcpEndpoint.Words WORDS =
      new TcpEndpoint.Words("api", "the API on TCP", "nobody can use it at");

  /** Null where the configuration does not ask for it. */
  private final @Nullable TcpEndpoint tcp;

  private ApiEndpoint(@Nullable TcpEndpoint tcp) {
    this.tcp = tcp;
  }

  /**
   * Opens the endpoint. An address that is taken, or a certificate that cannot be read, is tried
   * again.
   *
   * @param daemon what is served
   * @param api where, and with which certificate and tokens
   * @return the endpoint
   */
  public static ApiEndpoint open(Daemon daemon, Configuration.Api api) {
    Endpoint listen = api.listen();
    Path tokens = api.tokens();
    if (listen == null || tokens == null) {
      return new ApiEndpoint(null);
    }
    TcpEndpoint tcp =
        new TcpEndpoint(
            daemon.watchdog(),
            WORDS,
            listen,
            () -> serve(daemon, listen, api.tls(), tokens),
            BindFailure::explain);
    tcp.open(TcpEndpoint.RETRY_MILLIS);
    return new ApiEndpoint(tcp);
  }

  private static HttpServer serve(
      Daemon daemon, Endpoint listen, Configuration.Api.@Nullable Tls tls, Path tokens)
      throws IOException {
    if (tls == null && !listen.address().isLoopback()) {
      throw new IllegalArgumentException("the API on TCP at " + listen + " without TLS");
    }
    HttpServer.Tcp tcp =
        new HttpServer.Tcp(
            WORDS.name(),
            listen.toSocketAddress(),
            tls == null ? null : Tls.load(tls.certificate(), tls.key()),
            new TokenCallers(tokens, Clock.system()));
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
    return tcp == null ? "" : tcp.problem();
  }

  /** The port that it listens on; 0 while it does not. */
  int port() {
    return tcp == null ? 0 : tcp.port();
  }

  @Override
  public void close() {
    if (tcp != null) {
      tcp.close();
    }
  }
}
