package io.lanyard.nat.egress;

import io.lanyard.base.Clock;
import io.lanyard.base.Ranking;
import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The addresses that guests were told for names, and for how long they may use them. It is kept by
 * the port: what one guest was told is none of another's.
 *
 * <p>Places are bounded for each address of a port and for each port, and their bytes for the
 * network ({@link NameMemory}). A port that wants more loses what it was told longest ago; where
 * the bytes are taken, the port that holds most of them does. Ports without a rule about a name
 * have half of the bytes at most, and take none from others. What is over keeps its place until
 * that is wanted: flows go by it that have begun before.
 *
 * <p>Thread: the network's loop only.
 */
public final class ToldNames {
  /** Places of one port. */
  static final int MOST_OF_A_PORT = 4096;

  /** Places of a port that has no rule about a name: one may come, and is about its flows then. */
  static final int MOST_WITHOUT_RULE = 256;

  /**
   * Names of one address of a port: all are looked at when a flow to it begins, and a guest has it
   * in its hand how many there are where a wildcard of somebody's leads to one address.
   */
  static final int MOST_OF_AN_ADDRESS = 64;

  /** The names by which a flow that is there is judged: all flows are at once. */
  static final int MOST_OF_A_FLOW = 8;

  /**
   * The heap of a place besides the letters of its name, by 64-bit JVMs: 88 for the key with its
   * end, 64 for a node of each of the two maps where addresses collide, 104 for the address, the
   * name and the list of names.
   */
  static final int PLACE_BYTES = 320;

  /**
   * The least that an address may be used, in seconds: programs resolve first, and connect then.
   */
  static final long LEAST_SECONDS = 60;

  /** The longest, in seconds: no answer that guests get holds for longer. */
  public static final long MOST_SECONDS = 86_400;

  /** One address of one name. Ordered, as both may be chosen for their hash. */
  private record Key(Address address, String name) implements Comparable<Key> {
    int bytes() {
      return PLACE_BYTES + name.length();
    }

    @Override
    public int compareTo(Key other) {
      int byAddress = address.compareTo(other.address);
      return byAddress != 0 ? byAddress : name.compareTo(other.name);
    }
  }

  /** The names that a port was told, ranked by their bytes. */
  private static final class OfPort extends Ranking.Member {
    /** When each ends, the one that was told longest ago first. */
    final LinkedHashMap<Key, Long> ends = new LinkedHashMap<>();

    /** The names of each address, the one that was told longest ago first; most often one. */
    final Map<Address, List<String>> names = new HashMap<>();

    boolean remove(Key key) {
      if (ends.remove(key) == null) {
        return false;
      }
      List<String> left = names.get(key.address());
      if (left != null) {
        left.remove(key.name());
        if (left.isEmpty()) {
          names.remove(key.address());
        }
      }
      return true;
    }
  }

  private final Clock clock;
  private final Map<PortBudget, OfPort> ports = new HashMap<>();

  /** The ports by their names: a flow knows no more of its port. */
  private final Map<String, PortBudget> named = new HashMap<>();

  private final Ranking<OfPort> ranking = new Ranking<>();
  private final NameMemory.Share memory;
  private int size;
  private long bytes;
  private long evicted;

  /**
   * Makes an empty table.
   *
   * @param clock the network's clock
   * @param memory the network's share of the heap
   */
  public ToldNames(Clock clock, NameMemory.Share memory) {
    this.clock = clock;
    this.memory = memory;
  }

  /**
   * Notes what a port is told.
   *
   * @param port the port
   * @param name the name that was asked for, in lower case, without a dot at its end
   * @param address an address of it
   * @param seconds how long the answer holds
   * @param byName whether the port has a rule about a name; otherwise it has fewer places
   */
  public void add(PortBudget port, String name, Address address, long seconds, boolean byName) {
    if (port.released()) {
      return;
    }
    OfPort own =
        ports.computeIfAbsent(
            port,
            key -> {
              named.put(port.name(), port);
              return new OfPort();
            });
    Key key = new Key(address, name);
    long end =
        clock.nanoTime()
            + TimeUnit.SECONDS.toNanos(Math.clamp(seconds, LEAST_SECONDS, MOST_SECONDS));
    Long before = own.ends.get(key);
    List<String> names = own.names.get(address);
    if (before == null) {
      if (names != null && names.size() == MOST_OF_AN_ADDRESS) {
        evict(own, new Key(address, names.getFirst()), byName);
      }
      int most = byName ? MOST_OF_A_PORT : MOST_WITHOUT_RULE;
      while (own.ends.size() >= most) { // more than once when the rule about a name has gone
        evict(own, own.ends.firstEntry().getKey(), byName);
      }
      if (!(byName ? makeRoom(key) : makeRoom(own, key))) {
        return;
      }
      count(own, key, 1);
      own.names.computeIfAbsent(address, some -> new ArrayList<>(1)).add(name);
    } else {
      if (names != null && names.size() > 1) {
        names.add(names.remove(names.indexOf(name)));
      }
      if (before - end > 0) {
        end = before; // It was told so, and may keep it.
      }
    }
    own.ends.putLast(key, end); // the key that is there stays, with its one copy of the name
  }

