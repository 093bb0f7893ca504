package io.lanyard.vswitch;

import io.lanyard.base.Causes;
import io.lanyard.linux.Errno;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;

/**
 * Hears that a listening socket could not accept, as the handler of its own channel, and lets it
 * rest for {@value #PAUSE_SECONDS} s: clients wait in the kernel's queue, the loop does not spin,
 * and Netty prints no stack trace for each attempt.
 *
 * <p>Thread: the channel's loop only.
 */
public final class AcceptFailures extends ChannelInboundHandlerAdapter {
  /** Short for a client that waits, and long for a loop that would fail thousands of times. */
  public static final int PAUSE_SECONDS = 1;

  private final Listener listener;
  private boolean failing;
  private long failures;

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
    this.listener = listener;
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    failing = true;
    boolean first = failures++ == 0;
    context.channel().config().setAutoRead(false);
    if (first) {
      later(context);
    }
    listener.cannotAccept(
        "no client can be accepted: " + Causes.of(cause),
        Errno.isDescriptorLimit(SocketErrors.number(cause))
            ? "raise the limit of open files (LimitNOFILE= of the service, ulimit -n)"
            : "it is tried again by itself");
  }

  private void later(ChannelHandlerContext context) {
    var _ = context.executor().schedule(() -> pauseEnds(context), PAUSE_SECONDS, TimeUnit.SECONDS);
  }

  /** Lets the socket accept again; a whole pause without a failure then ends the trouble. */
  private void pauseEnds(ChannelHandlerContext context) {
    Channel channel = context.channel();
    if (!channel.isOpen()) {
      return;
    }
    if (failing) {
      failing = false;
      later(context);
      channel.config().setAutoRead(true);
    } else {
      failures = 0;
      listener.acceptsAgain();
    }
  }
}
