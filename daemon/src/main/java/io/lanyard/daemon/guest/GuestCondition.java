package io.lanyard.daemon.guest;

import io.lanyard.base.Clock;
import io.lanyard.base.EnumText;
import io.lanyard.base.LogEvent;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.control.api.EventType;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestListener;
import io.lanyard.vmm.GuestState;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Why a guest is as it is, by what its VMM has told of it, and whether that is something to mend.
 * The VMM's news goes to the readers of events and into the log.
 *
 * <p>Thread: any.
 */
final class GuestCondition implements GuestListener {
  private static final System.Logger LOG = System.getLogger(GuestCondition.class.getName());

  /** Hears that a guest was powered on or off. */
  @FunctionalInterface
  interface Power {
    void changed(boolean on);
  }

  private final EventBus events;
  private final RateLimitedLog log;
  private final Power power;
  private volatile String reason = "";
  private volatile String note = "";
  private volatile boolean failed;

  /**
   * Makes that of a guest of which nothing is known.
   *
   * @param events hears what the VMM tells
   * @param clock limits what a guest can have logged
   * @param power hears of each change of state, before the readers of events do
   */
  GuestCondition(EventBus events, Clock clock, Power power) {
    this.events = events;
    this.log = new RateLimitedLog(LOG, clock);
    this.power = power;
  }

  /** Takes another reason than what the VMM has told; empty for none. */
  void because(String another) {
    reason = another;
  }

  /** Why the guest is as it is, for a person; empty for nothing to say. */
  String text() {
    return note.isEmpty() ? reason : note;
  }

  /**
   * Whether there is something to mend.
   *
   * @param made whether there is a guest; one that could not be made has its reason
   */
  boolean isProblem(boolean made) {
    return !note.isEmpty() || failed || (!made && !reason.isEmpty());
  }

  @Override
  public void onEvent(GuestEvent event) {
    switch (event) {
      case GuestEvent.StateChanged(String name, GuestState from, GuestState to, String why) -> {
        boolean on = to == GuestState.RUNNING || to == GuestState.PAUSED;
        reason = why;
        failed = to == GuestState.FAILED;
        if (!on) {
          note = "";
        }
        power.changed(on);
        publish(
            EventType.GUEST_CHANGED,
            name,
            Map.of("from", EnumText.word(from), "to", EnumText.word(to), "cause", why));
        log(
            to == GuestState.FAILED ? Level.WARNING : Level.INFO,
            "guest-state-changed",
            name,
            line -> line.with("from", from).with("to", to).with("cause", why));
      }
      case GuestEvent.Rebooted(String name) -> {
        publish(EventType.GUEST_REBOOTED, name, Map.of());
        log(Level.INFO, "guest-rebooted", name, line -> line);
      }
      case GuestEvent.Noted(String name, String text) -> {
        boolean had = !note.isEmpty();
        note = text;
        publish(EventType.GUEST_NOTED, name, Map.of("note", text));
        if (had == text.isEmpty()) { // another note in place of one is the same trouble
          log(
              text.isEmpty() ? Level.INFO : Level.WARNING,
              text.isEmpty() ? "guest-note-gone" : "guest-noted",
              name,
              line -> line.with("note", text));
        }
      }
      case GuestEvent.ProgramExited(String name, long code) -> {
        reason = code == 0 ? "the program succeeded" : "test " + code + " failed";
        log(Level.INFO, "guest-program-ended", name, line -> line.with("code", code));
      }
      default -> LogEvent.of("guest-event-unknown").with("event", event).log(LOG, Level.DEBUG);
    }
  }

  private void publish(EventType type, String name, Map<String, String> data) {
    events.publishOf(name, type, "", name, data);
  }

  private void log(Level level, String event, String name, UnaryOperator<LogEvent> values) {
    log.log(level, event, name, line -> values.apply(line.with("guest", name)));
  }
}
