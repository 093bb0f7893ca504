package io.lanyard.vswitch;

import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * Has the outcome of a channel's bind or connect heard on its loop alone.
 *
 * <p>Netty tells of it there, unless it could not make the channel, because no descriptor is left:
 * such a channel has no loop, and Netty tells of it on a thread of its own.
 *
 * <p>Thread: any.
 */
public final class LoopOutcome {
  private LoopOutcome() {}

  /**
   * Hears the outcome.
   *
   * @param outcome what a bootstrap has answered
   * @param loop the bootstrap's loop
   * @param listener called on the loop, once, perhaps by this call; not at all if the loop has
   *     ended
   */
  public static void hear(ChannelFuture outcome, EventLoop loop, Consumer<ChannelFuture> listener) {
    outcome.addListener((ChannelFuture known) -> {
      if (loop.inEventLoop()) {
        listener.accept(known);
        return;
      }
      try {
        loop.execute(() -> listener.accept(known));
      } catch (RejectedExecutionException e) {
        // The network has ended.
      }
    });
  }
}
