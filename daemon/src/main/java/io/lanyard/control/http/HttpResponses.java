package io.lanyard.control.http;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;

/** Answers in the codec's form. */
final class HttpResponses {
  private HttpResponses() {}

  static FullHttpResponse of(Response.Body body, boolean keepAlive) {
    FullHttpResponse message =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(body.status()),
            Unpooled.wrappedBuffer(body.bytes()));
    if (!body.type().isEmpty()) {
      message.headers().set(HttpHeaderNames.CONTENT_TYPE, body.type());
    }
    body.headers().forEach(message.headers()::set);
    // Neither a 204 nor a 304 says a length (RFC 9110 section 8.6), nor does the head of a stream.
    if (body.status() != 204
        && body.status() != 304
        && !message.headers().contains(HttpHeaderNames.TRANSFER_ENCODING)) {
      message.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.bytes().length);
    }
    HttpUtil.setKeepAlive(message, keepAlive);
    return message;
  }

  /** The head of a stream, which ends with the connection. */
  static HttpResponse stream(String type) {
    HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    head.headers()
        .set(HttpHeaderNames.CONTENT_TYPE, type)
        .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
        .set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED)
        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    return head;
  }

  static FullHttpResponse upgrade(String protocol) {
    FullHttpResponse head =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS);
    head.headers()
        .set(HttpHeaderNames.UPGRADE, protocol)
        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
    return head;
  }

  /** The word that a client with {@code Expect: 100-continue} waits for. */
  static FullHttpResponse proceed() {
    return new DefaultFullHttpResponse(
        HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER);
  }
}
