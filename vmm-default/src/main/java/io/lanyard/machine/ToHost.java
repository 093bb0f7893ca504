package io.lanyard.machine;

import io.lanyard.machine.bus.Ram;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;

/**
 * Watches a program's {@code tohost} word: odd is a verdict; device 1 command 1 prints a character,
 * as the host-target interface of the test programs has it.
 *
 * <p>A store to RAM tells nobody, so a thread looks, often at first and then every two
 * milliseconds. It is a platform thread: a program that prints without end keeps it busy.
 */
final class ToHost implements AutoCloseable {
  private static final long MIN_NANOS = 50_000;
  private static final long MAX_NANOS = 2_000_000;
  private static final long PRINT = 0x0101;

  private final Ram ram;
  private final Boot.Start start;
  private final LongConsumer verdict;
  private final IntConsumer print;
  private final Thread thread;
  private volatile boolean closed;

  /** Begins to watch; {@code verdict} is told once: 0 is success, n a failed test. */
  ToHost(Ram ram, Boot.Start start, LongConsumer verdict, IntConsumer print) {
    this.ram = ram;
    this.start = start;
    this.verdict = verdict;
    this.print = print;
    this.thread = Thread.ofPlatform().daemon().name("tohost").unstarted(this::watch);
  }

  void start() {
    thread.start();
  }

  private void watch() {
    long wait = MIN_NANOS;
    while (!closed) {
      long value = ram.getLong(start.toHost());
      if ((value & 1) != 0) {
        verdict.accept(value >>> 1);
        return;
      }
      if (value != 0) {
        if (value >>> 48 == PRINT) {
          print.accept((int) value & 0xff);
        }
        ram.putLong(start.toHost(), 0);
        if (start.fromHost() != -1) {
          ram.putLong(start.fromHost(), 1);
        }
        wait = MIN_NANOS;
        continue;
      }
      LockSupport.parkNanos(wait);
      wait = Math.min(MAX_NANOS, wait * 2);
    }
  }

  /** Ends the watch; returns when RAM is not looked at any more. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive() && Thread.currentThread() != thread) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
