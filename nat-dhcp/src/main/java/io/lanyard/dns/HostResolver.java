package io.lanyard.dns;

import io.lanyard.base.Causes;
import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.base.Timers;
import io.lanyard.base.Timers.Timer;
import io.lanyard.config.DnsConfig;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Name;

/**
 * Whom to ask for names of others: the servers of the configuration, or those that the host itself
 * asks, in all and for the domains of its links; and the names of the host's hosts file.
 *
 * <p>The files are looked at again when somebody asks and the last look is a second old. Nothing is
 * watched while nobody asks, unless a file could not be read: then it is tried again until it can
 * be.
 *
 * <p>Thread: the network's loop, except that the files are read on a virtual thread.
 */
final class HostResolver {
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Between two attempts at a file that cannot be read. */
  private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** Between two complaints about a file that cannot be read. */
  private static final long COMPLAINT_NANOS = TimeUnit.MINUTES.toNanos(1);

  private static final System.Logger LOG = System.getLogger(HostResolver.class.getName());

  /** The results of a look at the files that are followed. */
  private record Look(
      FollowedFile.@Nullable Look<List<UpstreamServer>> servers,
      FollowedFile.@Nullable Look<HostsFile> hosts,
      ResolvedLinks.@Nullable Look links) {}

  private final HostFiles files;
  private final Function<List<String>, ResolvConf> parser;
  private final Executor loop;
  private final Clock clock;
  private final Consumer<Map<Name, List<UpstreamServer>>> divided;
  private final Runnable changed;
  private final Timer retry;
  private final Deque<Runnable> waiting = new ArrayDeque<>();
  private DnsConfig config;
  private @Nullable FollowedFile<List<UpstreamServer>> resolvConf;
  private @Nullable FollowedFile<HostsFile> hostsFile;
  private @Nullable ResolvedLinks links;
  private final UpstreamRanking ranking;
  private List<UpstreamServer> servers;

  /** Of the files that are followed: a look at those before says nothing of them. */
  private int generation;

  private boolean looked;
  private boolean looking;
  private long lookedAt;
  private long complainNanos;

  /**
   * Makes one that has not looked at any file.
   *
   * @param config whom to ask, and whether the hosts file counts
   * @param files the host's
   * @param loop runs tasks on the network's loop
   * @param timers the network's timers
   * @param parser reads a {@code resolv.conf}
   * @param divided takes the domains of the host's links with their servers
   * @param changed told when servers or hosts are others than before
   */
  HostResolver(
      DnsConfig config,
      HostFiles files,
      Executor loop,
      Timers timers,
      Function<List<String>, ResolvConf> parser,
      Consumer<Map<Name, List<UpstreamServer>>> divided,
      Runnable changed) {
    this.config = config;
    this.files = files;
    this.parser = parser;
    this.resolvConf = resolvConf(config.upstreams());
    this.servers = named(config.upstreams());
    this.hostsFile = hostsFile(config.hostsFile());
    this.loop = loop;
    this.clock = timers.clock();
    this.ranking = new UpstreamRanking(clock);
    ranking.servers(servers);
    this.links = links(config.upstreams());
    this.divided = divided;
    this.changed = changed;
    this.retry = timers.create(this::refresh);
    this.complainNanos = clock.nanoTime();
    this.looked = resolvConf == null && this.hostsFile == null;
  }

  private @Nullable FollowedFile<List<UpstreamServer>> resolvConf(DnsConfig.Upstreams from) {
    return from instanceof DnsConfig.OfHost
        ? new FollowedFile<>(
            files.resolvConf(),
            lines -> parser.apply(lines).servers().stream().map(UpstreamServer::plain).toList(),
            List.of())
        : null;
  }

  private @Nullable ResolvedLinks links(DnsConfig.Upstreams from) {
    return from instanceof DnsConfig.OfHost ? new ResolvedLinks(files.systemBus(), clock) : null;
  }

  private static List<UpstreamServer> named(DnsConfig.Upstreams upstreams) {
    // No pattern switch: the JVM would spin a class for it in each start.
    return upstreams instanceof DnsConfig.Servers(var servers)
        ? servers.stream().map(UpstreamServer::of).toList()
        : List.of();
  }

  private @Nullable FollowedFile<HostsFile> hostsFile(boolean follows) {
    return follows ? new FollowedFile<>(files.hosts(), HostsFile::parse, HostsFile.NONE) : null;
  }

  /**
   * Asks others from now on, or follows the hosts file or no more. A file that was followed before
   * is not read anew.
   *
   * @return whether others are asked
   */
  boolean configure(DnsConfig next) {
    boolean others = !next.upstreams().equals(config.upstreams());
    boolean hosts = next.hostsFile() != config.hostsFile();
    config = next;
    if (others) {
      retry.cancel();
      resolvConf = resolvConf(next.upstreams());
      servers = named(next.upstreams());
      ranking.servers(servers);
      links = links(next.upstreams());
      divided.accept(Map.of());
    }
    if (hosts) {
      hostsFile = hostsFile(next.hostsFile());
    }
    if (others || hosts) {
      generation++;
      looking = false;
      boolean unread = (others && resolvConf != null) || (hosts && hostsFile != null);
      looked = (resolvConf == null && hostsFile == null) || (looked && !unread);
      if (!waiting.isEmpty() && refresh()) {
        tellWaiting();
      }
    }
    return others;
  }

