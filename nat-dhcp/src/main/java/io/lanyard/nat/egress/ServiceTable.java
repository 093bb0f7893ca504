package io.lanyard.nat.egress;

import io.lanyard.config.Service;
import io.lanyard.vswitch.frame.Ipv4;
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

  // The rows of the table.
  private static final int TCP = 0;
  private static final int UDP = 1;
  private static final int ICMP = 2;
  private static final int PROTOCOLS = 3;

  private static final int PORTS = 1 << 16;
  private static final List<Service> EVERYTHING =
      List.of(
          new Service(Service.Protocol.TCP_AND_UDP, 0, PORTS - 1),
          new Service(Service.Protocol.ICMP, 0, PORTS - 1));

  /**
   * An entry of a table.
   *
   * @param number what it is found as
   * @param services empty for anything
   */
  record Entry(int number, List<Service> services) {
    /** The services of one row. */
    private List<Service> of(int row) {
      return (services.isEmpty() ? EVERYTHING : services)
          .stream().filter(service -> isAbout(service.protocol(), row)).toList();
    }
  }

  private static boolean isAbout(Service.Protocol protocol, int row) {
    return switch (protocol) {
      case TCP -> row == TCP;
      case UDP -> row == UDP;
      case TCP_AND_UDP -> row != ICMP;
      case ICMP -> row == ICMP;
    };
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
      starts[row] = cut(entries, row);
      numbers[row] = fill(entries, row, starts[row]);
    }
  }

  /**
   * Makes a table of services, each found as its place in the list.
   *
   * @param services in order
   * @return the table
   */
  public static ServiceTable of(List<Service> services) {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < services.size(); i++) {
      entries.add(new Entry(i, List.of(services.get(i))));
    }
    return new ServiceTable(entries);
  }

  private static int first(Service service, int row) {
    return row == ICMP ? 0 : service.first();
  }

  private static int last(Service service, int row) {
    return row == ICMP ? PORTS - 1 : service.last();
  }

  private static int[] cut(List<Entry> entries, int row) {
    TreeSet<Integer> cuts = new TreeSet<>(List.of(0));
    for (Entry entry : entries) {
      for (Service service : entry.of(row)) {
        cuts.add(first(service, row));
        cuts.add(last(service, row) + 1);
      }
    }
    cuts.remove(PORTS);
    return cuts.stream().mapToInt(Integer::intValue).toArray();
  }

  private static int[] fill(List<Entry> entries, int row, int[] starts) {
    int[] numbers = new int[starts.length];
    Arrays.fill(numbers, NONE);
    for (Entry entry : entries) {
      for (Service service : entry.of(row)) {
        int at = Arrays.binarySearch(starts, first(service, row));
        for (; at < starts.length && starts[at] <= last(service, row); at++) {
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
   * @param protocol the IP protocol number; all but TCP's and UDP's count as ICMP's
   * @param port the port; not looked at for ICMP
   * @return its number, or {@link #NONE}
   */
  public int find(int protocol, int port) {
    int row = protocol == Ipv4.TCP ? TCP : protocol == Ipv4.UDP ? UDP : ICMP;
    int at = Arrays.binarySearch(starts[row], port);
    return numbers[row][at < 0 ? -at - 2 : at];
  }
}
