package io.lanyard.nat.station;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.SharedLimit;
import java.util.Arrays;
import java.util.Locale;

/**
 * The heap that names take in all networks of the process: what name servers are asked and have
 * answered, and what guests were told. Guests choose the names and, with a domain of their own, the
 * size of the answers. Each network bounds itself; a dozen of them would still fill the heap, which
 * ends the daemon.
 *
 * <p>Networks of mode {@code nat} have floors ({@link SharedLimit}). Within a network each part
 * belongs to its ports by rules of its own. All parts together are a tenth of the heap, and a
 * seventh while networks are being added.
 *
 * <p>Thread: any.
 */
public final class NameMemory implements Dumpable {
  /** A part of the memory, bounded by itself: a guest that fills one leaves the others. */
  public enum Part {
    /** Answers that are kept for later questions. */
    CACHE(32),
    /** The addresses that guests were told for names. */
    TOLD(32),
    /** Questions that wait for answers, with the queries that wait for them. */
    QUESTIONS(64),
    /** Answers larger than a datagram that are being received, or wait to be read. */
    ANSWERS(64);

    /** The part of the heap: one in so many. */
    private final int divisor;

    Part(int divisor) {
      this.divisor = divisor;
    }
  }

  private static final NameMemory PROCESS = new NameMemory(Runtime.getRuntime().maxMemory());

  /** By the part's ordinal. */
  private final SharedLimit[] limits = new SharedLimit[Part.values().length];

  /**
   * Makes a memory that no network has a share of.
   *
   * @param heap the process's heap in bytes
   */
  public NameMemory(long heap) {
    for (Part part : Part.values()) {
      limits[part.ordinal()] = new SharedLimit(heap / part.divisor);
    }
  }

  /**
   * The memory of this process: its networks have one heap.
   *
   * @return the one object
   */
  public static NameMemory ofProcess() {
    return PROCESS;
  }

  /**
   * A memory that nobody reaches the end of.
   *
   * @return a new one
   */
  public static NameMemory ample() {
    return new NameMemory(1L << 50);
  }

  /**
   * A share of a network.
   *
   * @param leadsOut whether the network's guests ask name servers beyond the host
   * @return a share that holds nothing, to be closed with the network
   */
  public Share share(boolean leadsOut) {
    return new Share(leadsOut);
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node = DumpNode.of("name-memory");
    for (Part part : Part.values()) {
      String name = part.name().toLowerCase(Locale.ROOT);
      SharedLimit limit = limits[part.ordinal()];
      node.with(name + "LimitBytes", limit.limit()).withNonZero(name + "Bytes", limit.held());
    }
    return node.build();
  }

  /** One network's part. */
  public final class Share implements AutoCloseable {
    private final SharedLimit.Share[] parts = new SharedLimit.Share[limits.length];

    private Share(boolean leadsOut) {
      Arrays.setAll(parts, i -> limits[i].share(leadsOut));
    }

    /**
     * Counts what the network takes.
     *
     * @param part of which part
     * @param bytes how much; negative for what it gives back
     */
    public void changed(Part part, long bytes) {
      parts[part.ordinal()].changed(bytes);
    }

    /**
     * The most that the network may hold while the others hold no more than they do.
     *
     * @param part of which part
     * @return bytes
     */
    public long most(Part part) {
      return parts[part.ordinal()].most();
    }

    /** Gives the share back; the network holds nothing any more. */
    @Override
    public void close() {
      for (SharedLimit.Share part : parts) {
        part.close();
      }
    }
  }
}
