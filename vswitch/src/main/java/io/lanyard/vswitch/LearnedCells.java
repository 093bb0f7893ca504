package io.lanyard.vswitch;

import io.lanyard.base.Ranking;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which cells of a {@link MacTable} hold what each port has learned, in the order in which it has
 * learned it. The next address to go from a full table is found without a search: the ports are
 * ranked, and the cells of each are a ring.
 *
 * <p>To add, remove or move a cell of a port that is known allocates nothing.
 *
 * <p>Thread: the network's loop only.
 */
final class LearnedCells {
  /** One port, and the cell that it has had for longest. */
  private static final class OfPort extends Ranking.Member {
    /** The cell that was learned first; without a meaning where there is none. */
    int oldest;
  }

  /** The neighbours of each cell in the ring of its port. */
  private final int[] older;

  private final int[] newer;
  private @Nullable OfPort[] ports = new @Nullable OfPort[16];
  private final Ranking<OfPort> ranking = new Ranking<>();

  LearnedCells(int cells) {
    older = new int[cells];
    newer = new int[cells];
  }

  /** The number of a port's cells. */
  int count(int port) {
    OfPort its = port < ports.length ? ports[port] : null;
    return its == null ? 0 : its.count();
  }

  /**
   * The cell that the port with most cells has had for longest; {@link MacTable#UNKNOWN} for none.
   */
  int victim() {
    OfPort most = ranking.largest();
    return most == null ? MacTable.UNKNOWN : most.oldest;
  }

  /** Adds a cell as a port's newest. */
  void add(int cell, int port) {
    OfPort of = of(port);
    if (of.count() == 0) {
      of.oldest = cell;
      link(cell, cell);
    } else {
      link(older[of.oldest], cell);
      link(cell, of.oldest);
    }
    ranking.count(of, 1);
  }

  /** Removes a cell of a port's. */
  void remove(int cell, int port) {
    OfPort of = of(port);
    link(older[cell], newer[cell]);
    if (of.oldest == cell) {
      of.oldest = newer[cell];
    }
    ranking.count(of, -1);
  }

  /** Puts another cell in the place of a port's. */
  void move(int from, int to, int port) {
    OfPort of = of(port);
    if (of.oldest == from) {
      of.oldest = to;
    }
    int before = older[from];
    int after = newer[from];
    link(before == from ? to : before, to);
    link(to, after == from ? to : after);
  }

  private void link(int before, int after) {
    newer[before] = after;
    older[after] = before;
  }

  private OfPort of(int port) {
    if (port >= ports.length) {
      ports = Arrays.copyOf(ports, Math.max(port + 1, 2 * ports.length));
    }
    OfPort known = ports[port];
    if (known == null) {
      known = new OfPort();
      ports[port] = known;
    }
    return known;
  }
}
