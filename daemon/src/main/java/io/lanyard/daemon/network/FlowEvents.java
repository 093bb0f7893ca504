package io.lanyard.daemon.network;

import io.lanyard.base.Timers;
import io.lanyard.control.api.EventType;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowListener;
import io.lanyard.nat.flow.FlowRecord;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Tells of a sample of a network's flows: the first {@value #PER_SECOND} beginnings and ends of
 * each second. Each event says how many were left out since the one before, and a last event does
 * when no more come. A guest that opens flows by the thousand costs a comparison each.
 *
 * <p>Thread: the network's loop only.
 */
final class FlowEvents implements FlowListener {
  /** The events of a network per second, so that flows leave the other events their room. */
  static final int PER_SECOND = 5;

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final String network;
  private final EventBus events;
  private final Timers timers;
  private final Timers.Timer rest;
  private long secondBegan;
  private int told;
  private long leftOut;

  /**
   * Makes a sampler that has told nothing.
   *
   * @param network the network's name
   * @param events hears of the flows
   * @param timers the network's timers
   */
  FlowEvents(String network, EventBus events, Timers timers) {
    this.network = network;
    this.events = events;
    this.timers = timers;
    this.rest = timers.create(this::tellRest);
    this.secondBegan = timers.clock().nanoTime() - SECOND;
  }

  @Override
  public void began(Flow flow) {
    if (isSampled()) {
      publish(EventType.FLOW_BEGAN, flow);
    }
  }

  @Override
  public void ended(Flow flow) {
    if (isSampled()) {
      publish(EventType.FLOW_ENDED, flow);
    }
  }

  private boolean isSampled() {
    long now = timers.clock().nanoTime();
    if (now - secondBegan >= SECOND) {
      secondBegan = now;
      told = 0;
    }
    if (told < PER_SECOND) {
      told++;
      return true;
    }
    if (leftOut++ == 0) {
      rest.arm(SECOND);
    }
    return false;
  }

  private void publish(EventType type, Flow flow) {
    FlowRecord record = flow.record();
    String forward = record.forward();
    events.publish(
        type,
        network,
        Long.toString(record.id()),
        Map.of(
            "protocol", record.protocol(),
            "port", record.port(),
            "guest", record.guest().toString(),
            "remote", record.remote().toString(),
            "client", ServiceStatus.client(record),
            "forward", forward == null ? "" : forward,
            "bytesFromGuest", Long.toString(record.bytesFromGuest()),
            "bytesToGuest", Long.toString(record.bytesToGuest()),
            "leftOut", Long.toString(leftOut)));
    leftOut = 0;
    rest.cancel();
  }

  private void tellRest() {
    if (leftOut > 0) {
      events.publish(
          EventType.FLOW_LEFT_OUT, network, "", Map.of("leftOut", Long.toString(leftOut)));
      leftOut = 0;
    }
  }
}
