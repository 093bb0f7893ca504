package io.lanyard.control.http;

import io.lanyard.control.json.JsonText;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * One event of a stream, encoded once for all its readers (the server-sent events of WHATWG HTML,
 * section 9.2).
 *
 * <p>Immutable. Thread: any.
 */
public final class ServerEvent {
  private final byte[] bytes;

  private ServerEvent(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * An event whose data is JSON.
   *
   * @param id the position in the stream that a reader names in {@code Last-Event-ID} to resume
   *     after this event; empty for an event that is no position
   * @param type the type by which readers tell events apart
   * @param data a record, a list or a map
   * @return the event
   * @throws IllegalArgumentException if id or type has a line break or a zero
   */
  public static ServerEvent of(String id, String type, Object data) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    if (!id.isEmpty()) {
      field(bytes, "id: ", id);
    }
    field(bytes, "event: ", type);
    // Jackson escapes line breaks: the data is one line.
    bytes.writeBytes("data: ".getBytes(StandardCharsets.US_ASCII));
    bytes.writeBytes(JsonText.bytes(data));
    bytes.writeBytes(new byte[] {'\n', '\n'});
    return new ServerEvent(bytes.toByteArray());
  }

  private static void field(ByteArrayOutputStream bytes, String name, String value) {
    if (value.indexOf('\n') >= 0 || value.indexOf('\r') >= 0 || value.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("a line break in an event's " + name + value);
    }
    bytes.writeBytes((name + value + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** The event as it is sent; not to be changed. */
  byte[] bytes() {
    return bytes;
  }
}
