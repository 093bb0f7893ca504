package io.lanyard.daemon.network;

import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortListener;
import io.lanyard.vswitch.PortState;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * Says in the log that a port has failed, and that it works again.
 *
 * <p>The log of a port that a change has made can wait until the change is decided: a change that
 * is refused takes the port away again, and the answer to it has the reason.
 *
 * <p>Thread: the network's loop only.
 */
final class PortLog implements PortListener {
  private static final System.Logger LOG = System.getLogger(PortLog.class.getName());

  private final String network;
  private final RateLimitedLog log;
  private boolean waits;

  /** Logs the failure that is kept back; null for none. */
  private @Nullable Runnable keptBack;

  /**
   * Makes one for one port.
   *
   * @param network the network's name
   * @param clock what a minute is measured by
   * @param waits whether failures wait for {@link #tell}
   */
  PortLog(String network, Clock clock, boolean waits) {
    this.network = network;
    this.log = new RateLimitedLog(LOG, clock);
    this.waits = waits;
  }

  @Override
  public void stateChanged(Port port, PortState before, PortState now) {
    if (now instanceof PortState.Failed failed) {
      fail(() -> failed(port, failed));
    } else if (keptBack != null) {
      keptBack = null; // it is closed, or works: nobody has heard of the failure
    } else if (before instanceof PortState.Failed && !now.equals(PortState.closed())) {
      log.log(
          Level.INFO,
          "port-recovered",
          line ->
              line.with("network", network).with("port", port.name()).with("state", now.label()));
    }
  }

  private void failed(Port port, PortState.Failed failed) {
    log.log(
        Level.WARNING,
        "port-failed",
        line ->
            line.with("network", network)
                .with("port", port.name())
                .with("kind", port.kind())
                .with("cause", failed.reason())
                .with("advice", failed.remedy()));
  }

  /** Says that a port could not even be attached. */
  void failed(String name, String kind, Exception cause) {
    fail(() ->
        LogEvent.of("port-failed")
            .with("network", network)
            .with("port", name)
            .with("kind", kind)
            .with("cause", cause)
            .log(LOG, Level.WARNING));
  }

  private void fail(Runnable says) {
    if (waits) {
      keptBack = says;
    } else {
      says.run();
    }
  }

  /** Logs the failure that is kept back, and those that follow at once. */
  void tell() {
    waits = false;
    if (keptBack != null) {
      keptBack.run();
      keptBack = null;
    }
  }
}
