package io.lanyard.control.http;

import io.lanyard.control.json.JsonText;
import io.lanyard.linux.Libc;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Takes the one descriptor that a client sends, answers with a line, and ends the connection. Of a
 * client that sends bytes alone, which mean nothing, the connection ends as if it sent none. One
 * that sends several descriptors, of which none is kept, is told so.
 *
 * <p>Thread: the server's loop.
 */
final class DescriptorReader extends ChannelInboundHandlerAdapter {
  private final Response.DescriptorRecipient recipient;
  private final ExecutorService threads;
  private final HttpMeter meter;
  private final @Nullable ScheduledFuture<?> late;
  private boolean taken;

  /**
   * Makes one.
   *
   * @param recipient gets the descriptor
   * @param threads runs it
   * @param meter hears what it throws
   * @param late ends the connection of a client that sends nothing; cancelled when something came
   */
  DescriptorReader(
      Response.DescriptorRecipient recipient,
      ExecutorService threads,
      HttpMeter meter,
      @Nullable ScheduledFuture<?> late) {
    this.recipient = recipient;
    this.threads = threads;
    this.meter = meter;
    this.late = late;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (!(message instanceof FileDescriptor sent)) {
      ReferenceCountUtil.release(message);
      answer(context, refusal("bytes came before the descriptor"));
      return;
    }
    // The daemon's child processes do not inherit it.
    int own = taken ? -1 : Libc.duplicate(sent.intValue());
    try {
      sent.close();
    } catch (IOException e) {
      // It is closed.
    }
    if (taken) {
      return;
    }
    taken = true;
    if (own < 0) {
      answer(context, refusal("the host has no descriptor left"));
      return;
    }
    try {
      threads.execute(() -> {
        Object said = take(own);
        context.executor().execute(() -> answer(context, said));
      });
    } catch (RejectedExecutionException e) {
      int _ = Libc.close(own); // the server is stopping
      var _ = context.close();
    }
  }

  private Object take(int descriptor) {
    try {
      return recipient.take(descriptor);
    } catch (Problem e) {
      return ProblemBody.info(e);
    } catch (RuntimeException e) {
      meter.failed(e);
      return refusal("the daemon has failed to use it");
    }
  }

  private static Object refusal(String what) {
    return ProblemBody.info(
        new Problem(400, what, "", "send one byte with the descriptor beside it (SCM_RIGHTS)"));
  }

  private void answer(ChannelHandlerContext context, Object said) {
    taken = true;
    stopWaiting();
    byte[] line = (JsonText.text(said) + "\n").getBytes(StandardCharsets.UTF_8);
    context.writeAndFlush(Unpooled.wrappedBuffer(line)).addListener(ChannelFutureListener.CLOSE);
  }

  private void stopWaiting() {
    if (late != null) {
      late.cancel(false);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    stopWaiting();
  }

  /** A client that sends several descriptors, or leaves. */
  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!(cause instanceof IOException)) {
      meter.failed(cause);
      var _ = context.close();
    } else if (!taken) {
      answer(context, refusal("what came is not one descriptor"));
    }
  }
}
