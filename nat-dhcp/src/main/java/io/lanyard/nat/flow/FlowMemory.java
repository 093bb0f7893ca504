package io.lanyard.nat.flow;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The flows that the process's heap has room for, divided among its networks. Each network's quotas
 * are as large as one busy network needs; several that guests fill at a time would fill the heap,
 * which ends the daemon.
 *
 * <p>Half of it is in equal floors for the networks of mode {@code nat}, which nobody else takes;
 * of one that is alone, seven eighths. The rest is a pool, of which a network may have as much as
 * it leaves to others. Networks whose guests reach no further than the host have what is in the
 * pool for the clients of their forwards.
 *
 * <p>While networks are being added, the former ones may hold more than their new part.
 *
 * <p>Thread: any.
 */
public final class FlowMemory implements Dumpable {
  /**
   * The heap for each flow of TCP, UDP and ICMP. A connection takes 2.5 KB, a UDP flow 0.6 KB and
   * 0.6 more if it has a socket of its own, and together they may take half of the heap. The
   * launcher's heap of 256 MiB has room for what one network has by default, its forwards included.
   */
  private static final int[] HEAP_EACH = {10_200, 2_550, 40_800};

  private static final FlowMemory PROCESS = ofHeap(Runtime.getRuntime().maxMemory());

  private final int[] limits;
  private final List<Share> shares = new CopyOnWriteArrayList<>();

  /**
   * Makes a memory that no network has a share of.
   *
   * @param tcp the most connections
   * @param udp the most UDP flows
   * @param icmp the most ICMP flows
   */
  public FlowMemory(int tcp, int udp, int icmp) {
    limits = new int[] {tcp, udp, icmp};
  }

  private static FlowMemory ofHeap(long bytes) {
    int[] most = new int[HEAP_EACH.length];
    for (int i = 0; i < most.length; i++) {
      most[i] = (int) Math.min(Integer.MAX_VALUE, bytes / HEAP_EACH[i]);
    }
    return new FlowMemory(most[0], most[1], most[2]);
  }

  /**
   * The memory of this process: its networks have one heap.
   *
   * @return the one object
   */
  public static FlowMemory ofProcess() {
    return PROCESS;
  }

  /**
   * A memory that nobody reaches the end of.
   *
   * @return a new one
   */
  public static FlowMemory ample() {
    return new FlowMemory(Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);
  }

  /**
   * A share of a network.
   *
   * @param leadsOut whether the network's guests begin flows to the world
   * @return a share without flows, to be closed with the network
   */
  public Share share(boolean leadsOut) {
    Share share = new Share(leadsOut);
    shares.add(share);
    return share;
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node = DumpNode.of("flow-memory");
    String[] names = {"tcp", "udp", "icmp"};
    for (int i = 0; i < names.length; i++) {
      int protocol = i;
      long held = shares.stream().mapToLong(share -> share.counts.get(protocol)).sum();
      node.with(names[i] + "Limit", limits[i]).withNonZero(names[i], held);
    }
    return node.build();
  }

  /** One network's flows. */
  public final class Share implements AutoCloseable {
    private final AtomicIntegerArray counts = new AtomicIntegerArray(FlowTable.PROTOCOLS);

    private final boolean leadsOut;

    private Share(boolean leadsOut) {
      this.leadsOut = leadsOut;
    }

    /** Notes flows that have begun or ended. */
    void changed(int protocol, int change) {
      counts.addAndGet(protocol, change);
    }

    /**
     * The most flows that the network may have while the others have no more than they do.
     *
     * @param forwards whether it is about those that clients of forwards have begun, who have a
     *     third: what the world opens takes nothing from guests
     */
    int most(int protocol, boolean forwards) {
      int all = most(protocol);
      if (!leadsOut) {
        return all;
      }
      return forwards ? all / 3 : all - all / 3;
    }

    private int most(int protocol) {
      int limit = limits[protocol];
      int networks = 0;
      for (Share each : shares) {
        networks += each.leadsOut ? 1 : 0;
      }
      int floor = networks <= 1 ? limit / 8 * 7 : limit / 2 / networks;
      long pool = (long) limit - (long) networks * floor;
      for (Share other : shares) {
        int own = other.leadsOut ? floor : 0;
        pool -= other == this ? 0 : Math.max(0, other.counts.get(protocol) - own);
      }
      return (leadsOut ? floor : 0) + (int) (Math.max(0, pool) / 2);
    }

    /** Gives the share back; its flows have ended. */
    @Override
    public void close() {
      shares.remove(this);
    }
  }
}
