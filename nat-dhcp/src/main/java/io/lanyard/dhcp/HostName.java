package io.lanyard.dhcp;

import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes a DNS label of what a client calls itself. */
final class HostName {
  /** A label's limit (RFC 1035 section 2.3.4). */
  private static final int MAX_LABEL = 63;

  /**
   * Names that change how their neighbours behave: a client that claimed {@code wpad} would be
   * everybody's proxy.
   */
  private static final Set<String> FORBIDDEN =
      Set.of("localhost", "wpad", "isatap", "gateway", "host", "_gateway");

  private HostName() {}

  /**
   * Makes a label of letters, digits and hyphens (RFC 1123 section 2.1).
   *
   * @param raw what the client sent, with or without a domain
   * @param domain the network's domain, unused labels of which are cut off; or null
   * @return the label in lower case, or null if nothing usable is left
   */
  static @Nullable String sanitise(@Nullable String raw, @Nullable String domain) {
    if (raw == null) {
      return null;
    }
    String text = raw.toLowerCase(Locale.ROOT);
    if (domain != null && text.endsWith("." + domain.toLowerCase(Locale.ROOT))) {
      text = text.substring(0, text.length() - domain.length() - 1);
    }
    int dot = text.indexOf('.');
    String first = dot >= 0 ? text.substring(0, dot) : text;
    StringBuilder label = new StringBuilder(Math.min(first.length(), MAX_LABEL));
    for (int i = 0; i < first.length() && label.length() < MAX_LABEL; i++) {
      char c = first.charAt(i);
      if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
        label.append(c);
      } else if ((c == '-' || c == '_' || c == ' ') && !label.isEmpty()) {
        label.append('-');
      }
    }
    while (!label.isEmpty() && label.charAt(label.length() - 1) == '-') {
      label.setLength(label.length() - 1);
    }
    String name = label.toString();
    return name.isEmpty() || FORBIDDEN.contains(name) ? null : name;
  }
}
