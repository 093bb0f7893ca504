package io.lanyard.nat.station;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.SharedLimit;
import java.util.Arrays;

/**
 * The stations, addresses and unfinished datagrams that the process has room for, divided among its
 * networks by {@link SharedLimit}; each network has a floor. One network's tables are small; those
 * of many networks whose guests make up addresses would fill the heap, which ends the daemon, and
 * their fragments the memory outside it.
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
   * that all of them take an eighth of the heap. The launcher's heap has 31,680 places of each,
   * which are enough for the full tables of seven networks.
   */
  private static final int HEAP_EACH = 8192;

  /** 64 KiB each, outside the heap: a thirty-second of what the launcher lets a daemon have. */
  private static final int DATAGRAMS = 256;

  private static final StationMemory PROCESS =
      new StationMemory(
          (int) Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / HEAP_EACH),
          DATAGRAMS);

  /** By the table's ordinal. */
  private final SharedLimit[] limits;

  /**
   * Makes a memory that no network has a share of.
   *
   * @param stations the most stations, and the most addresses
   * @param datagrams the most unfinished datagrams
   */
  public StationMemory(int stations, int datagrams) {
    limits =
        new SharedLimit[] {
          new SharedLimit(stations), new SharedLimit(stations), new SharedLimit(datagrams)
        };
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
    return new Share();
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node = DumpNode.of("station-memory");
    for (Table table : Table.values()) {
      SharedLimit limit = limits[table.ordinal()];
      node.with(table.word + "Limit", limit.limit()).withNonZero(table.word, limit.held());
    }
    return node.build();
  }

  /** One network's places. */
  public final class Share implements AutoCloseable {
    private final SharedLimit.Share[] parts = new SharedLimit.Share[limits.length];

    private Share() {
      Arrays.setAll(parts, i -> limits[i].share(true));
    }

    /**
     * Notes places that were taken.
     *
     * @param table where
     * @param change how many; negative ones have been given back
     */
    public void changed(Table table, int change) {
      parts[table.ordinal()].changed(change);
    }

    /**
     * The most places that the network may have while the others have no more than they do.
     *
     * @param table where
     * @return places
     */
    public int most(Table table) {
      return (int) parts[table.ordinal()].most(); // the limit is an int
    }

    /** Gives the share back; its tables are empty. */
    @Override
    public void close() {
      for (SharedLimit.Share part : parts) {
        part.close();
      }
    }
  }
}
