package io.lanyard.nat.tls;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Reads the server's name from the first message of a TLS client (RFC 8446 section 4.1.2, RFC 6066
 * section 3).
 *
 * <p>Immutable.
 */
public sealed interface ClientHello {
  /** The most bytes that are waited for: clients with post-quantum keys send two thousand. */
  int MOST_BYTES = 16 << 10;

  /**
   * The message has not come whole.
   *
   * @param least bytes of the stream before which reading it again says nothing more
   */
  record Incomplete(int least) implements ClientHello {}

  /**
   * It is no first message of a TLS client, or one that is not well-formed.
   *
   * @param why what is wrong, in words
   * @param nameless whether it is sure that no server is named: it is no TLS, or leaves that out
   */
  record Refused(String why, boolean nameless) implements ClientHello {
    /**
     * A message that may name a server, but not so that all readers find the same one.
     *
     * @param why what is wrong, in words
     */
    public Refused(String why) {
      this(why, false);
    }
  }

  /**
   * It asks for a server.
   *
   * @param name the server's name, in lower case
   */
  record For(String name) implements ClientHello {}

  /**
   * Reads what a client has sent so far.
   *
   * @param bytes the stream from its first byte on
   * @param length how many there are
   * @return what it says
   */
  static ClientHello read(byte[] bytes, int length) {
    return new Reader(bytes, length).read();
  }

  /** Goes through the bytes once. */
  final class Reader {
    private static final int HANDSHAKE = 22; // RFC 8446 section 5.1
    private static final int CLIENT_HELLO = 1;
    private static final int RECORD_HEADER = 5;
    private static final int LONGEST_RECORD = 1 << 14;
    private static final int VERSION_AND_RANDOM = 2 + 32;
    private static final int LONGEST_SESSION = 32;
    private static final int SERVER_NAME = 0;
    private static final int HOST_NAME = 0;
    private static final int LONGEST_NAME = 255;
    private static final String NO_TLS = "it is no TLS";
    private static final String NAMELESS = "it names no server";
    private static final Pattern NAME =
        Pattern.compile("[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*");

    private final byte[] bytes;
    private final int length;

    /** The handshake's bytes, without the records' headers. */
    private byte[] message = {};

    private int at;
    private int end;

    /** Where the record ends that has not come whole, or the header of the next one. */
    private int least;

    private Reader(byte[] bytes, int length) {
      this.bytes = bytes;
      this.length = length;
    }

    private ClientHello read() {
      String wrong = unpack();
      if (!wrong.isEmpty()) {
        return new Refused(wrong, wrong.equals(NO_TLS));
      }
      if (end < 4) {
        return incomplete();
      }
      if (message[0] != CLIENT_HELLO) {
        return new Refused("the first message is not a client's");
      }
      int size = size();
      if (size > MOST_BYTES) {
        return new Refused("the first message is longer than " + MOST_BYTES + " bytes");
      }
      if (end < 4 + size) {
        return incomplete();
      }
      at = 4;
      end = 4 + size;
      return hello();
    }

    private ClientHello incomplete() {
      return length >= MOST_BYTES
          ? new Refused("the first message is longer than " + MOST_BYTES + " bytes")
          : new Incomplete(Math.min(least, MOST_BYTES));
    }

    /** Puts the handshake together from the records that are there; returns what is wrong. */
    private String unpack() {
      message = new byte[length];
      int record = 0;
      while (record < length) {
        if ((bytes[record] & 255) != HANDSHAKE) {
          return record == 0 ? NO_TLS : "a record of another type is in the first message";
        }
        if (record + 1 < length && bytes[record + 1] != 3) {
          return record == 0 ? NO_TLS : "a record of another version is in the first message";
        }
        least = record + RECORD_HEADER;
        if (least > length) {
          return "";
        }
        int size = (bytes[record + 3] & 255) << 8 | (bytes[record + 4] & 255);
        if (size == 0 || size > LONGEST_RECORD) {
          return "a record has " + size + " bytes";
        }
        int there = Math.min(size, length - record - RECORD_HEADER);
        System.arraycopy(bytes, record + RECORD_HEADER, message, end, there);
        end += there;
        record += RECORD_HEADER + size;
        least = record > length ? record : record + RECORD_HEADER;
        if (isDecided()) {
          return ""; // What follows changes nothing.
        }
      }
      return "";
    }

    /** Whether the message is there whole, or its header says that it cannot be taken. */
    private boolean isDecided() {
      return end >= 4 && (message[0] != CLIENT_HELLO || size() > MOST_BYTES || end >= 4 + size());
    }

    private int size() {
      return (message[1] & 255) << 16 | (message[2] & 255) << 8 | (message[3] & 255);
    }

    private ClientHello hello() {
      if (!skip(VERSION_AND_RANDOM)) {
        return malformed();
      }
      int session = number(1);
      if (session < 0 || session > LONGEST_SESSION || !skip(session)) {
        return malformed();
      }
      int suites = number(2);
      if (suites < 2 || suites % 2 != 0 || !skip(suites)) {
        return malformed();
      }
      int compressions = number(1);
      if (compressions < 1 || !skip(compressions)) {
        return malformed();
      }
      if (at == end) {
        return new Refused(NAMELESS, true);
      }
      int extensions = number(2);
      if (extensions < 0 || at + extensions != end) {
        return malformed();
      }
      return extensions();
    }

    private ClientHello extensions() {
      ClientHello found = null;
      while (at < end) {
        int type = number(2);
        int size = number(2);
        if (type < 0 || size < 0 || at + size > end) {
          return malformed();
        }
        if (type == SERVER_NAME) {
          if (found != null) {
            return new Refused("it names servers twice");
          }
          found = serverName(at + size);
        }
        at += size;
      }
      return found == null ? new Refused(NAMELESS, true) : found;
    }

    /** One name of a host, as RFC 6066 section 3 has it, and nothing else. */
    private ClientHello serverName(int stop) {
      int from = at;
      int list = number(2);
      int type = number(1);
      int size = number(2);
      int name = at;
      at = from;
      if (list < 0 || type != HOST_NAME || size < 1 || size > LONGEST_NAME) {
        return malformed();
      }
      if (name + size != stop || list != 3 + size) {
        return new Refused("it names several servers, or none");
      }
      String text =
          new String(message, name, size, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
      return NAME.matcher(text).matches()
          ? new For(text)
          : new Refused("the server's name is none");
    }

    private static ClientHello malformed() {
      return new Refused("the first message is not well-formed");
    }

    private boolean skip(int count) {
      if (at + count > end) {
        return false;
      }
      at += count;
      return true;
    }

    /** The next number; -1 where it is not there. */
    private int number(int size) {
      if (at + size > end) {
        return -1;
      }
      int value = 0;
      for (int i = 0; i < size; i++) {
        value = value << 8 | (message[at++] & 255);
      }
      return value;
    }
  }
}
