package io.lanyard.daemon.guest;

import io.lanyard.base.LogEvent;
import io.lanyard.config.DurationText;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.VmmException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The power button of a guest that runs, pressed because the guest is to end, and the wait until it
 * has stopped.
 *
 * <p>The time that the guest may take begins when the button is pressed, so that guests whose
 * buttons are pressed together stop together. Whether it has stopped is told by its VMM.
 *
 * <p>Thread: any.
 */
final class PowerButton {
  private static final System.Logger LOG = System.getLogger(PowerButton.class.getName());

  private final String guest;
  private final Duration timeout;
  private final long pressed = System.nanoTime();
  private final CountDownLatch end = new CountDownLatch(1);

  /** Why the wait has ended before the timeout. */
  private volatile @Nullable String cause;

  /**
   * Makes one, to be pressed.
   *
   * @param guest the guest's name
   * @param timeout how long it may take to stop
   */
  PowerButton(String guest, Duration timeout) {
    this.guest = guest;
    this.timeout = timeout;
  }

  /**
   * Presses it. A guest whose VMM has no button, or does not answer, is not waited for.
   *
   * @param machine the guest
   * @param mostMillis how long its VMM may take for the call
   */
  void press(Guest machine, long mostMillis) {
    if (timeout.isZero()) {
      end("its stop-timeout is 0s");
      return;
    }
    PluginExecutor press =
        new PluginExecutor("guest " + guest, Math.min(mostMillis, timeout.toMillis()));
    try {
      press.call(
          "press its power button",
          () -> {
            machine.requestStop();
            return true;
          });
    } catch (UnsupportedOperationException e) {
      end("its VMM has no power button");
    } catch (IllegalStateException e) {
      end("its state allows no stop"); // it is paused, or has stopped since
    } catch (VmmException | RuntimeException e) {
      end("its power button does not work");
    }
  }

  /**
   * Ends the wait.
   *
   * @param why the guest has stopped, or is not to be waited for any longer
   */
  void end(String why) {
    if (cause == null) {
      cause = why;
    }
    end.countDown();
  }

  /**
   * Waits until the guest has stopped or its time is up.
   *
   * @throws InterruptedException if the caller is not to wait
   */
  void await() throws InterruptedException {
    boolean ended =
        end.await(
            Math.max(0, timeout.toNanos() - (System.nanoTime() - pressed)), TimeUnit.NANOSECONDS);
    String why = cause;
    LogEvent.of("guest-stop-awaited")
        .with("guest", guest)
        .with("cause", ended && why != null ? why : "it ran on for " + DurationText.format(timeout))
        .with("millis", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - pressed))
        .log(LOG, Level.INFO);
  }
}
