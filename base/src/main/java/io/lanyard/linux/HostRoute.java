package io.lanyard.linux;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A route of the host, in the namespace of the calling thread.
 *
 * @param to the destinations that it is for
 * @param device the interface that it leads by
 */
public record HostRoute(Subnet to, String device) {
  /**
   * Of {@code /proc/net/route} (net/ipv4/fib_trie.c): hexadecimal, addresses as memory has them.
   */
  private static final int COLUMNS = 8;

  /** Of {@code /proc/net/ipv6_route} (net/ipv6/route.c): hexadecimal. */
  private static final int IPV6_COLUMNS = 10;

  /** The interface of an IPv4 route that leads nowhere: a blackhole has no flag of its own. */
  private static final String NO_DEVICE = "*";

  private static final long RTF_UP = 0x1;

  /** Routes that lead nowhere, and the host's own addresses. */
  private static final long RTF_REJECT = 0x200;

  private static final long RTF_LOCAL = 0x8000_0000L;

  private static final Subnet LINK_LOCAL = Subnet.parse("fe80::/10");
  private static final Subnet MULTICAST = Subnet.parse("ff00::/8");

  /**
   * Finds a route for a part of a subnet, or for more than it. A default route does not count.
   *
   * @param subnet of either family
   * @param own the interface whose routes do not count
   * @return the first; empty if there is none, or if {@code /proc} does not say
   */
  public static Optional<HostRoute> overlapping(Subnet subnet, String own) {
    return table(
        subnet.network().isIpv4(),
        routes ->
            routes
                .filter(route -> !route.device().equals(own))
                .filter(route -> route.to().overlaps(subnet))
                .findFirst(),
        Optional.empty());
  }

  /**
   * Finds routes for parts of subnets, or for more than them: of each subnet the first by each
   * interface, so that a million routes take little memory. A default route does not count.
   *
   * @param subnets of one family
   * @param leastPrefix the shortest prefix of a route that counts, in bits
   * @return the routes; none if {@code /proc} does not say
   */
  public static List<HostRoute> overlapping(Collection<Subnet> subnets, int leastPrefix) {
    if (subnets.isEmpty()) {
      return List.of();
    }
    return table(
        subnets.iterator().next().network().isIpv4(),
        routes -> overlapping(routes, subnets, leastPrefix),
        List.of());
  }

  static List<HostRoute> overlapping(
      Stream<HostRoute> routes, Collection<Subnet> subnets, int leastPrefix) {
    // Each subnet with the interface of a route for it.
    Set<HostRoute> found = new HashSet<>();
    return routes
        .filter(route -> route.to().prefix() >= leastPrefix)
        .filter(route -> {
          boolean isFirst = false;
          for (Subnet subnet : subnets) {
            isFirst |=
                route.to().overlaps(subnet) && found.add(new HostRoute(subnet, route.device()));
          }
          return isFirst;
        })
        .toList();
  }

  /**
   * The routes of a family that a caller needs, without default routes, routes that lead nowhere,
   * and in IPv6 those of every link.
   *
   * @param ipv4 whether of IPv4; else of IPv6
   * @param needed tells which; only those are held in memory
   * @return the routes; none if {@code /proc} does not say
   */
  public static List<HostRoute> all(boolean ipv4, Predicate<HostRoute> needed) {
    return table(ipv4, routes -> routes.filter(needed).toList(), List.of());
  }

  private static <T> T table(boolean ipv4, Function<Stream<HostRoute>, T> use, T unknown) {
    // The thread's, not the process's: it may be in another namespace.
    Path table = Path.of("/proc/thread-self/net", ipv4 ? "route" : "ipv6_route");
    // A router may have a million routes: they are never all in memory.
    try (Stream<String> lines = Files.lines(table)) {
      return use.apply(ipv4 ? read(lines) : readIpv6(lines));
    } catch (IOException | UncheckedIOException e) {
      return unknown;
    }
  }

  /**
   * Whether there is an IPv6 route that leads off the host: a default route, or one to a subnet.
   *
   * @param own subnets whose routes do not count; nor do those of every link, or to the host itself
   * @return false if there is none, or if {@code /proc} does not say
   */
  public static boolean hasIpv6(Collection<Subnet> own) {
    // A router may have a million of them: the first that counts is enough.
    try (Stream<String> lines = Files.lines(Path.of("/proc/thread-self/net/ipv6_route"))) {
      return lines.anyMatch(line -> leadsOff(line, own));
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }

  /** Whether a line of {@code ipv6_route} is a route that leads off the host. */
  static boolean leadsOff(String line, Collection<Subnet> own) {
    try {
      return readIpv6(line.strip().split("\\s+", -1), true)
          .filter(route -> !route.device().equals("lo"))
          .filter(route -> own.stream().noneMatch(subnet -> isWithin(route.to(), subnet)))
          .isPresent();
    } catch (IllegalArgumentException e) {
      return false; // A line of another form.
    }
  }

  private static boolean isWithin(Subnet inner, Subnet outer) {
    return inner.prefix() >= outer.prefix() && outer.contains(inner.network());
  }

  private static Stream<HostRoute> readIpv6(Stream<String> lines) {
    return lines.mapMulti((line, routes) -> {
      try {
        readIpv6(line.strip().split("\\s+", -1), false).ifPresent(routes);
      } catch (IllegalArgumentException e) {
        // A line of another form.
      }
    });
  }

  private static Optional<HostRoute> readIpv6(String[] columns, boolean withDefault) {
    if (columns.length < IPV6_COLUMNS) {
      return Optional.empty();
    }
    long flags = Long.parseLong(columns[8], 16);
    int prefix = Integer.parseInt(columns[1], 16);
    if ((flags & (RTF_UP | RTF_REJECT | RTF_LOCAL)) != RTF_UP || (prefix == 0 && !withDefault)) {
      return Optional.empty();
    }
    Subnet to = Subnet.of(Address.of(HexFormat.of().parseHex(columns[0])), prefix);
    return prefix != 0 && (to.overlaps(LINK_LOCAL) || to.overlaps(MULTICAST))
        ? Optional.empty()
        : Optional.of(new HostRoute(to, columns[9]));
  }

  /**
   * Reads the lines of {@code route}, of which the first is a heading; leaves default routes out,
   * and routes that lead nowhere.
   */
  static Stream<HostRoute> read(Stream<String> lines) {
    return lines.mapMulti((line, routes) -> {
      try {
        read(line.strip().split("\\s+", -1)).ifPresent(routes);
      } catch (IllegalArgumentException e) {
        // The heading, or a line of another form.
      }
    });
  }

  private static Optional<HostRoute> read(String[] columns) {
    if (columns.length < COLUMNS
        || (Integer.parseInt(columns[3], 16) & (RTF_UP | RTF_REJECT)) != RTF_UP
        || columns[0].equals(NO_DEVICE)) {
      return Optional.empty();
    }
    int prefix = Integer.bitCount(Integer.parseUnsignedInt(columns[7], 16));
    byte[] network =
        ByteBuffer.allocate(4)
            .order(ByteOrder.nativeOrder())
            .putInt(Integer.parseUnsignedInt(columns[1], 16))
            .array();
    return prefix == 0
        ? Optional.empty()
        : Optional.of(new HostRoute(Subnet.of(Address.of(network), prefix), columns[0]));
  }
}
