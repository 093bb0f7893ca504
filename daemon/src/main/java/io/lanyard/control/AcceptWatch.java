package io.lanyard.control;

import io.lanyard.vswitch.AcceptFailures;
import io.netty.channel.ChannelHandler;
import java.util.function.BiConsumer;

/**
 * Lets the HTTP servers rest as ports do when no descriptor is left to accept a client with.
 *
 * <p>Thread: any.
 */
public final class AcceptWatch {
  private AcceptWatch() {}

  /**
   * Makes a handler for one listening socket.
   *
   * @param cannotAccept hears, on the socket's loop, why clients cannot be accepted and what to do
   * @param acceptsAgain hears, on the socket's loop, that they can
   * @return a handler of the listening channel's pipeline
   */
  public static ChannelHandler handler(
      BiConsumer<String, String> cannotAccept, Runnable acceptsAgain) {
    return new AcceptFailures(
        new AcceptFailures.Listener() {
          @Override
          public void cannotAccept(String reason, String remedy) {
            cannotAccept.accept(reason, remedy);
          }

          @Override
          public void acceptsAgain() {
            acceptsAgain.run();
          }
        });
  }
}
