package io.lanyard.control.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A resource's answer. */
public sealed interface Response {
  /**
   * The media type of the body.
   *
   * @return its type; empty where there is no body
   */
  String mediaType();

  /**
   * The conversation that follows the head.
   *
   * @return null where the server itself writes the body
   */
  default @Nullable Conversation conversation() {
    return null;
  }

  /**
   * A whole body.
   *
   * @param status the HTTP status
   * @param type its media type, or empty where there is no body
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

    @Override
    public String mediaType() {
      return type;
    }

    /**
     * The same with another header.
     *
     * @param name the header's name
     * @param value its value
     * @return a copy
     */
    public Body with(String name, String value) {
      Map<String, String> more = new HashMap<>(headers);
      more.put(name, value);
      return new Body(status, type, bytes, more);
    }
  }

  /**
   * A stream of events ({@code text/event-stream}) without an end of its own, with status 200. A
   * client that reads too slowly is sent {@code event: overflow} as its last.
   *
   * @param source hands out the events
   * @param lastEventId the id of the last event that the client has, or empty
   */
  record Events(EventSource source, String lastEventId) implements Response {
    /** The media type. */
    static final String TYPE = "text/event-stream";

    @Override
    public String mediaType() {
      return TYPE;
    }
  }

  /**
   * A body without an end of its own, sent in chunks with status 200.
   *
   * @param type its media type
   * @param source writes it, on a virtual thread; what it reads is empty, and ends when the client
   *     wants no more
   */
  record Stream(String type, Conversation source) implements Response {
    @Override
    public String mediaType() {
      return type;
    }

    @Override
    public Conversation conversation() {
      return source;
    }
  }

  /**
   * A change of protocol (RFC 9110 section 7.8): after the 101, bytes both ways.
   *
   * @param protocol the protocol's name
   * @param conversation speaks it, on a virtual thread
   */
  record Upgrade(String protocol, Conversation conversation) implements Response {
    @Override
    public String mediaType() {
      return "";
    }
  }

  /**
   * The connection itself: no answer is sent, and its recipient speaks with the client. Only the
   * path {@link HttpServer#HAND_OVER} may answer so, and only on a UNIX socket.
   *
   * @param recipient gets it
   */
  record HandOver(Recipient recipient) implements Response {
    @Override
    public String mediaType() {
      return "";
    }
  }

  /**
   * A change of protocol: after the 101 the client sends one byte with a descriptor beside it
   * (SCM_RIGHTS, unix(7)), gets one line of JSON, and the connection ends. Only on a UNIX socket.
   *
   * @param protocol the protocol's name
   * @param recipient gets the descriptor
   */
  record Descriptor(String protocol, DescriptorRecipient recipient) implements Response {
    @Override
    public String mediaType() {
      return "";
    }
  }

  /** Takes a descriptor over. */
  @FunctionalInterface
  interface DescriptorRecipient {
    /**
     * Takes a descriptor, on a virtual thread.
     *
     * @param descriptor the descriptor, owned by the recipient from now on
     * @return a record, for the client
     * @throws Problem if it cannot be used; it is closed then
     */
    Object take(int descriptor);
  }

  /** Takes a client's connection over. */
  @FunctionalInterface
  interface Recipient {
    /**
     * Takes a connection, on a virtual thread.
     *
     * @param descriptor the socket, owned by the recipient from now on
     * @param first what the client has sent behind its request
     */
    void take(int descriptor, byte[] first);
  }

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

    /**
     * Releases what the answer holds. It is called instead of {@link #speak} where there is nobody
     * to speak to: the client has gone, asked for the head only, or finds no place. May block.
     */
    default void abandon() {}
  }

  /**
   * An answer without a body.
   *
   * @return status 204
   */
  static Body empty() {
    return new Body(204, "", new byte[0]);
  }

  /**
   * A text.
   *
   * @param type its media type
   * @param text the body
   * @return status 200
   */
  static Body text(String type, String text) {
    return new Body(200, type, text.getBytes(StandardCharsets.UTF_8));
  }
}
