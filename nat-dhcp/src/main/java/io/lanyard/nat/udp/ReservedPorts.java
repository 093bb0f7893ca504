package io.lanyard.nat.udp;

import io.lanyard.linux.Sysctl;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.StringTokenizer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * UDP ports of the host that no guest gets by asking for them.
 *
 * <p>A mapping has the guest's own port number where it can (RFC 4787 section 4.2.1), so a guest
 * chooses a port of the host. A service of the host that starts later would find it taken. These
 * are never given so; a guest that sends from one of them gets another port outside:
 *
 * <ul>
 *   <li>ports below 1024 (REQ-3: keep out of that range),
 *   <li>those that the host keeps back for its services ({@code net.ipv4.ip_local_reserved_ports}),
 *   <li>those that {@code /etc/services} gives a name for UDP, and a few that it mostly forgets,
 *   <li>those of this daemon's UDP forwards, the ones that cannot listen at present included.
 * </ul>
 *
 * <p>One object serves all networks of a process.
 *
 * <p>Thread: any.
 */
public final class ReservedPorts {
  private static final int FIRST_ORDINARY = 1024;
  private static final int PORTS = 65536;
  private static final String UDP = "/udp";

  /** As often as the kernel's setting is read again. */
  private static final long REREAD_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** No list of ports is longer: each second one by itself, of five digits and a comma. */
  private static final int LONGEST_LIST = PORTS / 2 * 6;

  /**
   * The ports that hosts commonly serve though their /etc/services does not say so: Nebula, VXLAN,
   * Geneve, flannel's VXLAN, QUIC beside HTTPS, ZeroTier, Tailscale, WireGuard.
   */
  private static final int[] COMMON = {4242, 4789, 6081, 8443, 8472, 9993, 41641, 51820, 51821};

  private final Path kernelList;
  private final BitSet services = new BitSet(PORTS);
  private final AtomicIntegerArray forwards = new AtomicIntegerArray(PORTS);
  private volatile BitSet kept = new BitSet();
  private volatile long readNanos;

  private ReservedPorts(Path kernelList, Path serviceNames) {
    this.kernelList = kernelList;
    services.set(0, FIRST_ORDINARY);
    for (int port : COMMON) {
      services.set(port);
    }
    try (var lines = Files.lines(serviceNames, StandardCharsets.ISO_8859_1)) {
      lines.forEach(this::service);
    } catch (IOException | java.io.UncheckedIOException e) {
      // A host without the file.
    }
    reread(System.nanoTime());
  }

  /**
   * The ports of this host.
   *
   * @return a new object that knows no forwards yet
   */
  public static ReservedPorts ofHost() {
    return of(Path.of("/proc/sys/net/ipv4/ip_local_reserved_ports"), Path.of("/etc/services"));
  }

  static ReservedPorts of(Path kernelList, Path serviceNames) {
    return new ReservedPorts(kernelList, serviceNames);
  }

  private void service(String line) {
    int comment = line.indexOf('#');
    StringTokenizer fields = new StringTokenizer(comment < 0 ? line : line.substring(0, comment));
    if (fields.countTokens() >= 2) {
      fields.nextToken();
      String port = fields.nextToken();
      if (port.endsWith(UDP)) {
        int number = number(port.substring(0, port.length() - UDP.length()));
        if (number >= 0 && number < PORTS) {
          services.set(number);
        }
      }
    }
  }

  /** A number of one to five digits; -1 for any other text. No pattern: there are many lines. */
  private static int number(String text) {
    if (text.isEmpty() || text.length() > 5) {
      return -1;
    }
    int number = 0;
    for (int i = 0; i < text.length(); i++) {
      char digit = text.charAt(i);
      if (digit < '0' || digit > '9') {
        return -1;
      }
      number = 10 * number + digit - '0';
    }
    return number;
  }

  private void reread(long now) {
    readNanos = now;
    BitSet read = new BitSet(PORTS);
    try {
      for (String range : Sysctl.read(kernelList, LONGEST_LIST).split(",", -1)) {
        int dash = range.indexOf('-');
        int first = number(dash < 0 ? range : range.substring(0, dash));
        int last = dash < 0 ? first : number(range.substring(dash + 1));
        if (first >= 0 && last >= 0) {
          read.set(Math.min(first, PORTS), Math.clamp(last + 1, Math.min(first, PORTS), PORTS));
        }
      }
      kept = read;
    } catch (IOException e) {
      // The former list holds.
    }
  }

  /**
   * Whether a port is reserved.
   *
   * @param port a port that a guest sends from
   * @return true if its mapping gets another one outside
   */
  public boolean contains(int port) {
    long now = System.nanoTime();
    if (now - readNanos >= REREAD_NANOS) {
      reread(now);
    }
    return services.get(port) || kept.get(port) || forwards.get(port) > 0;
  }

  /**
   * Reserves the port of a forward.
   *
   * @param port the port that it listens on, or will
   */
  public void reserve(int port) {
    forwards.incrementAndGet(port);
  }

  /**
   * Ends what {@link #reserve} began.
   *
   * @param port the port of a forward that is gone
   */
  public void release(int port) {
    forwards.decrementAndGet(port);
  }
}
