package io.lanyard.dhcp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Domain names as DHCP carries them: the labels of RFC 1035 section 3.1, uncompressed. */
final class DomainSearch {
  private DomainSearch() {}

  /** The value of option 119 (RFC 3397); compression is allowed there, but not required. */
  static byte[] encode(List<String> domains) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    domains.forEach(domain -> out.writeBytes(labels(domain)));
    return out.toByteArray();
  }

  static byte[] labels(String name) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int from = 0;
    while (from < name.length()) {
      int dot = name.indexOf('.', from);
      int end = dot < 0 ? name.length() : dot;
      byte[] label = name.substring(from, end).getBytes(StandardCharsets.ISO_8859_1);
      if (label.length == 0 || label.length > 63) {
        throw new IllegalArgumentException("not a domain name: " + name);
      }
      out.write(label.length);
      out.writeBytes(label);
      from = end + 1;
    }
    out.write(0);
    return out.toByteArray();
  }
}
