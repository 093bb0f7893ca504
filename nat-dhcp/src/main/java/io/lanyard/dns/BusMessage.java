package io.lanyard.dns;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A message of D-Bus, as far as it takes to call a method with texts and numbers and to read what
 * comes back (D-Bus specification, "Message Protocol" and "Marshaling").
 *
 * <p>Mutable; one thread at a time.
 */
final class BusMessage {
  /** The bytes that say how long a message is. */
  static final int PREFIX = 16;

  private static final int CALL = 1;
  private static final int RETURN = 2;
  private static final int ERROR = 3;

  /** Nothing is started in order to answer. */
  private static final byte NO_AUTO_START = 2;

  private static final int VERSION = 1;
  private static final int FIELD_PATH = 1;
  private static final int FIELD_INTERFACE = 2;
  private static final int FIELD_MEMBER = 3;
  private static final int FIELD_ERROR = 4;
  private static final int FIELD_REPLY_TO = 5;
  private static final int FIELD_DESTINATION = 6;
  private static final int FIELD_SIGNATURE = 8;

  /** More than all properties of a resolver; the specification allows 128 MiB. */
  private static final int MOST_BYTES = 1 << 20;

  private static final int HEADER_ALIGNMENT = 8;
  private static final int LENGTH_AT = 4;
  private static final int FIELDS_AT = 12;

  private final ByteBuffer bytes;
  private final int bodyAt;
  private int replyTo;
  private String error = "";
  private String signature = "";

  private BusMessage(ByteBuffer bytes, int bodyAt) {
    this.bytes = bytes;
    this.bodyAt = bodyAt;
  }

  /**
   * Writes a call.
   *
   * @param serial its number, not zero
   * @param destination the name of who is called
   * @param signature the types of the arguments: {@code s} or {@code i} each
   * @param arguments texts and whole numbers
   */
  static byte[] call(
      int serial,
      String destination,
      String path,
      String iface,
      String member,
      String signature,
      Object... arguments) {
    ByteBuffer out = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    out.put((byte) 'l').put((byte) CALL).put(NO_AUTO_START).put((byte) VERSION);
    out.putInt(0).putInt(serial).putInt(0);
    field(out, FIELD_PATH, 'o', path);
    field(out, FIELD_DESTINATION, 's', destination);
    field(out, FIELD_INTERFACE, 's', iface);
    field(out, FIELD_MEMBER, 's', member);
    if (!signature.isEmpty()) {
      align(out, HEADER_ALIGNMENT);
      out.put((byte) FIELD_SIGNATURE).put((byte) 1).put((byte) 'g').put((byte) 0);
      out.put((byte) signature.length()).put(ascii(signature)).put((byte) 0);
    }
    out.putInt(FIELDS_AT, out.position() - PREFIX);
    align(out, HEADER_ALIGNMENT);
    int body = out.position();
    for (Object each : arguments) {
      if (each instanceof Integer number) {
        align(out, Integer.BYTES);
        out.putInt(number);
      } else {
        string(out, each.toString());
      }
    }
    out.putInt(LENGTH_AT, out.position() - body);
    byte[] message = new byte[out.position()];
    out.flip().get(message);
    return message;
  }

  private static void field(ByteBuffer out, int code, char type, String value) {
    align(out, HEADER_ALIGNMENT);
    out.put((byte) code).put((byte) 1).put((byte) type).put((byte) 0);
    string(out, value);
  }

