package io.lanyard.config.change;

import io.lanyard.config.GuestConfig;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The keys in which two guests of one name differ, and those that only a restart takes over. */
final class GuestDifference {
  private GuestDifference() {}

  /** The keys of a guest that differ and that one which runs cannot take over. */
  static List<String> restartKeys(GuestConfig before, GuestConfig after) {
    return differing(before, after).stream().filter(key -> !isLive(key)).toList();
  }

  /** The keys of a guest that differ, in the order of the file. */
  static List<String> differing(GuestConfig before, GuestConfig after) {
    Map<String, Object> old = KeyedValues.of(before);
    Map<String, Object> now = KeyedValues.of(after);
    Set<String> keys = new LinkedHashSet<>(old.keySet());
    keys.addAll(now.keySet());
    return keys.stream().filter(key -> !Objects.equals(old.get(key), now.get(key))).toList();
  }

  /** Whether a guest that runs takes over a key: its NICs' networks, and what the daemon does. */
  private static boolean isLive(String key) {
    return switch (key) {
      case "autostart", "stop-timeout", "keep-running" -> true;
      default -> key.startsWith("nics[") && !key.endsWith("].mac") && !key.endsWith("].mtu");
    };
  }
}
