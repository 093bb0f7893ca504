package io.lanyard.daemon.guest;

import io.lanyard.base.LogEvent;
import io.lanyard.vmm.LeftBehind;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Guests that run and are in no configuration: an earlier daemon has left them behind, and somebody
 * has removed them from the file since. They are not ended without being asked for, but told of.
 *
 * <p>Thread: {@link #look} one at a time; {@link #problems} any.
 */
public final class LeftBehindGuests {
  private static final System.Logger LOG = System.getLogger(LeftBehindGuests.class.getName());

  private final VmmPlugins plugins;
  private final Supplier<Set<String>> configured;
  private volatile Map<String, List<LeftBehind>> found = Map.of();

  /**
   * Makes one that has found nothing.
   *
   * @param plugins the VMMs
   * @param configured the names of the guests that there are
   */
  public LeftBehindGuests(VmmPlugins plugins, Supplier<Set<String>> configured) {
    this.plugins = plugins;
    this.configured = configured;
  }

  /** Asks the VMMs that have run before, once the guests of the configuration are made. */
  public void look() {
    found = plugins.leftBehind();
    found.forEach((vmm, guests) -> {
      for (LeftBehind guest : guests) {
        LogEvent.of("guest-left-behind")
            .with("guest", guest.guest())
            .with("vmm", vmm)
            .with("process", guest.process())
            .with("advice", advice(guest))
            .log(LOG, Level.WARNING);
      }
    });
  }

  private static String advice(LeftBehind guest) {
    return "put it into the configuration again, or end it: kill " + guest.process();
  }

  /** Those that still run and were not made again since, a text for each. */
  public List<String> problems() {
    Set<String> present = configured.get();
    return found.values().stream()
        .flatMap(List::stream)
        .filter(guest -> !present.contains(guest.guest()))
        .filter(guest -> ProcessHandle.of(guest.process()).isPresent())
        .map(guest ->
            "guest %s runs and is in no configuration: %s".formatted(guest.guest(), advice(guest)))
        .toList();
  }
}
