package io.lanyard.linux;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A route of the host's main table, in the namespace of the calling thread.
 *
 * @param to the destinations that it is for
 * @param device the interface that it leads by
 */
public record HostRoute(Subnet to, String device) {
  /**
   * Of {@code /proc/net/route} (net/ipv4/fib_trie.c): hexadecimal, addresses as memory has them.
   */
  private static final int COLUMNS = 8;

  private static final int RTF_UP = 0x1;

  /**
   * Finds a route for a part of a subnet, or for more than it. A default route does not count.
   *
   * @param subnet of IPv4
   * @param own the interface whose routes do not count
   * @return the first; empty if there is none, or if {@code /proc} does not say
   */
  public static Optional<HostRoute> overlapping(Subnet subnet, String own) {
    List<String> lines;
    try {
      lines = Files.readAllLines(Path.of("/proc/thread-self/net/route"));
    } catch (IOException e) {
      return Optional.empty();
    }
    return read(lines).stream()
        .filter(route -> !route.device().equals(own))
        .filter(route -> route.to().overlaps(subnet))
        .findFirst();
  }

  /** Reads the file's lines, of which the first is a heading; leaves default routes out. */
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
