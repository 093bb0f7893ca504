package io.lanyard.nat.flow;

import io.lanyard.base.ArrivalList;
import io.lanyard.base.LongPairMap;
import java.util.ArrayList;
import java.util.List;

/**
 * Flows by what several of them have in common, so that those of one guest or of one service are
 * found at their own cost, however many others there are.
 *
 * <p>Thread: the network's loop only.
 */
final class FlowGroups {
  /** A flow's place in its group. */
  static final class Place extends ArrivalList.Member<Place> {
    private final Flow flow;
    private final long high;
    private final long low;

    private Place(Flow flow, long high, long low) {
      this.flow = flow;
      this.high = high;
      this.low = low;
    }
  }

  private final LongPairMap<ArrivalList<Place>> groups;

  /**
   * Makes no groups.
   *
   * @param seed a random number that no guest knows
   */
  FlowGroups(long seed) {
    groups = new LongPairMap<>(seed);
  }

  /** Adds a flow to the group of a key, and answers with its place there. */
  Place join(Flow flow, long high, long low) {
    ArrivalList<Place> group = groups.get(high, low);
    if (group == null) {
      group = new ArrivalList<>();
      groups.put(high, low, group);
    }
    Place place = new Place(flow, high, low);
    group.append(place);
    return place;
  }

  /** Removes a flow from the group that it has joined. */
  void leave(Place place) {
    ArrivalList<Place> group = groups.get(place.high, place.low);
    if (group != null) {
      group.remove(place);
      if (group.size() == 0) {
        groups.remove(place.high, place.low);
      }
    }
  }

  /** The flows of a group: a snapshot, as they may end while the caller looks at them. */
  List<Flow> of(long high, long low) {
    ArrivalList<Place> group = groups.get(high, low);
    if (group == null) {
      return List.of();
    }
    List<Flow> flows = new ArrayList<>(group.size());
    for (Place each = group.oldest(); each != null; each = group.after(each)) {
      flows.add(each.flow);
    }
    return flows;
  }
}
