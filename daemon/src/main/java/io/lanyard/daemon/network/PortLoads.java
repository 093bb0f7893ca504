package io.lanyard.daemon.network;

import io.lanyard.base.Timers;
import io.lanyard.control.api.PortLoad;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortCounters;
import io.lanyard.vswitch.Switch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The last seconds of each port of a network: its part of the loop's time, whether it takes the
 * frames that are for it, and whether those that it sends make sense.
 *
 * <p>A frame costs nothing for it. The counters that ports have are read once per second; the
 * readings of the last {@value #SECONDS} s are kept.
 *
 * <p>Thread: the network's loop only.
 */
final class PortLoads {
  /** Long enough that a burst does not stand for a load, short enough to see what is slow now. */
  static final int SECONDS = 5;

  private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** The busiest ports that are told. */
  private static final int MOST = 3;

  /** Dropped frames within {@link #SECONDS} that are more than a misfortune. */
  private static final long MANY = 100;

  private static final List<DropCause> MALFORMED =
      Stream.of(DropCause.values()).filter(DropCause::isMalformed).toList();

  private final Switch ethernet;
  private final Timers timers;
  private final Timers.Timer timer;
  private final IdentityHashMap<Port, Readings> ports = new IdentityHashMap<>();
  private final long[] at = new long[SECONDS];

  /** The place of the oldest reading, which the next one takes. */
  private int oldest;

  /** Makes one that has not begun. */
  PortLoads(Switch ethernet, Timers timers) {
    this.ethernet = ethernet;
    this.timers = timers;
    this.timer = timers.create(this::read);
  }

  /** A port's counters at one moment. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Reading(
      long nanos, long received, long transmitted, long unread, long[] malformed) {
    static Reading of(Port port) {
      PortCounters counters = port.counters();
      return new Reading(
          counters.loopNanos(),
          counters.receivedFrames(),
          counters.transmittedFrames(),
          counters.transmitDrops(DropCause.QUEUE_FULL),
          MALFORMED.stream().mapToLong(counters::receiveDrops).toArray());
    }
  }

  /** A port's readings, in the places of the times. */
  private static final class Readings {
    final Reading[] all = new Reading[SECONDS];
    boolean present;
  }

  /** Begins to read. */
  void start() {
    Arrays.fill(at, timers.clock().nanoTime());
    read();
  }

  /** Reads no more. */
  void close() {
    timer.cancel();
  }

  private void read() {
    at[oldest] = timers.clock().nanoTime();
    for (Port port : ethernet.ports()) {
      Reading now = Reading.of(port);
      Readings readings = ports.get(port);
      if (readings == null) {
        readings = new Readings();
        Arrays.fill(readings.all, now);
        ports.put(port, readings);
      }
      readings.all[oldest] = now;
      readings.present = true;
    }
    ports.values().removeIf(readings -> !readings.present);
    ports.values().forEach(readings -> readings.present = false);
    oldest = (oldest + 1) % SECONDS;
    timer.arm(PERIOD_NANOS);
  }

  /** The ports that take most of the loop's time, the busiest first. */
  List<PortLoad> busiest() {
    long nanos = Math.max(1, timers.clock().nanoTime() - at[oldest]);
    List<PortLoad> all = new ArrayList<>();
    ports.forEach((port, readings) -> {
      long spent = port.counters().loopNanos() - readings.all[oldest].nanos();
      int percent = (int) Math.min(100, 100 * spent / nanos);
      if (percent > 0) {
        all.add(new PortLoad(ethernet.name(), port.name(), percent));
      }
    });
    return all.stream()
        .sorted(Comparator.comparingInt(PortLoad::percent).reversed())
        .limit(MOST)
        .toList();
  }

  /**
   * The problem of a port that goes on sending frames which make no sense, or whose guest sends
   * frames and takes none. One that sends nothing either may be paused, and has no problem.
   *
   * @return what is wrong and what to do; empty for any other port
   */
  String problem(Port port) {
    Readings readings = ports.get(port);
    if (readings == null) {
      return "";
    }
    Reading before = readings.all[oldest];
    Reading now = Reading.of(port);
    for (DropCause cause : MALFORMED) {
      int i = MALFORMED.indexOf(cause);
      long dropped = now.malformed()[i] - before.malformed()[i];
      if (dropped >= MANY) {
        return dropped
            + " frames from it were dropped within "
            + SECONDS
            + " s ("
            + cause.label()
            + "): "
            + cause.advice();
      }
    }
    long unread = now.unread() - before.unread();
    return unread >= MANY
            && now.transmitted() == before.transmitted()
            && now.received() > before.received()
        ? "the guest behind it sends frames and takes none: "
            + unread
            + " for it were dropped within "
            + SECONDS
            + " s; look at the guest"
        : "";
  }
}
