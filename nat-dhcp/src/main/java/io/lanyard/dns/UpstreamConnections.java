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

  /** How long a server without TLS is not asked for it again, where TLS is no condition. */
  private static final long PLAIN_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final GuestLink link;
  private final EventLoop loop;
  private final Timers timers;
  private final DescriptorBudget.Holder descriptors;
  private final RateLimitedLog log;
  private final Map<UpstreamServer, UpstreamConnection> open = new HashMap<>();

  /** Until when servers are asked in the clear. */
  private final Map<UpstreamServer, Long> plain = new HashMap<>();

  private UpstreamTls tls;

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
      plain.clear();
      List.copyOf(open.values()).forEach(UpstreamConnection::close);
    }
  }

  /** Whether a server that need not prove anything has lately had no TLS. */
  boolean isPlain(UpstreamServer server) {
    Long until = plain.get(server);
    if (until != null && until - timers.clock().nanoTime() <= 0) {
      plain.remove(server);
      return false;
    }
    return until != null;
  }

  /** Notes that a server has no TLS. */
  void usePlain(UpstreamServer server) {
    plain.put(server, timers.clock().nanoTime() + PLAIN_NANOS);
  }

  /**
   * Asks on the server's connection, which is made if it is not there.
   *
   * @param turn the turn of the port that asked
   * @param query the message
   * @param listener hears of the answer, or that none will come
   * @return what to close when the answer is no longer wanted
   */
  UpstreamSocket ask(
      Turn turn, UpstreamServer server, byte[] query, UpstreamSocket.Listener listener) {
    UpstreamConnection connection = open.get(server);
    if (connection != null && connection.isSilent()) {
      connection.retire();
      connection = null;
    }
    if (connection == null) {
      if (!descriptors.take()) {
        return UpstreamConnection.failing(loop, turn, listener);
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
              gone -> open.remove(server, gone));
      open.put(server, made);
      connection = made;
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
    }
    return connection.ask(turn, query, listener);
  }

  private void refused(UpstreamServer server, Throwable failure, String advice) {
    log.log(
        server.name().isEmpty() ? Level.DEBUG : Level.WARNING,
        "dns-tls-failed",
        server.text(),
        line -> line.with("server", server.text()).with("cause", failure).with("advice", advice));
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
