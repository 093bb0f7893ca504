package io.lanyard.cli;

import io.lanyard.base.Signals;
import io.lanyard.control.client.Hold;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Waits until the person at the terminal confirms a change that is taken back otherwise. Enter
 * confirms; Ctrl-C, a terminal that is closed, the end of this process and the end of the time do
 * not.
 */
final class Confirmation {
  private static final Duration LONGEST = Duration.ofHours(1);

  /** The time that the daemon may need to take a change back. */
  private static final Duration GRACE = Duration.ofSeconds(1);

  private enum Answer {
    CONFIRM,
    TAKE_BACK,
    /** Somebody else has given one, or the time is over. */
    ELSEWHERE
  }

  private final Api api;
  private final Output output;
  private final long revision;
  private final Duration remaining;
  private final Hold hold;
  private final Consumer<Runnable> interruptions;
  private final BlockingQueue<Answer> answers = new ArrayBlockingQueue<>(8);

  Confirmation(Api api, Output output, long revision, String confirmBy, Hold hold) {
    this(
        api,
        output,
        revision,
        confirmBy,
        hold,
        action -> List.of("INT", "TERM", "HUP").forEach(signal -> Signals.on(signal, action)));
  }

  /**
   * Makes a confirmation.
   *
   * @param hold the change's, which ends here
   * @param interruptions is told what to do when the command is interrupted
   */
  Confirmation(
      Api api,
      Output output,
      long revision,
      String confirmBy,
      Hold hold,
      Consumer<Runnable> interruptions) {
    this.hold = hold;
    this.interruptions = interruptions;
    this.api = api;
    this.output = output;
    this.revision = revision;
    this.remaining = remaining(confirmBy);
  }

  private static Duration remaining(String confirmBy) {
    try {
      Duration left = Duration.between(Instant.now(), Instant.parse(confirmBy));
      return left.isNegative() ? Duration.ZERO : left;
    } catch (DateTimeParseException e) {
      return LONGEST;
    }
  }

  int await() {
    interruptions.accept(() -> answers.offer(Answer.TAKE_BACK));
    Thread.ofPlatform().daemon().name("keys").start(() -> answers.offer(read()));
    Thread.ofPlatform().daemon().name("hold").start(() -> answers.offer(elsewhere()));
    output.line(
        "It is taken back in "
            + Units.duration((double) remaining.toSeconds())
            + ". Press Enter to keep it, Ctrl-C to take it back now.");
    try (hold) {
      return switch (poll()) {
        case CONFIRM -> confirm();
        case TAKE_BACK -> takeBack();
        case ELSEWHERE -> atTheEnd();
        case null -> atTheEnd();
      };
    } catch (IOException e) {
      throw new UncheckedIOException("a connection that ended cannot be closed", e);
    }
  }

  /** Waits for the end of the hold; the daemon says what it was. */
  private Answer elsewhere() {
    try {
      hold.await();
    } catch (IOException e) {
      // The daemon has gone, or this command gives the hold up.
    }
    return Answer.ELSEWHERE;
  }

  private static Answer read() {
    try {
      for (int c = System.in.read(); c >= 0; c = System.in.read()) {
        if (c == '\n' || c == '\r') {
          return Answer.CONFIRM;
        }
      }
    } catch (IOException e) {
      // The terminal has gone.
    }
    return Answer.TAKE_BACK;
  }

  private @Nullable Answer poll() {
    try {
      return answers.poll(remaining.plus(GRACE).toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Answer.TAKE_BACK;
    }
  }

  private int confirm() {
    try {
      api.order(daemon -> daemon.configuration().confirm(revision));
    } catch (Failure e) {
      if (!e.reason().equals("unknown") || !isPresent()) {
        throw e;
      }
      // Somebody has confirmed it by "lanyard config confirm".
    }
    output.line("Kept.");
    return Lanyard.DONE;
  }

  private int takeBack() {
    try {
      api.order(daemon -> daemon.configuration().takeBack(revision));
    } catch (Failure e) {
      if (!e.reason().equals("unknown")) {
        throw e;
      }
      return atTheEnd();
    }
    System.err.println("lanyard: the change is taken back");
    return Lanyard.FAILED;
  }

  /** The result when nobody has answered here: confirmed elsewhere, or taken back. */
  private int atTheEnd() {
    if (isPresent()) {
      output.line("Kept: it was confirmed elsewhere.");
      return Lanyard.DONE;
    }
    System.err.println("lanyard: the change was not confirmed in time and is taken back");
    return Lanyard.FAILED;
  }

  private boolean isPresent() {
    return Effective.revision(api) == revision;
  }
}
