package io.lanyard.nat.tcp;

import java.util.concurrent.TimeUnit;

/** When a guest was heard last, and the probes of one that is silent (RFC 9293 section 3.8.4). */
final class KeepAlive {
  /** Silence after which the guest is probed: RFC 9293 section 3.8.4 wants two hours or more. */
  private static final long IDLE = TimeUnit.HOURS.toNanos(2);

  private static final long INTERVAL = TimeUnit.SECONDS.toNanos(75);
  private static final int PROBES = 9;

  private final Connection connection;
  private final Engine engine;
  private final Deadline timer;
  private long lastHeard;
  private int unanswered;

  KeepAlive(Connection connection, Engine engine) {
    this.connection = connection;
    this.engine = engine;
    timer = new Deadline(engine.link().timers(), engine.guarded(connection, this::expire));
  }

  /** Probes from now on. */
  void start() {
    timer.set(IDLE);
  }

  void cancel() {
    timer.cancel();
  }

  void heard() {
    lastHeard = engine.nanoTime();
    unanswered = 0;
  }

  long lastHeard() {
    return lastHeard;
  }

  private void expire() {
    if (connection.isClosed()) {
      return;
    }
    long silent = engine.nanoTime() - lastHeard;
    if (silent < IDLE) {
      timer.set(IDLE - silent);
    } else if (++unanswered > PROBES) {
      connection.timedOut();
    } else {
      engine.counters().count(TcpCount.KEEP_ALIVES);
      connection.probe();
      timer.set(INTERVAL);
    }
  }
}
