package io.lanyard.dhcp;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A client's own name: options 81 (RFC 4702) and 12, and the answer to the former. */
final class ClientName {
  private static final int S = 1;
  private static final int O = 2;
  private static final int E = 4;
  private static final int N = 8;

  private ClientName() {}

  /** Reads the name; option 81 comes before option 12 (RFC 4702 section 3.1). */
  static @Nullable String read(DhcpMessage request) {
    byte[] fqdn = request.option(DhcpOption.CLIENT_FQDN);
    if (fqdn != null && fqdn.length > 3) {
      return (fqdn[0] & E) != 0 ? labels(fqdn, 3) : ascii(fqdn, 3);
    }
    byte[] name = request.option(DhcpOption.HOST_NAME);
    return name == null ? null : ascii(name, 0);
  }

  private static String ascii(byte[] option, int from) {
    return new String(option, from, option.length - from, StandardCharsets.ISO_8859_1);
  }

  /**
   * Reads the first of uncompressed DNS labels, which alone matters here; null if it is not whole.
   */
  static @Nullable String labels(byte[] option, int from) {
    int length = from < option.length ? option[from] & 255 : 0;
    return length == 0 || length > 63 || from + 1 + length > option.length
        ? null
        : new String(option, from + 1, length, StandardCharsets.ISO_8859_1);
  }

  /**
   * Answers option 81 (RFC 4702 section 4): the server does the updates, whatever the client wants,
   * because the zone follows the leases.
   *
   * @return the option's value, or null if the client sent no such option or has no name
   */
  static byte @Nullable [] answer(
      DhcpMessage request, @Nullable String label, @Nullable String domain) {
    byte[] asked = request.option(DhcpOption.CLIENT_FQDN);
    if (asked == null || asked.length < 3 || label == null) {
      return null;
    }
    String name = domain == null ? label : label + "." + domain;
    boolean encoded = (asked[0] & E) != 0;
    byte[] text = encoded ? DomainSearch.labels(name) : name.getBytes(StandardCharsets.ISO_8859_1);
    byte[] value = new byte[3 + text.length];
    boolean overridden = (asked[0] & S) == 0 || (asked[0] & N) != 0;
    value[0] = (byte) (S | (overridden ? O : 0) | (encoded ? E : 0));
    // RCODE1 and RCODE2 are 255 in what a server sends (RFC 4702 section 2.2).
    value[1] = (byte) 255;
    value[2] = (byte) 255;
    System.arraycopy(text, 0, value, 3, text.length);
    return value;
  }
}
