package io.lanyard.control.http;

import io.lanyard.base.LogEvent;
import io.netty.channel.Channel;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The answers without an end that are being sent, each with who asked for it: a sender that is
 * known no more does not go on hearing.
 *
 * <p>Thread: any.
 */
final class OpenStreams {
  private static final System.Logger LOG = System.getLogger(OpenStreams.class.getName());

  /**
   * Who asked for a stream.
   *
   * @param peer the other end of the connection
   * @param caller who that was
   * @param authorization the header by which it was identified
   */
  record Sender(String peer, Caller caller, String authorization) {}

  private final Map<Channel, Sender> open = new ConcurrentHashMap<>();

  /** Notes a connection that has become a stream, until it closes. */
  void add(Channel channel, Sender sender) {
    open.put(channel, sender);
    channel.closeFuture().addListener(closed -> open.remove(channel));
  }

  /** Ends the streams of those that are known no more. May block. */
  void review(Callers callers) {
    open.forEach((channel, sender) -> {
      if (!callers.isStill(sender.caller(), sender.authorization())) {
        LogEvent.of("api-stream-ended")
            .with("client", sender.peer())
            .with("who", sender.caller().name())
            .with("cause", "its token was removed or has another role")
            .log(LOG, Level.INFO);
        var _ = channel.close();
      }
    });
  }

  /** Whether there is none. */
  boolean isEmpty() {
    return open.isEmpty();
  }

  /** Ends all. */
  void close() {
    for (Channel channel : open.keySet()) {
      var _ = channel.close();
    }
  }
}
