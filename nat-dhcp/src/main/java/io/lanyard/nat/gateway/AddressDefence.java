package io.lanyard.nat.gateway;

import io.lanyard.base.LogEvent;
import io.lanyard.base.Timers;
import io.lanyard.nat.station.Offence;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import java.lang.System.Logger;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The defence of the gateway's addresses: when a station claims one, this counts, says so in the
 * log, and announces the address anew at a limited rate (RFC 5227 section 2.4, RFC 4861 section
 * 7.2.6).
 *
 * <p>Thread: the network's loop only.
 */
final class AddressDefence {
  private static final Logger LOG = System.getLogger(AddressDefence.class.getName());

  /** RFC 5227 section 1.1, DEFEND_INTERVAL: 10 s between two defences. */
  private static final long DEFEND_NANOS = 10_000_000_000L;

  /**
   * A line for each port and minute: a guest that claims the address again does not fill the log.
   */
  private static final long QUIET_NANOS = 60_000_000_000L;

  private final Gateway gateway;
  private final Consumer<Address> announcer;
  private final Timers.Timer pause;

  /** The time of the last line about each port that had one in the last minute. */
  private final Map<String, Long> told = new HashMap<>();

  /**
   * Begins to defend.
   *
   * @param announcer tells everybody that an address is the gateway's
   */
  AddressDefence(Gateway gateway, Consumer<Address> announcer) {
    this.gateway = gateway;
    this.announcer = announcer;
    // Armed from one defence until the next is permitted; its expiry does nothing.
    pause = gateway.timers().create(() -> {});
  }

  void conflict(Station from, Address address, long rival) {
    gateway.counters().count(GatewayCount.ADDRESS_CONFLICT);
    from.budget().count(Offence.GATEWAY);
    String port = from.budget().name();
    long now = gateway.timers().clock().nanoTime();
    Long last = told.get(port);
    if (last == null || now - last >= QUIET_NANOS) {
      told.values().removeIf(time -> now - time >= QUIET_NANOS);
      told.put(port, now);
      LogEvent.of("address-conflict")
          .with("network", gateway.networkName())
          .with("port", port)
          .with("address", address)
          .with("mac", new MacAddress(rival))
          .with("advice", "give that station another address")
          .log(LOG, Logger.Level.WARNING);
    }
    if (!pause.armed()) {
      pause.arm(DEFEND_NANOS);
      announcer.accept(address);
    }
  }
}
