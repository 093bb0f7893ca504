package io.lanyard.control.http;

import io.netty.channel.Channel;
import java.util.Map;

/**
 * The place that one connection takes among the server's streams when it is answered without an
 * end, and keeps until it closes.
 *
 * <p>Thread: the server's loop only.
 */
final class StreamPlace {
  private final Places streams;
  private final OpenStreams open;
  private final Places.Client client;

  /**
   * Takes nothing yet.
   *
   * @param streams the server's places for streams
   * @param open the server's streams that are open
   * @param client the connection's client
   */
  StreamPlace(Places streams, OpenStreams open, Places.Client client) {
    this.streams = streams;
    this.open = open;
    this.client = client;
  }

  /** The connection's client. */
  Places.Client client() {
    return client;
  }

  /** Takes a place until the channel closes; false if there is none for this client. */
  boolean take(Channel channel, OpenStreams.Sender sender) {
    if (!streams.take(client)) {
      return false;
    }
    channel.closeFuture().addListener(closed -> streams.release(client));
    open.add(channel, sender);
    return true;
  }

  /** Tells a client that there is none. */
  static Problem none() {
    return new Problem(
        503,
        "the daemon is there but busy: it has as many event streams, captures and consoles as it"
            + " takes",
        "",
        "end one that runs, then try again",
        Map.of("Retry-After", "1"));
  }
}
