package io.lanyard.control.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads the events of a stream (the server-sent events of WHATWG HTML, section 9.2).
 *
 * <p>Thread: one at a time. Calls block.
 */
public final class EventReader {
  /** A snapshot of a daemon with thousands of ports is a tenth of this. */
  private static final int MAX_LINE = 16 * 1024 * 1024;

  private final InputStream in;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(256);
  private String lastId = "";
  private boolean afterReturn;

  /**
   * Makes a reader.
   *
   * @param in the body of the answer; is read without more bytes than needed, so it may need a
   *     buffer
   */
  public EventReader(InputStream in) {
    this.in = in;
  }

  /**
   * An event.
   *
   * @param id the id to resume after, of this event or of an earlier one that had one; or empty
   * @param type its type; {@code message} where the server names none
   * @param data its data, for example JSON
   */
  public record Event(String id, String type, String data) {}

  /**
   * Reads the next event.
   *
   * @return the event, or null at the end of the stream
   * @throws IOException if the connection breaks, or a line has more than 16 MiB
   */
  public @Nullable Event next() throws IOException {
    StringBuilder data = new StringBuilder();
    boolean hasData = false;
    String type = "";
    for (String text = readLine(); text != null; text = readLine()) {
      if (text.isEmpty()) {
        if (hasData) {
          return new Event(lastId, type.isEmpty() ? "message" : type, data.toString());
        }
        type = "";
        continue;
      }
      int colon = text.indexOf(':');
      String field = colon < 0 ? text : text.substring(0, colon);
      String value = colon < 0 ? "" : text.substring(colon + 1);
      value = value.startsWith(" ") ? value.substring(1) : value;
      if (field.equals("data")) {
        data.append(hasData ? "\n" : "").append(value);
        hasData = true;
        if (data.length() > MAX_LINE) {
          throw new IOException("the server sent an event that is too long");
        }
      } else if (field.equals("event")) {
        type = value;
      } else if (field.equals("id") && value.indexOf('\0') < 0) {
        lastId = value;
      }
    }
    return null;
  }

  /**
   * The next line without its end, which is LF, CR or both; null at the end, where half a line is
   * none.
   */
  private @Nullable String readLine() throws IOException {
    line.reset();
    while (true) {
      int b = in.read();
      if (b < 0) {
        return null;
      }
      boolean second = afterReturn && b == '\n';
      afterReturn = b == '\r';
      if (second) {
        continue;
      }
      if (b == '\n' || b == '\r') {
        return line.toString(StandardCharsets.UTF_8);
      }
      line.write(b);
      if (line.size() > MAX_LINE) {
        throw new IOException("the server sent a line that is too long");
      }
    }
  }
}
