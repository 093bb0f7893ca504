package io.lanyard.vswitch;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;

/**
 * Hears that a listening socket could not accept, as the handler of its own channel, and lets it
 * rest for {@value #PAUSE_SECONDS} s ({@link AcceptPause}); Netty prints no stack trace for each
 * attempt.
 *
 * <p>Thread: the channel's loop only.
 */
public final class AcceptFailures extends ChannelInboundHandlerAdapter {
  /** Short for a client that waits, and long for a loop that would fail thousands of times. */
  public static final int PAUSE_SECONDS = 1;

  private final AcceptPause pause;

  /** Hears of a socket's trouble, on its channel's loop. */
  public interface Listener {
    /**
     * Hears that {@code accept} failed; again for each attempt that does.
     *
     * @param reason what happened, for a person
     * @param remedy what to do about it
     */
    void cannotAccept(String reason, String remedy);

    /** Hears that a whole pause has passed without a failure. */
    void acceptsAgain();
  }

  /**
   * Makes a handler for one channel.
   *
   * @param listener hears of failures and of their end
   */
  public AcceptFailures(Listener listener) {
    this.pause = new AcceptPause(listener);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.channel().config().setAutoRead(false);
    pause.begin(cause, () -> later(context));
  }

  private void later(ChannelHandlerContext context) {
    var _ = context.executor().schedule(() -> pauseEnds(context), PAUSE_SECONDS, TimeUnit.SECONDS);
  }

  private void pauseEnds(ChannelHandlerContext context) {
    Channel channel = context.channel();
    if (channel.isOpen() && pause.ends(() -> later(context))) {
      channel.config().setAutoRead(true);
    }
  }
}
