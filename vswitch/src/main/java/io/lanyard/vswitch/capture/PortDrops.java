package io.lanyard.vswitch.capture;

import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.PortCounters;
import java.util.ArrayList;
import java.util.List;

/**
 * The frames that a port, or the switch at it, has dropped since a moment.
 *
 * <p>Thread: the network's loop.
 */
final class PortDrops {
  private static final DropCause[] CAUSES = DropCause.values();

  private final PortCounters counters;
  private final long[] received = new long[CAUSES.length];
  private final long[] transmitted = new long[CAUSES.length];

  /** Counts from now on. */
  PortDrops(PortCounters counters) {
    this.counters = counters;
    for (DropCause cause : CAUSES) {
      received[cause.ordinal()] = counters.receiveDrops(cause);
      transmitted[cause.ordinal()] = counters.transmitDrops(cause);
    }
  }

  /** The drops by cause, such as {@code dropped: in pinned-source=3, out queue-full=1}. */
  String words() {
    List<String> words = new ArrayList<>();
    for (DropCause cause : CAUSES) {
      add(words, "in ", cause, counters.receiveDrops(cause) - received[cause.ordinal()]);
    }
    for (DropCause cause : CAUSES) {
      add(words, "out ", cause, counters.transmitDrops(cause) - transmitted[cause.ordinal()]);
    }
    return words.isEmpty() ? "" : "dropped: " + String.join(", ", words);
  }

  private static void add(List<String> words, String way, DropCause cause, long frames) {
    if (frames > 0) {
      words.add(way + cause.label() + "=" + frames);
    }
  }
}
