package io.lanyard.control.http;

import io.netty.channel.ChannelHandler;
import java.util.function.BiConsumer;

/**
 * Makes the handler of a listening socket, which rests when {@code accept} fails and tells of it.
 *
 * <p>Thread: {@link #make} any; what it is given is called on the server's loop.
 */
@FunctionalInterface
public interface AcceptHandlers {
  /**
   * Makes a handler for one listening socket.
   *
   * @param cannotAccept hears why clients cannot be accepted, and what to do about it
   * @param acceptsAgain hears that they can
   * @return a handler of the listening channel's pipeline
   */
  ChannelHandler make(BiConsumer<String, String> cannotAccept, Runnable acceptsAgain);
}
