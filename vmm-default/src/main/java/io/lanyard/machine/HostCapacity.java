package io.lanyard.machine;

import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The memory that this host has for guests.
 *
 * <p>The host gives a guest's RAM page by page, when the guest first touches it, so that nothing
 * fails when a guest starts that is too large: later, when pages run out, the kernel ends a
 * process, and it may be the daemon. So a guest starts only if its memory is available now, and if
 * all guests that run can have theirs at once. What is available is {@code MemAvailable} of {@code
 * /proc/meminfo}, or less where a control group of the daemon's (version 1 or 2, any level) has a
 * limit.
 *
 * <p>Thread: any.
 */
final class HostCapacity {
  /** Kept back: the daemon's heap, the buffers of its networks, and some air for the host. */
  static final long RESERVE = 256L << 20;

  private static final Path UNIFIED = Path.of("sys/fs/cgroup");
  private static final Path VERSION_1 = Path.of("sys/fs/cgroup/memory");

  private final Path root;
  private final Map<String, Long> taken = new HashMap<>();

  /** Bytes; {@link Long#MAX_VALUE} where nothing is known or limited. */
  private record Room(long available, long total) {
    Room within(Room other) {
      return new Room(Math.min(available, other.available), Math.min(total, other.total));
    }
  }

  private static final Room UNLIMITED = new Room(Long.MAX_VALUE, Long.MAX_VALUE);

  /** Reads the host's files below a root: {@code /}, but for tests. */
  HostCapacity(Path root) {
    this.root = root;
  }

  /**
   * Takes memory for a guest that starts.
   *
   * @param overcommit whether not to look
   * @throws VmmException if the host does not have it; says what there is, and what to do
   */
  synchronized void take(String guest, long bytes, boolean overcommit) throws VmmException {
    if (!overcommit) {
      Room room = room();
      long others =
          taken.entrySet().stream()
              .filter(entry -> !entry.getKey().equals(guest))
              .mapToLong(Map.Entry::getValue)
              .sum();
      if (bytes > room.available - RESERVE) {
        throw refusal(
            guest,
            bytes,
            "%s of the host's %s is available, and %s of that is kept for the daemon"
                .formatted(text(room.available), text(room.total), text(RESERVE)));
      }
      if (bytes > room.total - RESERVE - others) {
        throw refusal(
            guest,
            bytes,
            "the host has %s, of which running guests may use %s, and %s is kept for the daemon"
                .formatted(text(room.total), text(others), text(RESERVE)));
      }
    }
    taken.put(guest, bytes);
  }

  private static VmmException refusal(String guest, long bytes, String why) {
    return new VmmException(
        "guest %s: its memory of %s does not fit: %s; give it less, stop another guest, or say options: {overcommit: allow}"
            .formatted(guest, text(bytes), why));
  }

  /** Gives back what a guest has, if it has any. */
  synchronized void give(String guest) {
    taken.remove(guest);
  }

  /** As people write it: 512M, 22.9G. */
  static String text(long bytes) {
    if (bytes >= 1L << 30) {
      String number = String.format(Locale.ROOT, "%.1f", bytes / (double) (1L << 30));
      return (number.endsWith(".0") ? number.substring(0, number.length() - 2) : number) + "G";
    }
    return (bytes >> 20) + "M";
  }

  private Room room() {
    Room room = host();
    for (String line : lines(Path.of("proc/self/cgroup"))) {
      // "hierarchy:controllers:path"; version 2 has hierarchy 0 and names no controllers.
      String[] fields = line.split(":", 3);
      if (fields.length < 3) {
        continue;
      }
      if (fields[0].equals("0")) {
        room = room.within(groups(UNIFIED, fields[2], "memory.max", "memory.current", ""));
      } else if (List.of(fields[1].split(",")).contains("memory")) {
        room =
            room.within(
                groups(
                    VERSION_1,
                    fields[2],
                    "memory.limit_in_bytes",
                    "memory.usage_in_bytes",
                    "total_"));
      }
    }
    return room;
  }

  private Room host() {
    long total = Long.MAX_VALUE;
    long available = Long.MAX_VALUE;
    for (String line : lines(Path.of("proc/meminfo"))) {
      if (line.startsWith("MemTotal:")) {
        total = kibibytes(line);
      } else if (line.startsWith("MemAvailable:")) {
        available = kibibytes(line);
      }
    }
    return new Room(available, total);
  }

  private static long kibibytes(String line) {
    return number(line.replaceAll("\\D", ""), Long.MAX_VALUE >> 10) << 10;
  }

  /** A group and those around it: the tightest of their limits holds. */
  private Room groups(Path top, String path, String limit, String usage, String statPrefix) {
    Room room = UNLIMITED;
    Path group = top.resolve(path.replaceFirst("^/+", "")).normalize();
    while (group != null && group.startsWith(top)) {
      long most = value(group.resolve(limit), Long.MAX_VALUE);
      // Without a limit version 1 says a number near 2^63.
      if (most < Long.MAX_VALUE >> 1) {
        long used = value(group.resolve(usage), 0) - files(group, statPrefix);
        room = room.within(new Room(Math.max(0, most - used), most));
      }
      group = group.getParent();
    }
    return room;
  }

  /** The memory that the kernel frees when it is short: files that nobody has used lately. */
  private long files(Path group, String prefix) {
    String key = prefix + "inactive_file ";
    return lines(group.resolve("memory.stat")).stream()
        .filter(line -> line.startsWith(key))
        .mapToLong(line -> number(line.substring(key.length()), 0))
        .sum();
  }

  private long value(Path file, long otherwise) {
    List<String> lines = lines(file);
    return lines.isEmpty() ? otherwise : number(lines.getFirst(), otherwise);
  }

  private static long number(String text, long otherwise) {
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      return otherwise; // "max"
    }
  }

  private List<String> lines(Path file) {
    try {
      return Files.readAllLines(root.resolve(file));
    } catch (IOException e) {
      return List.of(); // not on this host, or not for us: no limit is known
    }
  }
}
