package io.lanyard.nat.flow;

import io.lanyard.base.ArrivalList;
import io.lanyard.base.Ranking;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The flows of one account and protocol, the oldest first: what its quota counts and where eviction
 * looks.
 */
final class FlowList extends Ranking.Member {
  /**
   * How many of the oldest flows eviction compares. The list is in order of birth, not of use;
   * among this many of the oldest there is an idle one in all but contrived cases, and the cost is
   * bounded.
   */
  private static final int CANDIDATES = 16;

  final FlowAccount account;
  private final ArrivalList<Flow> flows = new ArrivalList<>();

  FlowList(FlowAccount account) {
    this.account = account;
  }

  void append(Flow flow) {
    flows.append(flow);
  }

  void unlink(Flow flow) {
    flows.remove(flow);
  }

  @Nullable Flow oldest() {
    return flows.oldest();
  }

  /** Adds the flows to a list. */
  void addTo(List<Flow> all) {
    for (Flow flow = flows.oldest(); flow != null; flow = flows.after(flow)) {
      all.add(flow);
    }
  }

  /**
   * The flow whose end costs least: of the first few, those of the lowest worth, and of these the
   * one that has been idle for longest. Those that are not chosen go to the end of the list, so
   * that the next call sees others.
   *
   * @param most the highest worth that may be ended
   * @param nowNanos the present
   */
  @Nullable Flow victim(Flow.Worth most, long nowNanos) {
    Flow best = null;
    for (int i = Math.min(CANDIDATES, flows.size()); i > 0; i--) {
      Flow flow = flows.oldest();
      if (flow == null) {
        break;
      }
      if ((flow.worth().compareTo(most) <= 0 || yields(flow, nowNanos))
          && (best == null || cheaper(flow, best))) {
        best = flow;
      }
      flows.renew(flow);
    }
    return best;
  }

  /** Whether an owner of this kind lets a flow go that is in use, but has been idle for long. */
  private boolean yields(Flow flow, long nowNanos) {
    long after = account.owner.yieldNanos;
    return after != 0 && nowNanos - flow.activeNanos >= after;
  }

  private static boolean cheaper(Flow flow, Flow than) {
    int order = flow.worth().compareTo(than.worth());
    return order < 0 || (order == 0 && flow.activeNanos - than.activeNanos < 0);
  }
}
