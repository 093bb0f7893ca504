package io.lanyard.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * An interface of the host as it was when it was looked at (netdevice(7)), in the namespace of the
 * calling thread.
 *
 * @param name its name
 * @param index its number, which no other interface of the namespace ever has
 * @param mtu the largest IP packet, in bytes
 * @param mac its MAC address, the low 48 bits; 0 unless it is an Ethernet interface
 * @param isEthernet whether its frames are those of Ethernet
 * @param isUp whether somebody has set it up
 * @param hasCarrier whether frames pass: it is up, and something is at the other end
 */
public record HostInterface(
    String name,
    int index,
    int mtu,
    long mac,
    boolean isEthernet,
    boolean isUp,
    boolean hasCarrier) {
  private static final int SIOCGIFFLAGS = 0x8913;
  private static final int SIOCGIFMTU = 0x8921;
  private static final int SIOCGIFHWADDR = 0x8927;
  private static final int SIOCGIFINDEX = 0x8933;
  private static final int VALUE = 16;
  private static final int ARPHRD_ETHER = 1;
  private static final int IFF_UP = 0x1;
  private static final int IFF_RUNNING = 0x40;
  private static final String NONE = "there is no such interface; `ip link` shows them";

  /** Of {@code /proc/net/route} (net/ipv4/fib_trie.c): hexadecimal but for the metric. */
  private static final int IPV4_COLUMNS = 8;

  /** Of {@code /proc/net/ipv6_route} (net/ipv6/route.c): hexadecimal. */
  private static final int IPV6_COLUMNS = 10;

  private static final int RTF_UP = 0x1;
  private static final int RTF_REJECT = 0x200;

  /**
   * Looks at an interface.
   *
   * @param name its name
   * @return its present state
   * @throws ErrnoException if there is none of that name (ENODEV)
   */
  public static HostInterface read(String name) throws ErrnoException {
    int socket =
        ErrnoException.check(
            Libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM, 0), "socket AF_INET", "", "IPv4 is missing");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ifreq = Ifreq.allocate(arena, name);
      int flags = ask(socket, SIOCGIFFLAGS, ifreq, name).get(ValueLayout.JAVA_SHORT, VALUE);
      int index = ask(socket, SIOCGIFINDEX, ifreq, name).get(ValueLayout.JAVA_INT, VALUE);
      int mtu = ask(socket, SIOCGIFMTU, ifreq, name).get(ValueLayout.JAVA_INT, VALUE);
      ask(socket, SIOCGIFHWADDR, ifreq, name);
      boolean isEthernet = ifreq.get(ValueLayout.JAVA_SHORT, VALUE) == ARPHRD_ETHER;
      long mac = 0;
      for (int i = 0; isEthernet && i < 6; i++) {
        mac = mac << 8 | (ifreq.get(ValueLayout.JAVA_BYTE, VALUE + 2 + i) & 0xff);
      }
      boolean isUp = (flags & IFF_UP) != 0;
      boolean hasCarrier = isUp && (flags & IFF_RUNNING) != 0;
      return new HostInterface(name, index, mtu, mac, isEthernet, isUp, hasCarrier);
    } finally {
      Libc.close(socket);
    }
  }

  private static MemorySegment ask(int socket, int request, MemorySegment ifreq, String name)
      throws ErrnoException {
    ErrnoException.check(
        Libc.ioctl(socket, request, ifreq.address()), "look at interface " + name, "", NONE);
    return ifreq;
  }

  /**
   * The names of all interfaces, whether or not they have addresses.
   *
   * @return in the kernel's order, of the calling thread's namespace
   * @throws IOException if {@code /proc} does not say
   */
  public static List<String> names() throws IOException {
    // The thread's, not the process's: it may be in another namespace.
    return Files.readAllLines(Path.of("/proc/thread-self/net/dev")).stream()
        .filter(line -> line.contains(":")) // not the two lines of headings
        .map(line -> line.substring(0, line.indexOf(':')).strip())
        .toList();
  }

  /**
   * Finds the Ethernet interface that the host reaches the world by: that of the default route with
   * the lowest metric. IPv4 counts before IPv6; a route over an interface of another kind, as a
   * VPN's, does not count.
   *
   * @return the interface; empty if there is no such route
   */
  public static Optional<HostInterface> ofDefaultRoute() {
    return Stream.concat(
            candidates("route", HostInterface::ipv4Default),
            candidates("ipv6_route", HostInterface::ipv6Default))
        .flatMap(candidate -> present(candidate.name()).stream())
        .filter(HostInterface::isEthernet)
        .findFirst();
  }

  private static Optional<HostInterface> present(String name) {
    try {
      return Optional.of(read(name));
    } catch (ErrnoException | IllegalArgumentException e) {
      return Optional.empty(); // gone since, or no name at all
    }
  }

  /** A default route: the name of its interface and its metric. */
  record Candidate(String name, long metric) {}

  private interface Line {
    Optional<Candidate> read(String line);
  }

  private static Stream<Candidate> candidates(String file, Line line) {
    List<String> lines;
    try {
      // The thread's, not the process's: it may be in another namespace.
      lines = Files.readAllLines(Path.of("/proc/thread-self/net", file));
    } catch (IOException e) {
      return Stream.empty(); // a host without IPv6, or without /proc
    }
    return lines.stream()
        .flatMap(text -> line.read(text).stream())
        .sorted(Comparator.comparingLong(Candidate::metric));
  }

  /** Reads a line of {@code /proc/net/route}, whose first one is a heading. */
  static Optional<Candidate> ipv4Default(String line) {
    String[] columns = line.strip().split("\\s+", -1);
    if (columns.length < IPV4_COLUMNS
        || !columns[1].equals("00000000")
        || !columns[7].equals("00000000")) {
      return Optional.empty();
    }
    return candidate(columns[0], columns[3], columns[6], 10);
  }

  /** Reads a line of {@code /proc/net/ipv6_route}. */
  static Optional<Candidate> ipv6Default(String line) {
    String[] columns = line.strip().split("\\s+", -1);
    if (columns.length < IPV6_COLUMNS
        || !columns[0].equals("0".repeat(32))
        || !columns[1].equals("00")) {
      return Optional.empty();
    }
    return candidate(columns[9], columns[8], columns[5], 16);
  }

  private static Optional<Candidate> candidate(
      String name, String flags, String metric, int radix) {
    try {
      long bits = Long.parseLong(flags, 16);
      return (bits & (RTF_UP | RTF_REJECT)) == RTF_UP
          ? Optional.of(new Candidate(name, Long.parseLong(metric, radix)))
          : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }
}
