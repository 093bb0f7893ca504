package io.lanyard.dns;

import io.lanyard.vswitch.Clock;
import java.io.IOException;
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
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where the host itself asks for names: its {@code resolv.conf}, looked at again before a question
 * is forwarded, if the last look is a second old. Nothing is watched while nobody asks.
 *
 * <p>Thread: the network's loop, except that the file is read on a virtual thread.
 */
final class HostResolver {
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final System.Logger LOG = System.getLogger(HostResolver.class.getName());

  /** What tells one version of the file from another. */
  private record Version(Object key, long modified, long size) {}

  private record Look(@Nullable Version version, @Nullable ResolvConf conf) {}

  private final Path file;
  private final Executor loop;
  private final Clock clock;
  private final Function<List<String>, ResolvConf> parser;
  private final Runnable changed;
  private final Deque<Consumer<List<InetSocketAddress>>> waiting = new ArrayDeque<>();
  private @Nullable Version version;
  private List<InetSocketAddress> servers = List.of();
  private boolean looked;
  private boolean looking;
  private long lookedAt;

  /** The server that answered last; the others come after it. */
  private int preferred;

  HostResolver(
      Path file,
      Executor loop,
      Clock clock,
      Function<List<String>, ResolvConf> parser,
      Runnable changed) {
    this.file = file;
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
    if (looked && clock.nanoTime() - lookedAt < FRESH_NANOS) {
      use.accept(inOrder());
      return;
    }
    waiting.add(use);
    if (!looking) {
      looking = true;
      Version known = version;
      Thread.ofVirtual().name("lanyard-resolv-conf").start(() -> look(known));
    }
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

  private void look(@Nullable Version known) {
    Look result;
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      Version now =
          new Version(
              String.valueOf(attributes.fileKey()),
              attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS),
              attributes.size());
      result =
          now.equals(known)
              ? new Look(now, null)
              : new Look(now, parser.apply(Files.readAllLines(file, StandardCharsets.ISO_8859_1)));
    } catch (IOException e) {
      result = new Look(null, ResolvConf.NONE);
    }
    Look done = result;
    loop.execute(() -> seen(done));
  }

  private void seen(Look look) {
    boolean first = !looked;
    looking = false;
    looked = true;
    lookedAt = clock.nanoTime();
    version = look.version();
    if (look.conf() != null && (first || !look.conf().servers().equals(servers))) {
      servers = look.conf().servers();
      preferred = 0;
      if (servers.isEmpty()) {
        LOG.log(Level.WARNING, "no name server: only own names are answered file=" + file);
      } else {
        LOG.log(Level.INFO, "name servers file=" + file + " servers=" + servers);
      }
      if (!first) {
        changed.run();
      }
    }
    List<InetSocketAddress> order = inOrder();
    Consumer<List<InetSocketAddress>> next;
    while ((next = waiting.poll()) != null) {
      next.accept(order);
    }
  }
}
