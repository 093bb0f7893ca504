package io.lanyard.linux;

import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the process that holds a port, as far as {@code /proc} tells: the sockets of everybody with
 * their users, and which process has one only of processes that this one may look into (proc(5)).
 * An unprivileged daemon may not look into those of other users.
 *
 * <p>Reads some files for each process of the host: not for an event loop.
 */
final class SocketOwner {
  private static final String LISTEN = "0A";
  private static final int LOCAL = 1;
  private static final int STATE = 3;
  private static final int USER = 7;
  private static final int INODE = 9;
  private static final Path PROC = Path.of("/proc");

  private SocketOwner() {}

  /**
   * Finds it.
   *
   * @param transport TCP or UDP
   * @param endpoint an address and port that could not be had
   * @return the process in words, such as {@code nginx (pid 812)}, or {@code a process of root}
   *     where this one may not look into it; null if /proc does not tell
   */
  static @Nullable String find(Transport transport, Endpoint endpoint) {
    return find(PROC, transport, endpoint);
  }

  static @Nullable String find(Path proc, Transport transport, Endpoint endpoint) {
    try {
      Map<String, String> users = sockets(proc, transport, endpoint);
      if (users.isEmpty()) {
        return null;
      }
      String process = process(proc, users.keySet());
      return process != null ? process : "a process of " + users.values().iterator().next();
    } catch (IOException | UncheckedIOException e) {
      return null;
    }
  }

  /** The links in {@code /proc/PID/fd} that name the sockets bound there, with their users. */
  private static Map<String, String> sockets(Path proc, Transport transport, Endpoint endpoint)
      throws IOException {
    boolean tcp = transport == Transport.TCP;
    Map<String, String> found = new LinkedHashMap<>();
    for (String table : tcp ? List.of("tcp", "tcp6") : List.of("udp", "udp6")) {
      Path file = proc.resolve("net").resolve(table);
      if (!Files.exists(file)) {
        continue;
      }
      List<String> lines = Files.readAllLines(file, StandardCharsets.US_ASCII);
      for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
        String[] fields = line.strip().split("\\s+", -1);
        if (fields.length > INODE
            && (!tcp || fields[STATE].equals(LISTEN))
            && conflicts(fields[LOCAL], endpoint)) {
          found.put("socket:[" + fields[INODE] + "]", user(fields[USER]));
        }
      }
    }
    return found;
  }

  private static String user(String number) {
    try {
      return UserNames.of(Integer.parseUnsignedInt(number));
    } catch (NumberFormatException e) {
      return "another user";
    }
  }

  /** Whether a local address of a table keeps others from an endpoint. */
  private static boolean conflicts(String local, Endpoint endpoint) {
    int colon = local.indexOf(':');
    try {
      if (Integer.parseInt(local.substring(colon + 1), 16) != endpoint.port()) {
        return false;
      }
      Address bound = address(local.substring(0, colon));
      Address wanted = endpoint.address();
      if (bound.isAny()) {
        // An IPv6 socket on all addresses mostly has the IPv4 ones as well.
        return true;
      }
      // So does one that is wanted on all IPv6 addresses.
      return wanted.isAny() ? bound.isIpv4() || !wanted.isIpv4() : bound.equals(wanted);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      return false;
    }
  }

  /** The kernel writes each word of the address as a number of the machine's byte order. */
  private static Address address(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    ByteBuffer words = ByteBuffer.wrap(bytes);
    for (int at = 0; at + 4 <= bytes.length; at += 4) {
      int word = words.getInt(at);
      words.putInt(
          at,
          ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? Integer.reverseBytes(word) : word);
    }
    return Address.of(bytes);
  }

  private static @Nullable String process(Path proc, Set<String> sockets) throws IOException {
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[1-9]*")) {
      for (Path process : processes) {
        if (holds(process, sockets)) {
          return name(process);
        }
      }
    }
    return null;
  }

  /**
   * Whether a process has one of the sockets.
   *
   * @param process its directory in {@code /proc}
   * @param sockets links as {@code socket:[4711]}
   */
  static boolean holds(Path process, Set<String> sockets) {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path descriptor : descriptors) {
        if (sockets.contains(link(descriptor))) {
          return true;
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // It has ended, or is none of ours.
    }
    return false;
  }

  /** Where a descriptor leads; empty for one that has been closed since it was listed. */
  private static String link(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return "";
    }
  }

  private static String name(Path process) throws IOException {
    long pid = Long.parseLong(process.getFileName().toString());
    return pid == ProcessHandle.current().pid()
        ? "this daemon itself"
        : Files.readString(process.resolve("comm")).strip() + " (pid " + pid + ")";
  }
}
