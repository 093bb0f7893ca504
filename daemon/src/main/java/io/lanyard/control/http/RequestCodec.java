package io.lanyard.control.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.CombinedChannelDuplexHandler;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Requests from bytes, and bytes from responses.
 *
 * <p>A proxy in front of the server has to see the same requests in the same bytes as the server
 * does. So a request that two readers of RFC 9112 may take for different ones is refused, although
 * the standard would allow to read it: a body with two lengths or an unknown coding (section 6.1),
 * lines that end without a carriage return (section 2.2) or are folded (section 5.2), and no host,
 * or more than one (section 3.2).
 *
 * <p>Thread: the server's loop.
 */
final class RequestCodec
    extends CombinedChannelDuplexHandler<RequestCodec.Decoder, RequestCodec.Encoder> {

  /** Whether each request that is not answered yet is a HEAD. */
  private final ArrayDeque<Boolean> heads = new ArrayDeque<>();

  /** Whether a request may end with its connection in other hands: nothing behind it is HTTP. */
  static boolean isHandOver(String method, String uri) {
    String path = HttpServer.HAND_OVER;
    return method.equals("POST") && (uri.equals(path) || uri.startsWith(path + "?"));
  }

  RequestCodec(HttpDecoderConfig config) {
    init(new Decoder(config.clone().setStrictLineParsing(true)), new Encoder());
  }

  /** Reads requests; the {@link Problem} of one that cannot be taken is its decoder's result. */
  final class Decoder extends HttpRequestDecoder {
    private boolean inBody;

    /** Whether what follows is not for HTTP: it stays, and goes to who takes the connection. */
    private boolean over;

    /** The last byte of the head so far: 0 before the first one. */
    private byte last;

    private @Nullable Problem problem;

    private Decoder(HttpDecoderConfig config) {
      super(config);
    }

    /** Each call takes a head, or a part of it, or a part of a body: never some of both. */
    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out)
        throws Exception {
      if (over) {
        return;
      }
      int from = in.readerIndex();
      int before = out.size();
      super.decode(context, in, out);
      if (!inBody) {
        checkLines(in, from);
      }
      for (Object message : out.subList(before, out.size())) {
        if (message instanceof HttpRequest request) {
          ended(request);
          inBody = true;
          handsOver = isHandOver(request.method().name(), request.uri());
        }
        if (message instanceof LastHttpContent) {
          inBody = false;
          if (handsOver) {
            over = true;
            context.channel().config().setAutoRead(false);
          }
        }
      }
    }

    private boolean handsOver;

    /** Looks for folded lines among the bytes that the decoder took. */
    private void checkLines(ByteBuf in, int from) {
      for (int i = from; i < in.readerIndex(); i++) {
        byte b = in.getByte(i);
        if (last == '\n' && (b == ' ' || b == '\t')) {
          refuse("a line of its head begins with a space");
        }
        last = b;
      }
    }

    private void ended(HttpRequest request) {
      heads.add(HttpMethod.HEAD.equals(request.method()));
      last = 0;
      if (request.decoderResult().isSuccess()) {
        checkHost(request);
        checkCoding(request);
        if (problem != null) {
          request.setDecoderResult(DecoderResult.failure(problem));
        }
      }
      problem = null;
    }

    private void checkHost(HttpRequest request) {
      int hosts = request.headers().getAll(HttpHeaderNames.HOST).size();
      if (hosts > 1 || (hosts == 0 && request.protocolVersion().equals(HttpVersion.HTTP_1_1))) {
        refuse(hosts == 0 ? "it names no host" : "it names several hosts");
      }
    }

    private void checkCoding(HttpRequest request) {
      List<String> codings = request.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
      if (codings.isEmpty()) {
        return;
      }
      if (!request.protocolVersion().equals(HttpVersion.HTTP_1_1)) {
        refuse("a body in chunks needs HTTP/1.1");
      } else if (codings.size() > 1 || !codings.getFirst().strip().equalsIgnoreCase("chunked")) {
        problem =
            new Problem(
                501,
                "the request's transfer coding is not known here: " + String.join(", ", codings),
                "",
                "send it chunked, or with its length");
      }
    }

    private void refuse(String why) {
      problem = new Problem(400, "this is not an HTTP/1.1 request: " + why, "", "");
    }

    @Override
    protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
      throw new IllegalArgumentException("it has both a length and a transfer coding");
    }
  }

  /** Writes responses; the body of the response to a HEAD is its length only. */
  final class Encoder extends HttpResponseEncoder {
    private Encoder() {}

    @Override
    protected boolean isContentAlwaysEmpty(HttpResponse response) {
      boolean isLast =
          response.status().codeClass() != HttpStatusClass.INFORMATIONAL
              || response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS);
      Boolean head = isLast ? heads.poll() : null;
      return (head != null && head) || super.isContentAlwaysEmpty(response);
    }
  }
}
