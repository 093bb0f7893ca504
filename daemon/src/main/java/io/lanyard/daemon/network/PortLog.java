package io.lanyard.daemon.network;

import io.lanyard.base.Clock;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortListener;
import io.lanyard.vswitch.PortState;
import java.lang.System.Logger.Level;

/**
 * Says in the log that a port has failed, and that it works again.
 *
 * <p>Thread: the network's loop only.
 */
final class PortLog implements PortListener {
  private static final System.Logger LOG = System.getLogger(PortLog.class.getName());

  private final String network;
  private final RateLimitedLog log;

  /**
   * Makes one for one port.
   *
   * @param network the network's name
   * @param clock what a minute is measured by
   */
  PortLog(String network, Clock clock) {
    this.network = network;
    this.log = new RateLimitedLog(LOG, clock);
  }

  @Override
  public void stateChanged(Port port, PortState before, PortState now) {
    if (now instanceof PortState.Failed(String reason, String remedy)) {
      log.log(
          Level.WARNING,
          "port-failed",
          line ->
              line.with("network", network)
                  .with("port", port.name())
                  .with("kind", port.kind())
                  .with("cause", reason)
                  .with("advice", remedy));
    } else if (before instanceof PortState.Failed && !now.equals(PortState.closed())) {
      log.log(
          Level.INFO,
          "port-recovered",
          line ->
              line.with("network", network).with("port", port.name()).with("state", now.label()));
    }
  }
}