  /** Takes places of the ports that hold most until there is room for one more; false for none. */
  private boolean makeRoom(Key key) {
    long most = memory.most(NameMemory.Part.TOLD) - key.bytes();
    while (bytes > most) {
      OfPort largest = ranking.largest();
      if (largest == null) {
        return false;
      }
      evict(largest, largest.ends.firstEntry().getKey(), true);
    }
    return true;
  }

  /** The same for a port without a rule about a name, which takes its own places alone. */
  private boolean makeRoom(OfPort own, Key key) {
    long most = memory.most(NameMemory.Part.TOLD) / 2 - key.bytes();
    while (bytes > most) {
      if (own.ends.isEmpty()) {
        return false;
      }
      evict(own, own.ends.firstEntry().getKey(), false);
    }
    return true;
  }

  private void evict(OfPort from, Key key, boolean counts) {
    long now = clock.nanoTime();
    if (counts && from.ends.getOrDefault(key, now - 1) - now >= 0) {
      evicted++;
    }
    if (from.remove(key)) {
      count(from, key, -1);
    }
  }

  private void count(OfPort port, Key key, int places) {
    size += places;
    charge(port, places * key.bytes());
  }

  private void charge(OfPort port, int change) {
    bytes += change;
    memory.changed(NameMemory.Part.TOLD, change);
    ranking.count(port, change);
  }

  /**
   * The names for which a port was told an address.
   *
   * @param port the port
   * @param address the address
   * @return the names that may still be used; empty for none
   */
  public List<String> names(PortBudget port, Address address) {
    OfPort own = ports.get(port);
    List<String> names = own == null ? null : own.names.get(address);
    if (own == null || names == null) {
      return List.of();
    }
    long now = clock.nanoTime();
    List<String> live = new ArrayList<>(names.size());
    for (String name : names) {
      if (own.ends.getOrDefault(new Key(address, name), now - 1) - now >= 0) {
        live.add(name);
      }
    }
    return live;
  }

  /**
   * The names for which a port was told the address of a flow that is there. The time of the answer
   * may be over now, as flows outlive it, but was not when the flow began.
   *
   * @param port the port's name
   * @param address the address
   * @param sinceNanos when the flow began, by the network's clock
   * @return those that were told last of the names that are known; empty for none
   */
  public List<String> namesOfFlow(String port, Address address, long sinceNanos) {
    PortBudget its = named.get(port);
    OfPort own = its == null ? null : ports.get(its);
    List<String> names = own == null ? null : own.names.get(address);
    if (own == null || names == null) {
      return List.of();
    }
    List<String> last = new ArrayList<>(MOST_OF_A_FLOW);
    for (int i = names.size() - 1; i >= 0 && last.size() < MOST_OF_A_FLOW; i--) {
      Long end = own.ends.get(new Key(address, names.get(i)));
      if (end != null && end - sinceNanos >= 0) {
        last.add(names.get(i));
      }
    }
    return last;
  }

  /**
   * The addresses that a port was told for a name. It looks at all that the port was told.
   *
   * @param port the port
   * @param name the name
   * @return the addresses that may still be used
   */
  public List<Address> addresses(PortBudget port, String name) {
    OfPort own = ports.get(port);
    long now = clock.nanoTime();
    return own == null
        ? List.of()
        : own.ends.entrySet().stream()
            .filter(each -> each.getKey().name().equals(name) && each.getValue() - now >= 0)
            .map(each -> each.getKey().address())
            .toList();
  }

  /**
   * Forgets what a port was told.
   *
   * @param port a port that is gone
   */
  public void forget(PortBudget port) {
    OfPort gone = ports.remove(port);
    named.remove(port.name(), port);
    if (gone != null) {
      size -= gone.ends.size();
      charge(gone, -gone.count());
    }
  }

  /**
   * How many addresses of names there are.
   *
   * @return some of which may be over
   */
  public int size() {
    return size;
  }

  /**
   * The heap that they take.
   *
   * @return bytes
   */
  public long bytes() {
    return bytes;
  }

  /**
   * Counts what had to make place before its time.
   *
   * @return since the table was made
   */
  public long evicted() {
    return evicted;
  }
}
