package io.lanyard.daemon.main;

import static java.util.Objects.requireNonNull;

import io.lanyard.base.Clock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** {@link Main} with a clock that each byte of its input puts forward, by so many seconds. */
final class SteppedMain {
  private static final class Forward implements Clock {
    private final AtomicLong nanos = new AtomicLong();

    @Override
    public long nanoTime() {
      return Clock.system().nanoTime() + nanos.get();
    }

    @Override
    public Instant now() {
      return Clock.system().now().plusNanos(nanos.get());
    }
  }

  private SteppedMain() {}

  /** Runs the daemon. */
  public static void main(String[] arguments) throws Exception {
    Main.chooseLog();
    Forward clock = new Forward();
    DaemonCommand command = requireNonNull(DaemonArguments.parse(arguments));
    command.clock = clock;
    Thread.ofPlatform()
        .daemon(true)
        .name("clock")
        .start(() -> {
          try {
            int seconds;
            while ((seconds = System.in.read()) >= 0) {
              clock.nanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    System.exit(command.call());
  }
}
