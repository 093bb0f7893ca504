package io.lanyard.dns;

import java.io.IOException;
import java.util.Arrays;
import org.xbill.DNS.Name;

/**
 * The case of a name's letters. A client may know its answer by it (draft-vixie-dnsext-dns0x20), so
 * it comes back as it was sent, although the question is the same in any case.
 */
final class Spelling {
  private static final Spelling LOWER = new Spelling(new byte[0]);

  /** A bit for each octet of the name on the wire, set for an upper case letter. */
  private final byte[] upper;

  private Spelling(byte[] upper) {
    this.upper = upper;
  }

  static Spelling of(Name name) {
    byte[] wire = name.toWire();
    byte[] upper = null;
    for (int i = 0; i < wire.length; i++) {
      if (wire[i] >= 'A' && wire[i] <= 'Z') {
        if (upper == null) {
          upper = new byte[(wire.length + 7) / 8];
        }
        upper[i / 8] |= (byte) (1 << i % 8);
      }
    }
    return upper == null ? LOWER : new Spelling(upper);
  }

  /** The memory that it takes. */
  int bytes() {
    return upper.length;
  }

  /**
   * Writes the letters of an uncompressed name in this case.
   *
   * @param message has the name
   * @param offset where it begins
   * @param length its octets; those of labels' lengths are no letters, being 63 at most
   */
  void apply(byte[] message, int offset, int length) {
    for (int i = 0; i < length; i++) {
      byte octet = message[offset + i];
      if ((octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z')) {
        boolean up = i / 8 < upper.length && (upper[i / 8] >> i % 8 & 1) != 0;
        message[offset + i] = (byte) (up ? octet & ~0x20 : octet | 0x20);
      }
    }
  }

  /** The same name in this case. */
  Name apply(Name name) {
    byte[] wire = name.toWire();
    byte[] spelt = Arrays.copyOf(wire, wire.length);
    apply(spelt, 0, spelt.length);
    try {
      return Arrays.equals(wire, spelt) ? name : new Name(spelt);
    } catch (IOException e) {
      throw new IllegalStateException("a name is a name in any case", e);
    }
  }
}
