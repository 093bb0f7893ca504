package io.lanyard.config;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A program that is run for events.
 *
 * @param on how the types of its events begin
 * @param run the program, an absolute path, and its arguments
 * @param timeout how long it may run
 */
public record HookConfig(List<String> on, List<String> run, Duration timeout) {
  /** The types of events that there are: those of the API, which has more to say of each. */
  public static final List<String> EVENT_TYPES =
      List.of(
          "network-added",
          "network-removed",
          "port-added",
          "port-changed",
          "port-linked",
          "port-unlinked",
          "port-removed",
          "forward-changed",
          "forward-removed",
          "lease-added",
          "lease-changed",
          "lease-removed",
          "flow-began",
          "flow-ended",
          "flow-left-out",
          "guest-changed",
          "guest-rebooted",
          "guest-noted",
          "guest-snapshot-saved",
          "guest-snapshot-loaded",
          "guest-snapshot-removed",
          "events-left-out",
          "problem-began",
          "problem-over",
          "configuration-changed");

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
      if (EVENT_TYPES.stream().noneMatch(type -> type.startsWith(text))) {
        Set<String> known = new LinkedHashSet<>(EVENT_TYPES);
        EVENT_TYPES.forEach(type -> known.add(type.substring(0, type.indexOf('-'))));
        throw new IllegalArgumentException(
            "no type of events begins so" + Quoted.hint(text, known));
      }
      return text;
    }
  }
}
