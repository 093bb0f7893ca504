package io.lanyard.config;

import java.time.Duration;
import java.util.List;

/**
 * A program that is run for events.
 *
 * @param on how the types of its events begin
 * @param run the program, an absolute path, and its arguments
 * @param timeout how long it may run
 */
public record HookConfig(List<String> on, List<String> run, Duration timeout) {
  /** Copies the lists. */
  public HookConfig {
    on = List.copyOf(on);
    run = List.copyOf(run);
  }

  /** The keys of a hook. */
  static final class Keys {
    private static final String TYPE_FORM = "[a-z][a-z-]{0,62}";

    private static final Kind<String> TYPE =
        Kind.of(
            "event-type",
            "the type of an event, or its beginning",
            "^" + TYPE_FORM + "$",
            Keys::type,
            "guest-changed",
            "lease");

    static final Key<List<String>> ON =
        Key.required(
            "on",
            new Form.ListOf<>(TYPE),
            "The types of events that it is run for (lanyard events shows them), or how they"
                + " begin.");

    static final Key<List<String>> RUN =
        Key.required(
            "run",
            new Form.ListOf<>(Kind.TEXT),
            "The program, an absolute path, and its arguments. It has the event as JSON on its"
                + " standard input, and the daemon's rights.");

    static final Key<Duration> TIMEOUT =
        Key.defaulted(
            "timeout",
            new Form.Within<>(Kind.DURATION, Duration.ofMillis(100), Duration.ofMinutes(5)),
            Duration.ofSeconds(10),
            "How long it may run; then it is killed.");

    static final Section SECTION =
        Section.of("hook", "A program that is run for events.", ON, RUN, TIMEOUT);

    private Keys() {}

    private static String type(String text) {
      if (!text.matches(TYPE_FORM)) {
        throw new IllegalArgumentException("it has other characters than a to z and hyphens");
      }
      return text;
    }
  }
}