  private static void string(ByteBuffer out, String value) {
    align(out, Integer.BYTES);
    out.putInt(value.length()).put(ascii(value)).put((byte) 0);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static void align(ByteBuffer buffer, int to) {
    buffer.position((buffer.position() + to - 1) / to * to);
  }

  /**
   * How long a message is.
   *
   * @param prefix its first bytes, {@link #PREFIX} of them
   * @throws IOException if it is none, or longer than any that is expected
   */
  static int length(byte[] prefix) throws IOException {
    ByteBuffer in = ordered(prefix);
    long body = Integer.toUnsignedLong(in.getInt(LENGTH_AT));
    long fields = Integer.toUnsignedLong(in.getInt(FIELDS_AT));
    long header = (PREFIX + fields + HEADER_ALIGNMENT - 1) / HEADER_ALIGNMENT * HEADER_ALIGNMENT;
    if (header + body > MOST_BYTES) {
      throw new IOException("a message of " + (header + body) + " bytes");
    }
    return (int) (header + body);
  }

  private static ByteBuffer ordered(byte[] message) throws IOException {
    ByteOrder order =
        switch (message[0]) {
          case 'l' -> ByteOrder.LITTLE_ENDIAN;
          case 'B' -> ByteOrder.BIG_ENDIAN;
          default -> throw new IOException("no message of D-Bus");
        };
    return ByteBuffer.wrap(message).order(order);
  }

  /**
   * Reads a whole message.
   *
   * @return the answer to a call; null if it is anything else
   */
  static @Nullable BusMessage answer(byte[] message) throws IOException {
    ByteBuffer in = ordered(message);
    int type = in.get(1);
    if (type != RETURN && type != ERROR) {
      return null;
    }
    int end = PREFIX + in.getInt(FIELDS_AT);
    int body = (end + HEADER_ALIGNMENT - 1) / HEADER_ALIGNMENT * HEADER_ALIGNMENT;
    BusMessage answer = new BusMessage(in, body);
    try {
      in.position(PREFIX);
      while (in.position() < end) {
        align(in, HEADER_ALIGNMENT);
        answer.readField();
      }
      in.position(body);
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      throw new IOException("a message of D-Bus that cannot be read", e);
    }
    if (type == ERROR && answer.error.isEmpty()) {
      answer.error = "an error without a name";
    }
    return answer;
  }

  private void readField() throws IOException {
    int code = bytes.get();
    switch (signature()) {
      case "u" -> {
        int value = number();
        if (code == FIELD_REPLY_TO) {
          replyTo = value;
        }
      }
      case "s", "o" -> {
        String value = text();
        if (code == FIELD_ERROR) {
          error = value;
        }
      }
      case "g" -> {
        String value = signature();
        if (code == FIELD_SIGNATURE) {
          signature = value;
        }
      }
      default -> throw new IOException("a field of a strange type");
    }
  }

  /** The number of the call that this answers. */
  int replyTo() {
    return replyTo;
  }

  /** The name of the error; empty if there is none. */
  String error() {
    return error;
  }

  /** The types of what the answer has. */
  String types() {
    return signature;
  }

  /** Reads on from the body's first byte. */
  void rewind() {
    bytes.position(bodyAt);
  }

  /** Reads a byte. */
  int octet() {
    return bytes.get() & 255;
  }

  /** Reads a number of 16 bits. */
  int shortNumber() {
    align(bytes, Short.BYTES);
    return bytes.getShort() & 0xffff;
  }

  /** Reads a number of 32 bits. */
  int number() {
    align(bytes, Integer.BYTES);
    return bytes.getInt();
  }

  /** Reads a truth value. */
  boolean flag() {
    return number() != 0;
  }

  /** Reads a text or a path. */
  String text() {
    String text = take(number());
    bytes.get();
    return text;
  }

  /** Reads types. */
  String signature() {
    String text = take(octet());
    bytes.get();
    return text;
  }

  private String take(int length) {
    return new String(octets(length), StandardCharsets.UTF_8);
  }

  /** Reads an array of bytes. */
  byte[] octets() {
    return octets(number());
  }

  private byte[] octets(int length) {
    if (length < 0 || length > bytes.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] octets = new byte[length];
    bytes.get(octets);
    return octets;
  }

  /**
   * Reads the head of an array of structures.
   *
   * @return the position behind its last element
   */
  int structures() {
    int length = number();
    align(bytes, HEADER_ALIGNMENT);
    if (length < 0 || length > bytes.remaining()) {
      throw new BufferUnderflowException();
    }
    return bytes.position() + length;
  }

  /** Whether the array that ends there has another structure, which is read next. */
  boolean another(int end) {
    if (bytes.position() >= end) {
      return false;
    }
    align(bytes, HEADER_ALIGNMENT);
    return true;
  }
}
