package io.lanyard.control.http;

import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;

/** Tells that a client sends nothing more and may still read: half of its connection is closed. */
final class InputEnd {
  private InputEnd() {}

  /**
   * Whether an event of a connection says that.
   *
   * @param event as Netty fires it: for the end of a socket's stream, or for the {@code
   *     close_notify} by which TLS says the same (RFC 8446 section 6.1)
   */
  static boolean isIn(Object event) {
    return event == ChannelInputShutdownEvent.INSTANCE || event instanceof SslCloseCompletionEvent;
  }
}
