package io.lanyard.dns;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.util.function.Consumer;

/**
 * Puts the messages of a stream together (RFC 1035 section 4.2.2).
 *
 * <p>Thread: the network's loop only.
 */
final class StreamMessages extends SimpleChannelInboundHandler<ByteBuf> {
  private final Consumer<byte[]> received;
  private final Runnable ended;
  private byte[] message = {};
  private int length = -2; // bytes of the length that are missing, negative; then the length
  private int filled;

  /**
   * Makes one for a connection.
   *
   * @param received takes each message
   * @param ended told when nothing more comes, perhaps several times
   */
  StreamMessages(Consumer<byte[]> received, Runnable ended) {
    this.received = received;
    this.ended = ended;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, ByteBuf in) {
    while (in.isReadable()) {
      if (length < 0) {
        filled = filled << 8 | in.readUnsignedByte();
        if (++length == 0) {
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
