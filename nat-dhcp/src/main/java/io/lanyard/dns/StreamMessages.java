package io.lanyard.dns;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/**
 * Puts the messages of a stream together (RFC 1035 section 4.2.2).
 *
 * <p>Thread: the network's loop only.
 */
final class StreamMessages extends SimpleChannelInboundHandler<ByteBuf> {
  private final IntPredicate announced;
  private final Consumer<byte[]> received;
  private final Runnable ended;
  private boolean unwanted;
  private byte[] message = {};
  private int length = -2; // bytes of the length that are missing, negative; then the length
  private int filled;

  /**
   * Makes one for a connection.
   *
   * @param announced told the length of each message before its memory is taken; with false it ends
   *     what is read
   * @param received takes each message
   * @param ended told when nothing more comes, perhaps several times
   */
  StreamMessages(IntPredicate announced, Consumer<byte[]> received, Runnable ended) {
    this.announced = announced;
    this.received = received;
    this.ended = ended;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, ByteBuf in) {
    while (in.isReadable() && !unwanted) {
      if (length < 0) {
        filled = filled << 8 | in.readUnsignedByte();
        if (++length == 0) {
          if (!announced.test(filled)) {
            unwanted = true;
            return;
          }
          message = new byte[filled];
          length = filled;
          filled = 0;
        }
      } else {
        int part = Math.min(in.readableBytes(), length - filled);
        in.readBytes(message, filled, part);
        filled += part;
      }
      if (length >= 0 && filled == length) {
        byte[] whole = message;
        message = new byte[0];
        length = -2;
        filled = 0;
        received.accept(whole);
      }
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    ended.run();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ended.run();
  }
}
