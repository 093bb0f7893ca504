package io.lanyard.nat.flow;

import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.base.Shortage;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Says that a quota of flows is used up, and by whom. Forwards have their own way to say it.
 *
 * <p>Thread: the network's loop only.
 */
final class QuotaAlarm {
  private static final System.Logger LOG = System.getLogger(QuotaAlarm.class.getName());
  private static final String[] NAMES = {"tcp", "udp", "icmp"};

  private final String network;
  private final Shortage[] shortages = new Shortage[FlowTable.PROTOCOLS];

  /** Who was named last, for each protocol. */
  private final @Nullable FlowOwner[] named = new @Nullable FlowOwner[FlowTable.PROTOCOLS];

  QuotaAlarm(String network, Clock clock) {
    this.network = network;
    for (int i = 0; i < shortages.length; i++) {
      shortages[i] = new Shortage(clock);
    }
  }

  /**
   * Notes a flow that found no place.
   *
   * @param account who asked for it
   * @param places who holds how many, and the limits
   */
  void refused(FlowAccount account, int protocol, FlowPlaces places) {
    FlowQuota quota = places.quota();
    FlowOwner asking = account.owner;
    int index = FlowTable.index(protocol);
    if (asking.isForward() || !shortages[index].refused()) {
      return;
    }
    int perAccount = quota.perAccount(asking, protocol);
    int perOwner = quota.perOwner(asking, protocol);
    boolean guests = account.flows(protocol) >= perAccount;
    boolean ports = asking.flows(protocol) >= perOwner;
    FlowOwner holder = guests || ports ? asking : places.mostOf(asking, protocol);
    int held = guests ? account.flows(protocol) : holder.flows(protocol);
    int limit = guests ? perAccount : ports ? perOwner : places.perKind(false, protocol);
    String whose = guests ? "a guest" : ports ? "a port" : "all ports";
    String key = NAMES[index] + (guests ? "-per-guest" : "");
    boolean byHeap = !guests && !ports && limit < quota.perKind(false, protocol);
    String advice =
        byHeap
            ? "end some, here or in other networks: the daemon's heap has no room for more"
            : "end some, or raise nat: {quotas: {" + key + ": ...}}";
    String problem =
        NAMES[index]
            + " flows: port "
            + holder.name()
            + " holds "
            + held
            + " of the "
            + limit
            + " that "
            + whose
            + " may have; "
            + advice;
    named[index] = holder;
    if (!shortages[index].say(whose + " " + holder.name(), problem)) {
      return;
    }
    LogEvent.of("flows-refused")
        .with("network", network)
        .with("port", holder.name())
        .with("protocol", NAMES[index])
        .with("held", held)
        .with("limit", limit)
        .with("of", whose)
        .with("advice", advice)
        .log(LOG, Level.WARNING);
  }

  List<String> problems() {
    return problems(i -> true);
  }

  /** The problems that name a port. */
  List<String> problems(FlowOwner port) {
    return problems(i -> port.equals(named[i]));
  }

  private List<String> problems(IntPredicate which) {
    return IntStream.range(0, shortages.length)
        .filter(which)
        .mapToObj(i -> shortages[i].problem())
        .filter(problem -> !problem.isEmpty())
        .toList();
  }
}
