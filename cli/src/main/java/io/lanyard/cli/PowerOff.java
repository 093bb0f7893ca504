package io.lanyard.cli;

import io.lanyard.config.DurationText;
import java.time.Duration;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The wait for a guest that powers off. */
final class PowerOff {
  private static final Set<String> OFF = Set.of("created", "stopped", "failed");
  private static final long POLL_MILLIS = 200;

  private PowerOff() {}

  static boolean isOff(Api api, String guest) {
    return OFF.contains(api.ask(daemon -> daemon.guests().get(guest)).value().state());
  }

  /** Waits until a guest is off; false if it takes longer. */
  static boolean await(Api api, String guest, Duration limit) throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!isOff(api, guest)) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      Thread.sleep(POLL_MILLIS);
    }
    return true;
  }

  /** Reads how long a command waits. */
  static Duration limit(CommandSpec spec, String said) {
    try {
      return DurationText.parse(said);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(),
          "expected a time with its unit, such as 60s, found " + said + ": " + e.getMessage(),
          e);
    }
  }

  static Failure tooLong(String guest, Duration limit, String option) {
    return new Failure(
        "guest " + guest + " has not powered off within " + DurationText.format(limit),
        "give it more " + option + ", or power it off: lanyard guest kill " + guest);
  }
}
