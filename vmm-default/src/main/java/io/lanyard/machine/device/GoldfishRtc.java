package io.lanyard.machine.device;

import io.lanyard.machine.bus.Device;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Android's Goldfish real-time clock: nanoseconds since 1970 in two halves, and an alarm.
 *
 * <p>The alarm is waited for by a virtual thread that lives only while one is set.
 */
public final class GoldfishRtc implements Device, AutoCloseable {
  private static final int TIME_LOW = 0x00;
  private static final int TIME_HIGH = 0x04;
  private static final int ALARM_LOW = 0x08;
  private static final int ALARM_HIGH = 0x0c;
  private static final int INTERRUPT_ENABLED = 0x10;
  private static final int CLEAR_ALARM = 0x14;
  private static final int ALARM_STATUS = 0x18;
  private static final int CLEAR_INTERRUPT = 0x1c;

  private final InstantSource clock;
  private final InterruptLine line;
  private long offset;
  private long latchedHigh;
  private long alarmHigh;
  private long alarm;
  private boolean alarmSet;
  private boolean enabled;
  private boolean pending;
  private boolean closed;
  private @Nullable Thread waiter;

  /**
   * Makes the clock.
   *
   * @param clock the host's
   * @param line high while an alarm has fired and is enabled
   */
  public GoldfishRtc(InstantSource clock, InterruptLine line) {
    this.clock = clock;
    this.line = line;
  }

  private long now() {
    var now = clock.instant();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano() + offset;
  }

  @Override
  public synchronized long read(long at, int size) {
    return switch ((int) at) {
      case TIME_LOW -> {
        long now = now();
        latchedHigh = now >>> 32;
        yield now & 0xffff_ffffL;
      }
      case TIME_HIGH -> latchedHigh;
      case ALARM_LOW -> alarm & 0xffff_ffffL;
      case ALARM_HIGH -> alarm >>> 32;
      case INTERRUPT_ENABLED -> enabled ? 1 : 0;
      case ALARM_STATUS -> alarmSet ? 1 : 0;
      default -> 0;
    };
  }

  @Override
  public synchronized void write(long at, int size, long value) {
    switch ((int) at) {
      case TIME_LOW -> {
        long shown = now();
        offset += ((shown & ~0xffff_ffffL) | (value & 0xffff_ffffL)) - shown;
      }
      case TIME_HIGH -> {
        long shown = now();
        offset += (value << 32 | (shown & 0xffff_ffffL)) - shown;
      }
      case ALARM_HIGH -> alarmHigh = value;
      case ALARM_LOW -> {
        alarm = alarmHigh << 32 | (value & 0xffff_ffffL);
        alarmSet = true;
        arm();
      }
      case INTERRUPT_ENABLED -> enabled = (value & 1) != 0;
      case CLEAR_ALARM -> {
        alarmSet = false;
        arm();
      }
      case CLEAR_INTERRUPT -> pending = false;
      default -> {
        // No such register.
      }
    }
    line.set(pending && enabled);
  }

  private void arm() {
    if (waiter != null) {
      LockSupport.unpark(waiter);
    } else if (alarmSet && !closed) {
      waiter = Thread.ofVirtual().name("rtc-alarm").start(this::await);
    }
  }

  private void await() {
    while (true) {
      long wait;
      synchronized (this) {
        if (!alarmSet || closed) {
          waiter = null;
          return;
        }
        wait = alarm - now();
        if (wait <= 0) {
          alarmSet = false;
          pending = true;
          line.set(enabled);
          waiter = null;
          return;
        }
      }
      // Woken at least every minute, for the host's clock may be set.
      LockSupport.parkNanos(Math.min(wait, Duration.ofMinutes(1).toNanos()));
    }
  }

  /** Ends the wait for an alarm. */
  @Override
  public synchronized void close() {
    closed = true;
    if (waiter != null) {
      LockSupport.unpark(waiter);
    }
  }
}
