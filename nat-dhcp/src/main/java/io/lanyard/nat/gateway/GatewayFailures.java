package io.lanyard.nat.gateway;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.base.LogEvent;
import io.lanyard.base.Shortage;
import java.lang.System.Logger;

/**
 * Errors in the gateway's own code. A guest must not stop the network, not even by a mistake of
 * ours: the error is counted, and a problem of the network for a minute.
 *
 * <p>Thread: the network's loop only.
 */
final class GatewayFailures {
  private static final Logger LOG = System.getLogger(GatewayFailures.class.getName());

  private final String network;
  private final String port;
  private final Counters<GatewayCount> counters;
  private final Shortage recent;

  GatewayFailures(Clock clock, String network, String port, Counters<GatewayCount> counters) {
    this.network = network;
    this.port = port;
    this.counters = counters;
    recent = new Shortage(clock);
  }

  void failed(Throwable e) {
    counters.count(GatewayCount.INTERNAL_ERROR);
    if (!recent.refused()) {
      return;
    }
    // A guest that finds a mistake may repeat it: one line of the log until a minute passes
    // without.
    if (recent.say(port, text())) {
      LogEvent.of("gateway-error")
          .with("network", network)
          .with("port", port)
          .with("advice", "please report this; further ones are only counted")
          .log(LOG, Logger.Level.ERROR, e);
    }
  }

  private String text() {
    long count = counters.get(GatewayCount.INTERNAL_ERROR);
    return "gateway: "
        + count
        + (count == 1 ? " internal error" : " internal errors")
        + " since the start, whose packets were dropped; please report the log's gateway-error";
  }

  /** The present problem; empty if there was no error in the last minute. */
  String problem() {
    return recent.problem();
  }
}
