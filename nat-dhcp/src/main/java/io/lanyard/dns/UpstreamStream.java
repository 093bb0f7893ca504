package io.lanyard.dns;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.vswitch.LoopOutcome;
import io.lanyard.vswitch.Turn;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;

/**
 * A connection for one query over TCP, after an answer over UDP that was truncated (RFC 7766
 * section 5).
 *
 * <p>Thread: the network's loop only. What comes for the query is charged to the port that asked.
 */
final class UpstreamStream implements UpstreamSocket {
  private final EventLoop loop;
  private final Turn turn;
  private final byte[] query;
  private final DescriptorBudget.Holder descriptors;
  private final Listener listener;
  private final Channel channel;
  private boolean closed;

  /**
   * Begins to connect.
   *
   * @param link the network
   * @param turn the turn of the port that asked
   * @param server the server's address and port
   * @param query the message
   * @param descriptors has granted the descriptor, and gets it back
   * @param listener hears of the server's message, or that none will come
   */
  UpstreamStream(
      GuestLink link,
      Turn turn,
      InetSocketAddress server,
      byte[] query,
      DescriptorBudget.Holder descriptors,
      Listener listener) {
    this.loop = link.loop();
    this.turn = turn;
    this.query = query;
    this.descriptors = descriptors;
    this.listener = listener;
    ChannelFuture connected =
        UpstreamBootstrap.connect(
            link,
            server,
            made ->
                made.pipeline()
                    .addLast(
                        new ChargedPipeline(() -> turn),
                        new StreamMessages(this::announced, this::received, this::failed)));
    channel = connected.channel();
    LoopOutcome.hear(connected, loop, done -> turn.charge(() -> connected(done.isSuccess())));
  }

  private void connected(boolean success) {
    if (success) {
      ByteBuf out = channel.alloc().buffer(2 + query.length);
      out.writeShort(query.length); // RFC 1035 section 4.2.2, in one segment: RFC 7766 section 8
      out.writeBytes(query);
      channel
          .writeAndFlush(out)
          .addListener(sent -> {
            if (!sent.isSuccess()) {
              loop.execute(this::failed); // perhaps from inside the constructor
            }
          });
    } else if (!loop.isShuttingDown()) {
      loop.execute(this::failed); // perhaps from inside the constructor
    }
  }

  private boolean announced(int length) {
    boolean[] wanted = {true};
    turn.charge(() -> wanted[0] = length <= Question.PAYLOAD || listener.announced(length));
    return wanted[0];
  }

  private void received(byte[] message) {
    turn.charge(() -> listener.received(message));
  }

  private void failed() {
    turn.charge(listener::failed);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    // One that could not be made, or has closed itself, is on no loop.
    if (channel.isRegistered()) {
      channel.closeFuture().addListener(done -> descriptors.giveBack());
      var _ = channel.close();
    } else {
      descriptors.giveBack();
    }
  }
}
