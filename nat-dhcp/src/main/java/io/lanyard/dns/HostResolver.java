package io.lanyard.dns;

import io.lanyard.base.Clock;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How the host itself resolves names: by its {@code resolv.conf} and its hosts file, looked at
 * again when somebody asks and the last look is a second old. Nothing is watched while nobody asks.
 *
 * <p>Thread: the network's loop, except that the files are read on a virtual thread.
 */
final class HostResolver {
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** More than any such file has that is not a blocklist. */
  private static final int MAX_FILE = 4 << 20;

  private static final System.Logger LOG = System.getLogger(HostResolver.class.getName());

  /** What tells one version of the file from another. */
  private record Version(Object key, long modified, long size) {}

  /** What a look found: null where nothing has changed. */
  private record Look(
      @Nullable Version version,
      @Nullable ResolvConf conf,
      @Nullable Version hostsVersion,
      @Nullable HostsFile hosts) {}

  private final Path file;
  private final @Nullable Path hostsFile;
  private final Executor loop;
  private final Clock clock;
  private final Function<List<String>, ResolvConf> parser;
  private final Runnable changed;
  private final Deque<Consumer<List<InetSocketAddress>>> waiting = new ArrayDeque<>();
  private @Nullable Version version;
  private @Nullable Version hostsVersion;
  private HostsFile hosts = HostsFile.NONE;
  private List<InetSocketAddress> servers = List.of();
  private boolean looked;
  private boolean looking;
  private long lookedAt;

  /** The server that answered last; the others come after it. */
  private int preferred;

  HostResolver(
      Path file,
      @Nullable Path hostsFile,
      Executor loop,
      Clock clock,
      Function<List<String>, ResolvConf> parser,
      Runnable changed) {
    this.file = file;
    this.hostsFile = hostsFile;
    this.loop = loop;
    this.clock = clock;
    this.parser = parser;
    this.changed = changed;
  }

  /**
   * Finds out whom to ask.
   *
   * @param use told on the loop, now or soon, the servers in the order to try; none if there are
   *     none
   */
  void servers(Consumer<List<InetSocketAddress>> use) {
    if (refresh()) {
      use.accept(inOrder());
    } else {
      waiting.add(use);
    }
  }

  /**
   * Begins to look again if the last look is old.
   *
   * @return whether it is not
   */
  boolean refresh() {
    if (looked && clock.nanoTime() - lookedAt < FRESH_NANOS) {
      return true;
    }
    if (!looking) {
      looking = true;
      Version known = version;
      Version knownHosts = hostsVersion;
      Thread.ofVirtual().name("lanyard-resolv-conf").start(() -> look(known, knownHosts));
    }
    return false;
  }

  /** Whether there has been a look at all. */
  boolean looked() {
    return looked;
  }

  /** The hosts file as it was at the last look. */
  HostsFile hosts() {
    return hosts;
  }

  /** Remembers that a server answered. */
  void answered(InetSocketAddress server) {
    int index = servers.indexOf(server);
    if (index >= 0) {
      preferred = index;
    }
  }

  List<InetSocketAddress> known() {
    return servers;
  }

  private List<InetSocketAddress> inOrder() {
    if (preferred == 0 || servers.isEmpty()) {
      return servers;
    }
    List<InetSocketAddress> rotated = new ArrayList<>(servers);
    Collections.rotate(rotated, -preferred);
    return rotated;
  }

  private void look(@Nullable Version known, @Nullable Version knownHosts) {
    Version now = version(file);
    ResolvConf conf =
        now == null || !now.equals(known) ? parser.apply(lines(file, MAX_FILE)) : null;
    Version hostsNow = hostsFile == null ? null : version(hostsFile);
    HostsFile read = null;
    if (hostsFile != null && !Objects.equals(hostsNow, knownHosts)) {
      read = hostsNow == null ? HostsFile.NONE : HostsFile.parse(lines(hostsFile, MAX_FILE));
    }
    Look done = new Look(now, conf, hostsNow, read);
    try {
      loop.execute(() -> seen(done));
    } catch (RejectedExecutionException e) {
      LOG.log(Level.DEBUG, "the network is gone: nobody waits for its name servers", e);
    }
  }

  private static @Nullable Version version(Path of) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(of, BasicFileAttributes.class);
      return new Version(
          String.valueOf(attributes.fileKey()),
          attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS),
          attributes.size());
    } catch (IOException e) {
      return null; // It is not there, as far as this process can see; it may come.
    }
  }

  /** The lines of a file as far as it is to be read; none if it cannot be. */
  private static List<String> lines(Path of, int most) {
    try (InputStream in = Files.newInputStream(of)) {
      return new String(in.readNBytes(most), StandardCharsets.ISO_8859_1).lines().toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private void seen(Look look) {
    boolean first = !looked;
    looking = false;
    looked = true;
    lookedAt = clock.nanoTime();
    version = look.version();
    hostsVersion = look.hostsVersion();
    boolean different = false;
    if (look.hosts() != null) {
      hosts = look.hosts();
      different = true;
    }
    if (look.conf() != null && (first || !look.conf().servers().equals(servers))) {
      servers = look.conf().servers();
      preferred = 0;
      LOG.log(Level.INFO, "name servers file=" + file + " servers=" + servers);
      different = true;
    }
    if (different && !first) {
      changed.run();
    }
    List<InetSocketAddress> order = inOrder();
    Consumer<List<InetSocketAddress>> next;
    while ((next = waiting.poll()) != null) {
      next.accept(order);
    }
  }
}
