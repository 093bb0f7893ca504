package io.lanyard.nat.egress;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

/**
 * Finds the first of many ordered entries that a protocol and port belong to.
 *
 * <p>The bounds of the entries' port ranges cut the ports of a protocol into intervals, in each of
 * which the same entries match. Of those only the first is kept, and the interval of a port is
 * found by halving.
 *
 * <p>Immutable.
 */
public final class ServiceTable {
  /** The number of no entry. */
  public static final int NONE = -1;

  private static final int PROTOCOLS = 3;
  private static final int PORTS = 1 << 16;
  private static final List<EgressService> EVERYTHING =
      List.of(EgressService.of(EgressService.TCP | EgressService.UDP | EgressService.ICMP));

  /**
   * An entry of a table.
   *
   * @param number what it is found as
   * @param services empty for anything
   */
  record Entry(int number, List<EgressService> services) {
    /** The services of one protocol. */
    private List<EgressService> of(int protocol) {
      return (services.isEmpty() ? EVERYTHING : services)
          .stream().filter(service -> (service.protocols() & protocol) != 0).toList();
    }
  }

  /** For each protocol the first ports of the intervals, ascending from 0. */
  private final int[][] starts = new int[PROTOCOLS][];

  /** For each protocol and interval the first entry, or {@link #NONE}. */
  private final int[][] numbers = new int[PROTOCOLS][];

  /**
   * Makes a table.
   *
   * @param entries in order
   */
  ServiceTable(List<Entry> entries) {
    for (int row = 0; row < PROTOCOLS; row++) {
      starts[row] = cut(entries, 1 << row);
      numbers[row] = fill(entries, 1 << row, starts[row]);
    }
  }

  /**
   * Makes a table of services, each found as its place in the list.
   *
   * @param services in order
   * @return the table
   */
  public static ServiceTable of(List<EgressService> services) {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < services.size(); i++) {
      entries.add(new Entry(i, List.of(services.get(i))));
    }
    return new ServiceTable(entries);
  }

  private static int first(EgressService service, int protocol) {
    return protocol == EgressService.ICMP ? 0 : service.first();
  }

  private static int last(EgressService service, int protocol) {
    return protocol == EgressService.ICMP ? PORTS - 1 : service.last();
  }

  private static int[] cut(List<Entry> entries, int protocol) {
    TreeSet<Integer> cuts = new TreeSet<>(List.of(0));
    for (Entry entry : entries) {
      for (EgressService service : entry.of(protocol)) {
        cuts.add(first(service, protocol));
        cuts.add(last(service, protocol) + 1);
      }
    }
    cuts.remove(PORTS);
    return cuts.stream().mapToInt(Integer::intValue).toArray();
  }

  private static int[] fill(List<Entry> entries, int protocol, int[] starts) {
    int[] numbers = new int[starts.length];
    Arrays.fill(numbers, NONE);
    for (Entry entry : entries) {
      for (EgressService service : entry.of(protocol)) {
        int at = Arrays.binarySearch(starts, first(service, protocol));
        for (; at < starts.length && starts[at] <= last(service, protocol); at++) {
          if (numbers[at] == NONE) {
            numbers[at] = entry.number();
          }
        }
      }
    }
    return numbers;
  }

  /**
   * Finds the first entry that matches.
   *
   * @param protocol a constant of {@link EgressService}
   * @param port the port; not looked at for ICMP
   * @return its number, or {@link #NONE}
   */
  public int find(int protocol, int port) {
    int row = Integer.numberOfTrailingZeros(protocol);
    int at = Arrays.binarySearch(starts[row], port);
    return numbers[row][at < 0 ? -at - 2 : at];
  }
}
