package io.lanyard.dns;

import org.xbill.DNS.Header;
import org.xbill.DNS.Type;

/**
 * The work that dnsjava would have with a server's message, found without having it done.
 *
 * <p>A pointer of two bytes stands for a name of up to 127 labels, and may lead to others (RFC 1035
 * section 4.1.4). So 64 KiB can take seconds of the network's loop, and guests can ask for names of
 * a domain whose owner wants just that. The cost is the number of labels and pointers. Those of
 * long names count more than once, since dnsjava makes a name anew for each of its labels when it
 * writes one.
 *
 * <p>Stateless.
 */
final class MessageCost {
  /**
   * Some milliseconds: about what a port may owe to the others. Enough for all the records that a
   * message has room for, if their names have five labels.
   */
  static final int MOST = 32_000;

  private static final int MOST_LABELS = 127; // RFC 1035 section 2.3.4: 255 bytes
  private static final int POINTER = 0xc0;

  /** A name of n labels costs this part of n cubed besides: 34 labels count double. */
  private static final int LONG_NAME = 1024;

  /** A record of a rare type with names at places that depend on the rest. */
  private static final int EXOTIC = 4_000;

  private final byte[] wire;
  private int at = Header.LENGTH;
  private int cost;

  private MessageCost(byte[] wire) {
    this.wire = wire;
  }

  /**
   * Whether a message is worth reading.
   *
   * @param wire the message, perhaps malformed
   * @return false if it takes too long
   */
  static boolean isBearable(byte[] wire) {
    return of(wire) <= MOST;
  }

  /** The cost of a message; a larger one than {@link #MOST} is not counted to its end. */
  static int of(byte[] wire) {
    return wire.length < Header.LENGTH ? 0 : new MessageCost(wire).count();
  }

  private int count() {
    for (int questions = number(4); questions > 0 && goesOn(); questions--) {
      name();
      at += 4;
    }
    for (int records = number(6) + number(8) + number(10); records > 0 && goesOn(); records--) {
      name();
      int type = number(at);
      int data = at + 10;
      int end = data + number(at + 8);
      at = data;
      data(type, end);
      at = end;
    }
    return cost;
  }

  private boolean goesOn() {
    return at < wire.length && cost <= MOST;
  }

  private int number(int index) {
    return index + 1 < wire.length ? (wire[index] & 255) << 8 | (wire[index + 1] & 255) : 0;
  }

  /** Counts the names in a record's data. */
  private void data(int type, int end) {
    switch (type) {
      case Type.NS,
          Type.MD,
          Type.MF,
          Type.CNAME,
          Type.MB,
          Type.MG,
          Type.MR,
          Type.PTR,
          Type.NSAP_PTR,
          Type.NXT,
          Type.DNAME,
          Type.NSEC,
          Type.TKEY,
          Type.TSIG ->
          name();
      case Type.SOA, Type.MINFO, Type.RP -> {
        name();
        name();
      }
      case Type.MX, Type.AFSDB, Type.RT, Type.KX, Type.SVCB, Type.HTTPS -> {
        at += 2;
        name();
      }
      case Type.PX -> {
        at += 2;
        name();
        name();
      }
      case Type.SRV -> {
        at += 6;
        name();
      }
      case Type.SIG, Type.RRSIG -> {
        at += 18;
        name();
      }
      case Type.NAPTR -> {
        at += 4;
        for (int texts = 0; texts < 3 && at < end; texts++) {
          at += 1 + (wire[Math.min(at, wire.length - 1)] & 255);
        }
        name();
      }
      case Type.A6, Type.IPSECKEY, Type.HIP -> cost += EXOTIC;
      default -> {
        // No names, as dnsjava reads it.
      }
    }
  }

  /** Counts a name, and leaves the index behind it. */
  private void name() {
    int labels = 0;
    int from = at;
    int behind = -1;
    while (from < wire.length && labels <= MOST_LABELS && cost <= MOST) {
      int length = wire[from] & 255;
      if (length >= POINTER) {
        int to = number(from) & 0x3fff;
        behind = behind < 0 ? from + 2 : behind;
        cost++;
        if (to >= from) {
          break; // dnsjava throws: it leads on
        }
        from = to;
      } else {
        from += 1 + length;
        if (length == 0) {
          break;
        }
        labels++;
      }
    }
    cost += 1 + labels + labels * labels * labels / LONG_NAME;
    at = behind < 0 ? from : behind;
  }
}
