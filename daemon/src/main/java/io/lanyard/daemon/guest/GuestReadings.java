package io.lanyard.daemon.guest;

import static java.util.Objects.requireNonNull;

import io.lanyard.base.LogEvent;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.GuestStatistics;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.NicStatistics;
import io.lanyard.vmm.VmmException;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A guest's state and counters as its VMM answers them: the last known ones while it does not
 * answer.
 *
 * <p>Thread: any; a query blocks for as long as the VMM may take to answer.
 */
final class GuestReadings {
  private static final System.Logger LOG = System.getLogger(GuestReadings.class.getName());

  /**
   * A guest at one moment.
   *
   * @param state its state
   * @param statistics its counters
   */
  record Reading(GuestState state, GuestStatistics statistics) {
    /** Whether powering the guest off would end something. */
    boolean isOn() {
      return state == GuestState.RUNNING || state == GuestState.PAUSED;
    }
  }

  private static final GuestStatistics NONE = new GuestStatistics(0, 0, 0);

  private final String name;
  private final Supplier<@Nullable Guest> guest;
  private final PluginExecutor reads;
  private volatile @Nullable Reading last;

  /**
   * Makes that of a guest which was not read yet.
   *
   * @param name its name
   * @param guest the guest at present; null where none could be made
   * @param reads calls its VMM
   */
  GuestReadings(String name, Supplier<@Nullable Guest> guest, PluginExecutor reads) {
    this.name = name;
    this.guest = guest;
    this.reads = reads;
  }

  /** The guest now; null if there is none. One that has never answered counts as failed. */
  @Nullable Reading read() {
    Guest made = guest.get();
    if (made == null) {
      return null;
    }
    try {
      Reading now =
          reads.call(
              "say how it is",
              () -> new Reading(requireNonNull(made.state()), requireNonNull(made.statistics())));
      last = now;
      return now;
    } catch (VmmException | RuntimeException e) {
      LogEvent.of("guest-silent").with("guest", name).log(LOG, Level.DEBUG, e);
      Reading before = last;
      return before == null ? new Reading(GuestState.FAILED, NONE) : before;
    }
  }

  /** The guest's counters; zeros if there is none. */
  GuestStatistics statistics() {
    Reading now = read();
    return now == null ? NONE : now.statistics();
  }

  /** Whether powering the guest off would end something. */
  boolean isOn() {
    Reading now = read();
    return now != null && now.isOn();
  }

  /** The counters of the NICs, in their order; none while the guest does not answer. */
  Map<String, NicStatistics> nics() {
    Guest made = guest.get();
    if (made == null) {
      return Map.of();
    }
    try {
      return reads.call(
          "say what its NICs did",
          () -> {
            Map<String, NicStatistics> all = new LinkedHashMap<>();
            for (Nic nic : made.nics()) {
              all.put(nic.name(), requireNonNull(nic.statistics()));
            }
            return all;
          });
    } catch (VmmException | RuntimeException e) {
      LogEvent.of("nic-statistics-unknown").with("guest", name).log(LOG, Level.DEBUG, e);
      return Map.of();
    }
  }
}
