package io.lanyard.dns;

import io.lanyard.vswitch.Turn;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Charges the events of a connection to a name server to a port: Netty's pipeline decrypts, and
 * does its part of a handshake, before anybody knows which question a message answers. It stands at
 * the beginning of the pipeline.
 *
 * <p>An event begins in the turn of the port that the connection names. A message that comes out of
 * it takes over what the event has cost so far ({@link #charge}): the port that asked pays for its
 * decryption, whichever port was named.
 *
 * <p>Thread: the network's loop only.
 */
final class ChargedPipeline extends ChannelInboundHandlerAdapter {
  private final Supplier<@Nullable Turn> payer;

  /** Whose turn the present event has begun; null for none. */
  private @Nullable Turn begun;

  /**
   * Makes one for a connection.
   *
   * @param payer whom an event is charged to until it is known whose it is; null for nobody
   */
  ChargedPipeline(Supplier<@Nullable Turn> payer) {
    this.payer = payer;
  }

  /**
   * Does something for a port. Inside an event, the port has to answer for what that has cost so
   * far as well.
   *
   * @param turn the port's turn
   * @param work what to do
   */
  void charge(Turn turn, Runnable work) {
    if (turn == begun) {
      work.run();
    } else if (begun == null || !turn.takeOver()) {
      turn.charge(work);
    } else {
      begun = turn;
      try {
        work.run();
      } finally {
        end();
        begin();
      }
    }
  }

  /**
   * Does a part of the pipeline's work: an event, or a task that its handlers have left for later.
   *
   * @param work what to do
   */
  void run(Runnable work) {
    if (begun != null) {
      work.run();
      return;
    }
    begin();
    try {
      work.run();
    } finally {
      end();
    }
  }

  /** Begins a turn, unless other work is running, which pays. */
  private void begin() {
    Turn turn = payer.get();
    begun = turn != null && turn.begin() ? turn : null;
  }

  private void end() {
    Turn turn = begun;
    begun = null;
    if (turn != null) {
      boolean _ = turn.end();
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    run(context::fireChannelActive);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    run(context::fireChannelInactive);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    run(() -> context.fireChannelRead(message));
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    run(context::fireChannelReadComplete);
  }
}
