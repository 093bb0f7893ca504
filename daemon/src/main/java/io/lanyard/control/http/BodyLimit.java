package io.lanyard.control.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.util.ArrayDeque;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Gathers requests, and passes on a {@link Problem} instead of one whose body cannot be taken: it
 * is answered in its turn, and what follows it on the connection is thrown away.
 *
 * <p>Thread: the server's loop.
 */
final class BodyLimit extends HttpObjectAggregator {
  private final LargeBodies places;
  private final Places.Client client;

  /** Whether each request that was passed on, and is not answered yet, has a place. */
  private final ArrayDeque<Boolean> large = new ArrayDeque<>();

  private @Nullable Problem refusal;

  /**
   * Makes the limit of one connection.
   *
   * @param maxBody the largest body, in bytes
   * @param places the server's places for large bodies
   * @param client who sends them
   */
  BodyLimit(int maxBody, LargeBodies places, Places.Client client) {
    super(maxBody, true);
    this.places = places;
    this.client = client;
  }

  /** The oldest request that was passed on is answered. */
  void answered() {
    Boolean first = large.poll();
    if (first != null && first) {
      places.release(client, 1);
    }
  }

  /** Decides; the aggregator asks this of each request, and the next question right after it. */
  @Override
  protected @Nullable Object newContinueResponse(
      HttpMessage start, int maxContentLength, ChannelPipeline pipeline) {
    String expected = start.headers().get(HttpHeaderNames.EXPECT);
    if (expected == null || start.protocolVersion().compareTo(HttpVersion.HTTP_1_1) < 0) {
      refusal = refusal(start, maxContentLength);
      return null;
    }
    start.headers().remove(HttpHeaderNames.EXPECT);
    refusal =
        HttpHeaderValues.CONTINUE.contentEqualsIgnoreCase(expected)
            ? refusal(start, maxContentLength)
            : new Problem(417, "this server cannot do what is expected: " + expected, "", "");
    return refusal == null ? HttpResponses.proceed() : null;
  }

  @Override
  protected boolean isContentLengthInvalid(HttpMessage start, int maxContentLength) {
    return refusal != null;
  }

  private @Nullable Problem refusal(HttpMessage start, int max) {
    long length = length(start);
    if (length > max) {
      return tooLong(max);
    }
    boolean takesPlace = length > LargeBodies.SMALL || HttpUtil.isTransferEncodingChunked(start);
    if (takesPlace && !places.take(client)) {
      return new Problem(
          503,
          "the daemon is there but busy: it holds as many large requests as it takes, of this"
              + " client or in all",
          "",
          "wait for the answers to those that were sent, then try again",
          Map.of("Retry-After", "1"));
    }
    large.add(takesPlace);
    return null;
  }

  /** The length that a request's head names, or 0 where it is none: that is told as broken HTTP. */
  private static long length(HttpMessage start) {
    try {
      return HttpUtil.getContentLength(start, 0L);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private static Problem tooLong(int max) {
    return new Problem(
        413, "the request's body is longer than " + max + " bytes", "", "no resource takes more");
  }

  @Override
  protected void handleOversizedMessage(ChannelHandlerContext context, HttpMessage message) {
    Problem present = refusal;
    context.fireChannelRead(present == null ? tooLong(maxContentLength()) : present);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) throws Exception {
    int held = 0;
    for (boolean place : large) {
      held += place ? 1 : 0;
    }
    large.clear();
    places.release(client, held);
    super.handlerRemoved(context);
  }
}
