package io.lanyard.nat.station;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The stations, addresses and unfinished datagrams that the process has room for, divided among its
 * networks. One network's tables are small; those of many networks whose guests make up addresses
 * would fill the heap, which ends the daemon, and their fragments the memory outside it.
 *
 * <p>Half of the places are in equal floors that nobody else takes. The other half is a pool, of
 * which a network may have as much as it leaves to others.
 *
 * <p>While networks are being added, the former ones may hold more than their new part.
 *
 * <p>Thread: any.
 */
public final class StationMemory implements Dumpable {
  /** The tables of a network. */
  public enum Table {
    /** Stations by MAC address. */
    STATIONS("stations"),
    /** Addresses. */
    NEIGHBOURS("neighbours"),
    /** Datagrams of which not all fragments have come. */
    DATAGRAMS("datagrams");

    private final String word;

    Table(String word) {
      this.word = word;
    }
  }

  /**
   * The heap for each place of either table. A station and its address take about 1 KB together, so
   * that all of them take an eighth of the heap. The launcher's heap of 256 MiB has room for the
   * full tables of eight networks.
   */
  private static final int HEAP_EACH = 8192;

  /** 64 KiB each, outside the heap: a thirty-second of what the launcher lets a daemon have. */
  private static final int DATAGRAMS = 256;

  private static final StationMemory PROCESS =
      new StationMemory(
          (int) Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / HEAP_EACH),
          DATAGRAMS);

  private final int[] limits;
  private final List<Share> shares = new CopyOnWriteArrayList<>();

  /**
   * Makes a memory that no network has a share of.
   *
   * @param stations the most stations, and the most addresses
   * @param datagrams the most unfinished datagrams
   */
  public StationMemory(int stations, int datagrams) {
    limits = new int[] {stations, stations, datagrams};
  }

  /**
   * The memory of this process: its networks have one heap.
   *
   * @return the one object
   */
  public static StationMemory ofProcess() {
    return PROCESS;
  }

  /**
   * The share of a network that shares its heap with no other.
   *
   * @return a new one, whose end nobody reaches
   */
  public static Share alone() {
    return new StationMemory(Integer.MAX_VALUE, Integer.MAX_VALUE).share();
  }

  /**
   * A share of a network.
   *
   * @return a share without places, to be closed with the network
   */
  public Share share() {
    Share share = new Share();
    shares.add(share);
    return share;
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node = DumpNode.of("station-memory");
    for (Table table : Table.values()) {
      long held = shares.stream().mapToLong(share -> share.held.get(table.ordinal())).sum();
      node.with(table.word + "Limit", limits[table.ordinal()]).withNonZero(table.word, held);
    }
    return node.build();
  }

  /** One network's places. */
  public final class Share implements AutoCloseable {
    private final AtomicIntegerArray held = new AtomicIntegerArray(Table.values().length);

    private Share() {}

    /**
     * Notes places that were taken.
     *
     * @param table where
     * @param change how many; negative ones have been given back
     */
    public void changed(Table table, int change) {
      held.addAndGet(table.ordinal(), change);
    }

    /**
     * The most places that the network may have while the others have no more than they do.
     *
     * @param table where
     * @return places
     */
    public int most(Table table) {
      int limit = limits[table.ordinal()];
      int networks = Math.max(1, shares.size());
      int floor = limit / 2 / networks;
      long pool = (long) limit - (long) networks * floor;
      for (Share other : shares) {
        pool -= other == this ? 0 : Math.max(0, other.held.get(table.ordinal()) - floor);
      }
      return floor + (int) (Math.max(0, pool) / 2);
    }

    /** Gives the share back; its tables are empty. */
    @Override
    public void close() {
      shares.remove(this);
    }
  }
}
