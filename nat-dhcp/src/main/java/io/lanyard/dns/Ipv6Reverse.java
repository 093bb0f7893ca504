package io.lanyard.dns;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Name;

/** Names below {@code ip6.arpa}: a label for each four bits, the last ones first (RFC 3596). */
final class Ipv6Reverse {
  /** Labels of an address's name: 32, ip6, arpa and the root. */
  static final int LABELS = 35;

  private static final int NIBBLES = 32;

  private Ipv6Reverse() {}

  /** The zone of a subnet whose prefix is a multiple of four bits. */
  static Name zone(Subnet subnet) {
    StringBuilder text = new StringBuilder();
    for (int nibble = subnet.prefix() / 4 - 1; nibble >= 0; nibble--) {
      long half = nibble < 16 ? subnet.network().high() : subnet.network().low();
      text.append(Long.toHexString(half >>> (60 - 4 * (nibble & 15)) & 15)).append('.');
    }
    return Name.fromConstantString(text + "ip6.arpa.");
  }

  /** The address of a name below {@code ip6.arpa}; null if it is none of an address. */
  static @Nullable Address address(Name name) {
    if (name.labels() != LABELS) {
      return null;
    }
    long high = 0;
    long low = 0;
    for (int i = 0; i < NIBBLES; i++) {
      String label = name.getLabelString(NIBBLES - 1 - i);
      int digit = label.length() == 1 ? Character.digit(label.charAt(0), 16) : -1;
      if (digit < 0) {
        return null;
      }
      high = high << 4 | low >>> 60;
      low = low << 4 | digit;
    }
    return new Address(high, low);
  }
}
