package io.lanyard.vswitch;

import io.lanyard.base.Clock;
import io.lanyard.base.TimerWheel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets an event loop drive a {@link TimerWheel}: the wheel's next wake-up is a task of the loop.
 *
 * <p>Thread: the loop only.
 */
public final class LoopAlarm implements TimerWheel.Alarm, Runnable {
  private final EventLoop loop;
  private @Nullable TimerWheel wheel;
  private @Nullable ScheduledFuture<?> pending;

  private LoopAlarm(EventLoop loop) {
    this.loop = loop;
  }

  /**
   * Makes a wheel that an event loop drives.
   *
   * @param loop the network's loop; the wheel is to be used there only
   * @param clock the clock to follow, which must go as fast as the loop's
   * @param faults hears what the timers' actions throw
   * @return a wheel that needs no closing: it schedules nothing once nothing is armed
   */
  public static TimerWheel wheel(EventLoop loop, Clock clock, LoopFaults faults) {
    LoopAlarm alarm = new LoopAlarm(loop);
    TimerWheel wheel = new TimerWheel(clock, alarm, faults::caught);
    alarm.wheel = wheel;
    return wheel;
  }

  @Override
  public void wakeIn(long delayNanos) {
    if (pending != null) {
      pending.cancel(false);
    }
    pending = loop.schedule(this, delayNanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void run() {
    pending = null;
    if (wheel != null) {
      wheel.expire();
    }
  }
}
