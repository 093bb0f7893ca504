package io.lanyard.nat.flow;

import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.base.Shortage;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;

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
   * @param most who holds most of all
   * @param quota the limits
   */
  void refused(FlowAccount account, int protocol, FlowOwner most, FlowQuota quota) {
    FlowOwner asking = account.owner;
    int index = FlowTable.index(protocol);
    if (asking.isForward() || !shortages[index].refused()) {
      return;
    }
    int perAccount = quota.perAccount(asking, protocol);
    int perOwner = quota.perOwner(asking, protocol);
    boolean guests = account.flows(protocol) >= perAccount;
    boolean ports = asking.flows(protocol) >= perOwner;
    FlowOwner holder = guests || ports ? asking : most;
    int held = guests ? account.flows(protocol) : holder.flows(protocol);
    int limit = guests ? perAccount : ports ? perOwner : quota.perKind(false, protocol);
    String whose = guests ? "a guest" : ports ? "a port" : "all ports";
    String key = NAMES[index] + (guests ? "-per-guest" : "");
    String advice = "end some, or raise nat: {quotas: {" + key + ": ...}}";
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
    List<String> present = new ArrayList<>();
    for (Shortage shortage : shortages) {
      if (!shortage.problem().isEmpty()) {
        present.add(shortage.problem());
      }
    }
    return present;
  }
}
