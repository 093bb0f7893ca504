package io.lanyard.linux;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
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
    return all(subnet.network().isIpv4()).stream()
        .filter(route -> !route.device().equals(own))
        .filter(route -> route.to().overlaps(subnet))
        .findFirst();
  }

  /**
   * All routes of a family, without default routes, and without those of every link in IPv6.
   *
   * @param ipv4 whether of IPv4; else of IPv6
   * @return the routes; none if {@code /proc} does not say
   */
  public static List<HostRoute> all(boolean ipv4) {
    List<String> lines;
    try {
      // The thread's, not the process's: it may be in another namespace.
      lines = Files.readAllLines(Path.of("/proc/thread-self/net", ipv4 ? "route" : "ipv6_route"));
    } catch (IOException e) {
      return List.of();
    }
    return ipv4 ? read(lines) : readIpv6(lines);
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

  /** Reads the lines of {@code ipv6_route}. */
  static List<HostRoute> readIpv6(List<String> lines) {
    List<HostRoute> routes = new ArrayList<>();
    for (String line : lines) {
      try {
        readIpv6(line.strip().split("\\s+", -1), false).ifPresent(routes::add);
      } catch (IllegalArgumentException e) {
        // A line of another form.
      }
    }
    return routes;
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
   * Reads the lines of {@code route}, of which the first is a heading; leaves default routes out.
   */
  static List<HostRoute> read(List<String> lines) {
    List<HostRoute> routes = new ArrayList<>();
    for (String line : lines) {
      try {
        read(line.strip().split("\\s+", -1)).ifPresent(routes::add);
      } catch (IllegalArgumentException e) {
        // The heading, or a line of another form.
      }
    }
    return routes;
  }

  private static Optional<HostRoute> read(String[] columns) {
    if (columns.length < COLUMNS || (Integer.parseInt(columns[3], 16) & RTF_UP) == 0) {
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
