package io.lanyard.nat.egress;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds all of many subnets that an address belongs to, the smallest first.
 *
 * <p>Subnets either contain one another or have nothing in common, so they cut the addresses into
 * at most two intervals a subnet, each of which has one smallest subnet; and each subnet has one
 * next larger one. An address is found among the intervals by halving, and the rest by following
 * those.
 *
 * <p>Immutable.
 */
public final class SubnetTable {
  /** The number of no subnet. */
  public static final int NONE = -1;

  /** The intervals' first addresses, each as two longs; the first interval begins at zero. */
  private final long[] starts;

  /** The smallest subnet of each interval, or {@link #NONE}. */
  private final int[] smallest;

  /** The next larger subnet of each subnet, or {@link #NONE}. */
  private final int[] parents;

  private final Map<Subnet, Integer> numbers = new HashMap<>();

  /**
   * Makes a table.
   *
   * @param subnets of one family; duplicates count once
   */
  SubnetTable(List<Subnet> subnets) {
    List<Subnet> sorted = new ArrayList<>(subnets.stream().distinct().toList());
    sorted.sort(Comparator.naturalOrder());
    parents = new int[sorted.size()];
    Boundaries boundaries = new Boundaries();
    Deque<Integer> open = new ArrayDeque<>();
    for (int i = 0; i < sorted.size(); i++) {
      Subnet next = sorted.get(i);
      numbers.put(next, i);
      closeBefore(next.network(), open, sorted, boundaries);
      parents[i] = open.isEmpty() ? NONE : open.peek();
      boundaries.add(next.network(), i);
      open.push(i);
    }
    closeBefore(null, open, sorted, boundaries);
    starts = boundaries.starts();
    smallest = boundaries.smallest();
  }

  /**
   * Makes a table of those subnets that are of a family.
   *
   * @param subnets of both families
   * @param ipv4 which of them
   * @return the table
   */
  public static SubnetTable of(List<Subnet> subnets, boolean ipv4) {
    return new SubnetTable(
        subnets.stream().filter(subnet -> subnet.network().isIpv4() == ipv4).toList());
  }

  /** Ends the subnets whose last address lies before another. */
  private static void closeBefore(
      @org.jspecify.annotations.Nullable Address address,
      Deque<Integer> open,
      List<Subnet> subnets,
      Boundaries boundaries) {
    while (!open.isEmpty()) {
      Address last = subnets.get(open.peek()).last();
      if (address != null && last.compareTo(address) >= 0) {
        return;
      }
      open.pop();
      Address after = last.plus(1);
      if (after.compareTo(last) > 0) {
        boundaries.add(after, open.isEmpty() ? NONE : open.peek());
      }
    }
  }

  /** Where intervals begin; of several at one address the last counts. */
  private static final class Boundaries {
    private final List<Address> addresses = new ArrayList<>(List.of(new Address(0, 0)));
    private final List<Integer> subnets = new ArrayList<>(List.of(NONE));

    void add(Address address, int subnet) {
      if (addresses.getLast().equals(address)) {
        subnets.set(subnets.size() - 1, subnet);
      } else {
        addresses.add(address);
        subnets.add(subnet);
      }
    }

    long[] starts() {
      long[] all = new long[2 * addresses.size()];
      for (int i = 0; i < addresses.size(); i++) {
        all[2 * i] = addresses.get(i).high();
        all[2 * i + 1] = addresses.get(i).low();
      }
      return all;
    }

    int[] smallest() {
      return subnets.stream().mapToInt(Integer::intValue).toArray();
    }
  }

  /**
   * How many subnets there are.
   *
   * @return subnets, duplicates once
   */
  public int size() {
    return parents.length;
  }

  /** The number of a subnet that the table was made with. */
  int number(Subnet subnet) {
    Integer number = numbers.get(subnet);
    return number == null ? NONE : number;
  }

  /**
   * The smallest subnet that an address belongs to.
   *
   * @param high the upper long of an address of the table's family
   * @param low its lower long
   * @return the subnet's number, or {@link #NONE}
   */
  public int find(long high, long low) {
    int from = 0;
    int to = smallest.length - 1;
    while (from < to) {
      int middle = (from + to + 1) >>> 1;
      int order = Long.compareUnsigned(starts[2 * middle], high);
      if (order < 0 || (order == 0 && Long.compareUnsigned(starts[2 * middle + 1], low) <= 0)) {
        from = middle;
      } else {
        to = middle - 1;
      }
    }
    return smallest[from];
  }

  /** The next larger subnet, or {@link #NONE}. */
  int parent(int subnet) {
    return parents[subnet];
  }

  @Override
  public String toString() {
    return Arrays.toString(smallest);
  }
}
