package io.lanyard.nat.flow;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.SharedLimit;
import java.util.Arrays;

/**
 * The flows that the process's heap has room for, divided among its networks. Each network's quotas
 * are as large as one busy network needs; several that guests fill at a time would fill the heap,
 * which ends the daemon.
 *
 * <p>Networks of mode {@code nat} have floors ({@link SharedLimit}). Networks whose guests reach no
 * further than the host have what is in the pool for the clients of their forwards.
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

  private final SharedLimit[] limits;

  /**
   * Makes a memory that no network has a share of.
   *
   * @param tcp the most connections
   * @param udp the most UDP flows
   * @param icmp the most ICMP flows
   */
  public FlowMemory(int tcp, int udp, int icmp) {
    limits = new SharedLimit[] {new SharedLimit(tcp), new SharedLimit(udp), new SharedLimit(icmp)};
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
    return new Share(leadsOut);
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node = DumpNode.of("flow-memory");
    String[] names = {"tcp", "udp", "icmp"};
    for (int i = 0; i < names.length; i++) {
      node.with(names[i] + "Limit", limits[i].limit()).withNonZero(names[i], limits[i].held());
    }
    return node.build();
  }

  /** One network's flows. */
  public final class Share implements AutoCloseable {
    private final SharedLimit.Share[] parts = new SharedLimit.Share[FlowTable.PROTOCOLS];
    private final boolean leadsOut;

    private Share(boolean leadsOut) {
      this.leadsOut = leadsOut;
      Arrays.setAll(parts, i -> limits[i].share(leadsOut));
    }

    /** Notes flows that have begun or ended. */
    void changed(int protocol, int change) {
      parts[protocol].changed(change);
    }

    /**
     * The most flows that the network may have while the others have no more than they do.
     *
     * @param forwards whether it is about those that clients of forwards have begun, who have a
     *     third: what the world opens takes nothing from guests
     */
    int most(int protocol, boolean forwards) {
      int all = (int) parts[protocol].most();
      if (!leadsOut) {
        return all;
      }
      return forwards ? all / 3 : all - all / 3;
    }

    /** Gives the share back; its flows have ended. */
    @Override
    public void close() {
      for (SharedLimit.Share part : parts) {
        part.close();
      }
    }
  }
}