  /**
   * Finds out whom to ask.
   *
   * @param known run on the loop, now or soon, when {@link #ranking} has the servers
   */
  void servers(Runnable known) {
    if (refresh()) {
      known.run();
    } else {
      waiting.add(known);
    }
  }

  /** The servers, and which of them are asked first. */
  UpstreamRanking ranking() {
    return ranking;
  }

  /**
   * Begins to look again if the last look is old.
   *
   * @return whether it is not
   */
  boolean refresh() {
    if (resolvConf == null && hostsFile == null) {
      return true;
    }
    if (looked && clock.nanoTime() - lookedAt < FRESH_NANOS) {
      return true;
    }
    if (!looking) {
      looking = true;
      var conf = resolvConf;
      var names = hostsFile;
      var bus = links != null && links.isDue() ? links : null;
      Object known = conf == null ? null : conf.version();
      Object knownHosts = names == null ? null : names.version();
      int asked = generation;
      Thread.ofVirtual()
          .name("lanyard-resolv-conf")
          .start(() ->
              tell(
                  asked,
                  new Look(
                      conf == null ? null : conf.look(known),
                      names == null ? null : names.look(knownHosts),
                      bus == null ? null : bus.look())));
    }
    return false;
  }

  /** Whether there has been a look at all, or there is nothing to look at. */
  boolean looked() {
    return looked;
  }

  /** The hosts file as it was at the last look. */
  HostsFile hosts() {
    return hostsFile == null ? HostsFile.NONE : hostsFile.content();
  }

  List<UpstreamServer> known() {
    return servers;
  }

  /** The same, as the configuration writes them. */
  List<String> texts() {
    return servers.stream().map(UpstreamServer::text).toList();
  }

  /**
   * The reason why the host's name servers are unknown, with its remedy; empty if they are known.
   */
  String problem() {
    if (resolvConf == null) {
      return "";
    }
    IOException failure = resolvConf.failure();
    if (failure == null) {
      return "";
    }
    return resolvConf.path()
        + " cannot be read: "
        + Causes.of(failure)
        + (servers.isEmpty()
            ? "; names of others are not resolved until it can be"
            : "; the servers that were in it are asked until it can be");
  }

  /** Looks no more. */
  void close() {
    retry.cancel();
    waiting.clear();
  }

  private void tell(int asked, Look done) {
    try {
      loop.execute(() -> {
        if (asked == generation) {
          seen(done);
        }
      });
    } catch (RejectedExecutionException e) {
      LogEvent.of("dns-network-gone").with("cause", e).log(LOG, Level.DEBUG);
    }
  }

  private void seen(Look look) {
    boolean first = !looked;
    looking = false;
    looked = true;
    lookedAt = clock.nanoTime();
    boolean different = false;
    if (hostsFile != null && look.hosts() != null) {
      different = hostsFile.seen(look.hosts());
    }
    if (resolvConf != null && look.servers() != null) {
      boolean unread = resolvConf.failure() != null;
      if (resolvConf.seen(look.servers())) {
        servers = resolvConf.content();
        ranking.servers(servers);
        LogEvent.of("dns-upstreams")
            .with("file", resolvConf.path())
            .with("servers", texts())
            .log(LOG, Level.INFO);
        different = true;
      } else if (unread && resolvConf.failure() == null) {
        LogEvent.of("dns-resolv-conf-readable")
            .with("file", resolvConf.path())
            .log(LOG, Level.INFO);
      }
      retryIfUnread();
    }
    if (links != null && look.links() != null) {
      different |= seen(links, look.links());
    }
    if (different && !first) {
      changed.run();
    }
    tellWaiting();
  }

  private boolean seen(ResolvedLinks its, ResolvedLinks.Look look) {
    String before = its.failure();
    boolean different = its.seen(look);
    if (different) {
      divided.accept(its.domains());
      LogEvent.of("dns-resolved-domains")
          .with("domains", its.domains().keySet().stream().map(Told::text).sorted().toList())
          .log(LOG, Level.INFO);
    }
    if (!its.failure().equals(before) && !its.failure().isEmpty()) {
      LogEvent.of("dns-resolved-unreadable")
          .with("cause", its.failure())
          .with("advice", "names of its links' domains are asked of all servers until it can be")
          .log(LOG, Level.INFO);
    }
    return different;
  }

  private void tellWaiting() {
    Runnable next;
    while ((next = waiting.poll()) != null) {
      next.run();
    }
  }

  private void retryIfUnread() {
    if (problem().isEmpty()) {
      retry.cancel();
      return;
    }
    retry.arm(RETRY_NANOS);
    if (clock.nanoTime() - complainNanos >= 0) {
      complainNanos = clock.nanoTime() + COMPLAINT_NANOS;
      LogEvent.of("dns-resolv-conf-unreadable").with("cause", problem()).log(LOG, Level.WARNING);
    }
  }
}
