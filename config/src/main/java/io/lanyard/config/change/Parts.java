package io.lanyard.config.change;

import io.lanyard.base.EnumText;
import io.lanyard.base.PrintableText;
import io.lanyard.config.DurationText;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.Ipv6Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.config.UplinkConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The parts of one description: what of a thing differs. */
final class Parts {
  /** More is not read in one line. */
  private static final int MOST = 8;

  private static final int LONGEST_VALUE = 100;

  private final String subject;
  private final List<String> parts = new ArrayList<>();

  Parts(String subject) {
    this.subject = subject;
  }

  boolean isEmpty() {
    return parts.isEmpty();
  }

  /** Adds a key whose values differ. */
  Parts add(String key, @Nullable Object before, @Nullable Object after) {
    if (!Objects.equals(before, after)) {
      parts.add(key + " " + arrow(text(before), text(after)));
    }
    return this;
  }

  /** Adds the keys whose values differ. */
  Parts addAll(Map<String, Object> before, Map<String, Object> after) {
    Set<String> keys = new LinkedHashSet<>(before.keySet());
    keys.addAll(after.keySet());
    keys.forEach(key -> add(key, before.get(key), after.get(key)));
    return this;
  }

  /** Adds what makes a network start anew. */
  Parts addAll(NetworkConfig before, NetworkConfig after) {
    return addAll(fixed(before), fixed(after));
  }

  private static Map<String, Object> fixed(NetworkConfig network) {
    Map<String, Object> fixed = new LinkedHashMap<>();
    fixed.put("enabled", network.enabled());
    fixed.put("mode", network.mode().text());
    fixed.put("mtu", network.mtu());
    switch (network.mode()) {
      case NetworkMode.Nat nat -> fix(fixed, nat.gateway());
      case NetworkMode.HostOnly hostOnly -> fix(fixed, hostOnly.gateway());
      case NetworkMode.Bridged(UplinkConfig uplink) -> fix(fixed, uplink);
      case NetworkMode.Isolated _ -> {}
    }
    fixed.putIfAbsent("ipv6", "off");
    return fixed;
  }

  private static void fix(Map<String, Object> fixed, UplinkConfig uplink) {
    fixed.put("uplink.interface", uplink.label());
    fixed.put("uplink.netns", Objects.requireNonNullElse(uplink.netns(), ""));
    fixed.put("uplink.driver", EnumText.word(uplink.driver()));
    fixed.put("uplink.shared-mac", EnumText.word(uplink.sharedMac()));
    fixed.put("uplink.vlan", uplink.vlan() == UplinkConfig.ALL_VLANS ? "all" : uplink.vlan());
  }

  private static void fix(Map<String, Object> fixed, GatewayConfig gateway) {
    Ipv4Config ipv4 = gateway.ipv4();
    if (ipv4 != null) {
      fixed.put("subnet", ipv4.subnet());
      fixed.put("gateway", ipv4.gateway());
      fixed.put("host", ipv4.host());
    } else {
      fixed.put("subnet", "none");
    }
    Ipv6Config ipv6 = gateway.ipv6();
    if (ipv6 != null) {
      fixed.put("ipv6", ipv6.subnet() == null ? "on" : ipv6.subnet());
    }
  }

  /** Adds what was added to things with names, removed or changed. */
  Parts items(String key, Map<String, String> before, Map<String, String> after) {
    before.forEach((name, value) -> {
      if (!after.containsKey(name)) {
        parts.add("- " + item(key, name, value));
      }
    });
    after.forEach((name, value) -> {
      String old = before.get(name);
      if (old == null) {
        parts.add("+ " + item(key, name, value));
      } else if (!old.equals(value)) {
        parts.add(key + "[" + text(name) + "] " + arrow(text(old), text(value)));
      }
    });
    return this;
  }

  private static String item(String key, String name, String value) {
    return key + "[" + text(name) + "] (" + text(value) + ")";
  }

  /** Adds what was added to a list whose order means something, or removed. */
  Parts lists(String key, List<String> before, List<String> after) {
    if (before.equals(after)) {
      return this;
    }
    int size = parts.size();
    List<String> added = new ArrayList<>(after);
    for (String item : before) {
      if (!added.remove(item)) {
        parts.add("- " + key + " (" + text(item) + ")");
      }
    }
    added.forEach(item -> parts.add("+ " + key + " (" + text(item) + ")"));
    if (parts.size() == size) {
      parts.add(key + " in another order");
    }
    return this;
  }

  /** The description. */
  String line() {
    List<String> shown = parts.size() > MOST ? parts.subList(0, MOST) : parts;
    String more = parts.size() > MOST ? " and " + (parts.size() - MOST) + " more" : "";
    return subject + ": " + String.join(", ", shown) + more;
  }

  static String arrow(String before, String after) {
    return before + " -> " + after;
  }

  static String orNone(String text) {
    return text.isEmpty() ? "none" : text(text);
  }

  /** A value as the file writes it, in one line that is not too long. */
  static String text(@Nullable Object value) {
    if (value == null || value.equals("")) {
      return "none";
    }
    String text =
        value instanceof Duration duration
            ? DurationText.format(duration)
            : PrintableText.of(value.toString());
    return text.length() > LONGEST_VALUE ? text.substring(0, LONGEST_VALUE) + "..." : text;
  }
}
