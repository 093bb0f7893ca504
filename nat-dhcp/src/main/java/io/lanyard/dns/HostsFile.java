package io.lanyard.dns;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Name;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.TextParseException;

/**
 * The names of a hosts file (hosts(5)), but for those of loopback addresses: a guest's loopback is
 * its own, so {@code 127.0.1.1 myhost} would lead it to itself.
 */
final class HostsFile {
  static final HostsFile NONE = new HostsFile(Map.of(), Map.of());

  /**
   * A blocklist of that many names is tens of megabytes of memory; what is behind is left to the
   * host's own resolver.
   */
  private static final int MAX_NAMES = 100_000;

  private final Map<Name, List<InetAddress>> addresses;
  private final Map<Name, Name> reverse;

  private HostsFile(Map<Name, List<InetAddress>> addresses, Map<Name, Name> reverse) {
    this.addresses = addresses;
    this.reverse = reverse;
  }

  /** Reads the file's lines; what is not understood is left out, as the C library does. */
  static HostsFile parse(List<String> lines) {
    Map<Name, List<InetAddress>> addresses = new HashMap<>();
    Map<Name, Name> reverse = new HashMap<>();
    for (String line : lines) {
      int comment = line.indexOf('#');
      String text = (comment < 0 ? line : line.substring(0, comment)).strip();
      String[] words = text.split("\\s+", -1);
      InetAddress address = words.length < 2 ? null : ResolvConf.literal(words[0]);
      if (address == null || address.isLoopbackAddress() || address.isMulticastAddress()) {
        continue;
      }
      for (int i = 1; i < words.length && addresses.size() < MAX_NAMES; i++) {
        Name name = name(words[i]);
        if (name != null) {
          addresses.computeIfAbsent(name, key -> new ArrayList<>(1)).add(address);
          reverse.putIfAbsent(ReverseMap.fromAddress(address), name);
        }
      }
    }
    return new HostsFile(addresses, reverse);
  }

  private static @Nullable Name name(String word) {
    try {
      Name name = Name.fromString(word, Name.root);
      return name.labels() > 1 && !name.isWild() ? name : null;
    } catch (TextParseException e) {
      return null; // Not a name: left out.
    }
  }

  /**
   * The addresses of a name.
   *
   * @return in the order of the file; null if it does not have the name
   */
  @Nullable List<InetAddress> addresses(Name name) {
    return addresses.get(name);
  }

  /** The name of an address, by its name in {@code in-addr.arpa} or {@code ip6.arpa}. */
  @Nullable Name reverse(Name name) {
    return reverse.get(name);
  }

  int size() {
    return addresses.size();
  }
}
