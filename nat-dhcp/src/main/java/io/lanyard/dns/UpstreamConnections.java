package io.lanyard.dns;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.base.Timers;
import io.lanyard.base.Timers.Timer;
import io.lanyard.config.DnsUpstream.Way;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.vswitch.Turn;
import io.netty.channel.EventLoop;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The connections to servers that are asked over TCP or TLS: one for each server, on which many
 * questions wait at a time (RFC 7766 section 6.2.1), and which is closed when it has been idle
 * (section 6.2.3; RFC 7858 section 3.4).
 *
 * <p>Thread: the network's loop only.
 */
final class UpstreamConnections implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(UpstreamConnections.class.getName());

  /** How long a connection without questions stays: a handshake costs some round trips. */
  static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);

  /**
   * How long a server whose TLS has failed is asked in the clear before TLS is tried again, where
   * it is no condition; then twice as long. Most servers without TLS never get it.
   */
  private static final long FIRST_PLAIN_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final long LONGEST_PLAIN_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final GuestLink link;
  private final EventLoop loop;
  private final Timers timers;
  private final DescriptorBudget.Holder descriptors;
  private final RateLimitedLog log;
  private final Map<UpstreamServer, UpstreamConnection> open = new HashMap<>();

  /** The servers that are asked in the clear. */
  private final Map<UpstreamServer, Plain> plain = new HashMap<>();

  private UpstreamTls tls;

  /**
   * A server whose TLS has failed.
   *
   * @param retryNanos when TLS is tried again
   * @param restNanos how long that has been put off
   */
  private record Plain(long retryNanos, long restNanos) {}

  UpstreamConnections(
      GuestLink link, DescriptorBudget.Holder descriptors, @Nullable Path authorities) {
    this.link = link;
    this.loop = link.loop();
    this.timers = link.timers();
    this.descriptors = descriptors;
    log = new RateLimitedLog(LOG, timers.clock());
    tls = new UpstreamTls(authorities);
  }

  /** Trusts other authorities, and no longer the servers that were trusted. */
  void configure(@Nullable Path authorities) {
    if (!tls.isOf(authorities)) {
      tls = new UpstreamTls(authorities);
      List.copyOf(open.values()).forEach(UpstreamConnection::close);
      plain.clear();
    }
  }

  /**
   * Whether a server that need not prove anything is asked in the clear, because its TLS has failed
   * last. When that is some time ago TLS is tried again, beside the questions: none waits for it.
   */
  boolean isPlain(UpstreamServer server) {
    Plain its = plain.get(server);
    if (its == null) {
      return false;
    }
    if (its.retryNanos() - timers.clock().nanoTime() <= 0 && !open.containsKey(server)) {
      var _ = connection(server);
    }
    return true;
  }

  private void gone(UpstreamServer server, UpstreamConnection connection) {
    open.remove(server, connection);
    if (server.isOpportunistic() && !connection.hasStood()) {
      failed(server);
    }
  }

  private void failed(UpstreamServer server) {
    Plain before = plain.get(server);
    long rest =
        before == null ? FIRST_PLAIN_NANOS : Math.min(2 * before.restNanos(), LONGEST_PLAIN_NANOS);
    plain.put(server, new Plain(timers.clock().nanoTime() + rest, rest));
  }

  /**
   * Asks on the server's connection, which is made if it is not there.
   *
   * @param turn the turn of the port that asked
   * @param query the message
   * @param listener hears of the answer, or that none will come
   * @return what to close when the answer is no longer wanted; null if there is no descriptor for a
   *     connection, or no place on it: that says nothing of the server
   */
  @Nullable UpstreamSocket ask(
      Turn turn, UpstreamServer server, byte[] query, UpstreamSocket.Listener listener) {
    UpstreamConnection connection = open.get(server);
    if (connection != null && connection.isSilent()) {
      connection.retire();
      connection = null;
    }
    if (connection == null) {
      connection = connection(server);
    }
    return connection == null ? null : connection.ask(turn, query, listener);
  }

  /** Begins to connect; null if there is no descriptor. */
  private @Nullable UpstreamConnection connection(UpstreamServer server) {
    if (!descriptors.take()) {
      return null;
    }
    Timer idle =
        timers.create(() -> {
          UpstreamConnection quiet = open.get(server);
          if (quiet != null) {
            quiet.closeIfIdle();
          }
        });
    UpstreamConnection made =
        new UpstreamConnection(
            link,
            server,
            descriptors,
            idle,
            failure -> refused(server, failure, "the server proves nothing, and is not asked"),
            () -> plain.remove(server),
            gone -> gone(server, gone));
    open.put(server, made);
    if (server.way() == Way.TLS) {
      tls.withContext(
          server.name().isEmpty(),
          loop,
          context -> made.connect(context),
          failure -> {
            refused(server, failure, "look at dns.authorities");
            made.close();
          });
    } else {
      made.connect(null);
    }
    return made;
  }

  private void refused(UpstreamServer server, Throwable failure, String advice) {
    log.log(
        server.name().isEmpty() ? Level.DEBUG : Level.WARNING,
        "dns-tls-failed",
        server.text(),
        line -> line.with("server", server.text()).with("cause", failure).with("advice", advice));
  }

  /** How many servers are asked in the clear because they had no TLS. */
  int inTheClear() {
    return plain.size();
  }

  /** How many connections there are. */
  int size() {
    return open.size();
  }

  @Override
  public void close() {
    new ArrayList<>(open.values()).forEach(UpstreamConnection::close);
  }
}
