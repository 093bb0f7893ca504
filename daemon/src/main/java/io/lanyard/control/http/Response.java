package io.lanyard.control.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A resource's answer. */
public sealed interface Response {
  /**
   * A whole body.
   *
   * @param status the HTTP status
   * @param type its media type
   * @param bytes the body; not copied
   * @param headers further headers, by name
   */
  @SuppressWarnings("ArrayRecordComponent") // Made once, sent once, never compared.
  record Body(int status, String type, byte[] bytes, Map<String, String> headers)
      implements Response {
    /**
     * A body without further headers.
     *
     * @param status the HTTP status
     * @param type its media type
     * @param bytes the body; not copied
     */
    public Body(int status, String type, byte[] bytes) {
      this(status, type, bytes, Map.of());
    }
  }

  /**
   * A body without an end of its own, sent in chunks with status 200.
   *
   * @param type its media type
   * @param source writes it, on a virtual thread; what it reads is empty, and ends when the client
   *     wants no more
   */
  record Stream(String type, Conversation source) implements Response {}

  /**
   * A change of protocol (RFC 9110 section 7.8): after the 101, bytes both ways.
   *
   * @param protocol the protocol's name
   * @param conversation speaks it, on a virtual thread
   */
  record Upgrade(String protocol, Conversation conversation) implements Response {}

  /** Speaks a protocol of bytes both ways. */
  @FunctionalInterface
  interface Conversation {
    /**
     * Speaks until one side is done. The connection is closed afterwards.
     *
     * @param in what the client sends; ends when the client closes the connection or its half of it
     * @param out blocks while the client does not read; throws when it has gone
     * @throws IOException if the client has gone
     * @throws InterruptedException if the server stops
     */
    void speak(InputStream in, OutputStream out) throws IOException, InterruptedException;
  }

  /**
   * A text.
   *
   * @param type its media type
   * @param text the body
   * @return status 200
   */
  static Response text(String type, String text) {
    return new Body(200, type, text.getBytes(StandardCharsets.UTF_8));
  }
}
