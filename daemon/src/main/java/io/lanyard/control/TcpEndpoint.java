package io.lanyard.control;

import io.lanyard.base.LogEvent;
import io.lanyard.control.http.HttpServer;
import io.lanyard.daemon.watch.Watchdog;
import io.lanyard.linux.BindFailure;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import io.lanyard.vswitch.SocketErrors;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A server on TCP that the configuration asks for. An address that is taken is a problem of the
 * status, and tried again: the daemon's work does not depend on being asked.
 *
 * <p>Thread: any.
 */
final class TcpEndpoint implements AutoCloseable {
  static final int RETRY_MILLIS = 5000;

  private static final System.Logger LOG = System.getLogger(TcpEndpoint.class.getName());

  private final Watchdog watchdog;
  private final Words words;
  private final Endpoint listen;
  private final Opening opening;
  private final Explanation explanation;
  private volatile String problem = "";

  /** The error number that {@link #problem} explains. */
  private int explained;

  private volatile @Nullable HttpServer server;
  private @Nullable Thread retrying;
  private boolean closed;

  /**
   * The server's words.
   *
   * @param name its name for logs
   * @param loop its loop, as the watchdog calls it
   * @param lack the beginning of a problem: what nobody can do at the address
   */
  record Words(String name, String loop, String lack) {}

  /** Opens the server. */
  @FunctionalInterface
  interface Opening {
    HttpServer open() throws IOException;
  }

  /** Says why an address cannot be had; {@link BindFailure#explain} looks at every process. */
  @FunctionalInterface
  interface Explanation {
    String of(Transport transport, Endpoint listen, int number, Throwable cause);
  }

  /** Makes an endpoint that is closed; {@link #open} opens it. */
  TcpEndpoint(
      Watchdog watchdog, Words words, Endpoint listen, Opening opening, Explanation explanation) {
    this.watchdog = watchdog;
    this.words = words;
    this.listen = listen;
    this.opening = opening;
    this.explanation = explanation;
  }

  /** Opens the server, now or when that is possible. */
  void open(int retryMillis) {
    try {
      serve();
    } catch (IOException e) {
      String reason = explain(e);
      LogEvent.of(words.name() + "-unavailable")
          .with("listen", listen)
          .with("reason", reason)
          .with("advice", "it is tried again every " + retryMillis / 1000 + " s")
          .log(LOG, Level.WARNING);
      retrying = Thread.ofVirtual().name(words.name() + "-retry").start(() -> retry(retryMillis));
    }
  }

  private String explain(IOException cause) {
    explained = SocketErrors.number(cause);
    String reason = explanation.of(Transport.TCP, listen, explained, cause);
    problem = words.lack() + " " + listen + ": " + reason;
    return reason;
  }

  private synchronized void serve() throws IOException {
    if (!closed) {
      HttpServer made = opening.open();
      watchdog.watch(words.loop(), made.loop());
      server = made;
      problem = "";
    }
  }

  private void retry(int millis) {
    try {
      while (!problem.isEmpty()) {
        TimeUnit.MILLISECONDS.sleep(millis);
        tryAgain();
      }
    } catch (InterruptedException e) {
      // The endpoint is closed.
    }
  }

  void tryAgain() {
    try {
      serve();
      LogEvent.of(words.name() + "-available").with("listen", listen).log(LOG, Level.INFO);
    } catch (IOException e) {
      if (SocketErrors.number(e) != explained) { // else it is said in the status
        explain(e);
      }
    }
  }

  /** Why nobody is served here, or who keeps others from it; empty while all are served. */
  String problem() {
    HttpServer serving = server;
    return serving == null ? problem : serving.problem();
  }

  /** The port that it listens on; 0 while it does not. */
  int port() {
    HttpServer serving = server;
    return serving == null ? 0 : serving.port();
  }

  /** Ends the streams of senders that are known no more. */
  void review() {
    HttpServer serving = server;
    if (serving != null) {
      serving.review();
    }
  }

  /** Closes the server when it has answered what it was asked. Instead of {@link #close}. */
  void drain() {
    end(HttpServer::drain);
  }

  @Override
  public void close() {
    end(HttpServer::close);
  }

  private void end(Consumer<HttpServer> end) {
    Thread waiting = retrying;
    if (waiting != null) {
      waiting.interrupt();
    }
    synchronized (this) {
      closed = true;
      HttpServer serving = server;
      if (serving != null) {
        watchdog.forget(words.loop());
        end.accept(serving);
      }
    }
  }
}
