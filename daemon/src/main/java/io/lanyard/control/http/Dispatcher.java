package io.lanyard.control.http;

import io.lanyard.base.EnumText;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Has requests answered by the resources of a table of routes, and makes every failure a problem.
 *
 * <p>Thread: any; {@link #answer} runs on a virtual thread for each request.
 */
final class Dispatcher {
  private static final int MOST_PARAMETERS = 32;

  private final Routes routes;
  private final Callers callers;
  private final HttpMeter meter;

  Dispatcher(Routes routes, Callers callers, HttpMeter meter) {
    this.routes = routes;
    this.callers = callers;
    this.meter = meter;
  }

  /**
   * A request as it came.
   *
   * @param peer the other end of the connection
   * @param method GET, POST...
   * @param uri the request's target, not decoded
   * @param headers by lower-case name
   * @param body the body
   */
  @SuppressWarnings("ArrayRecordComponent") // Made once, read once, never compared.
  record Incoming(
      String peer, String method, String uri, Map<String, String> headers, byte[] body) {}

  /**
   * The answer to a request.
   *
   * @param response the answer
   * @param sender who is answered; null where nobody was identified, and a problem is the answer
   * @param place closed when the answer has left
   */
  record Answer(Response response, OpenStreams.@Nullable Sender sender, LargeAnswers.Place place) {}

  /**
   * Answers a request. Never throws.
   *
   * @param client who may have to wait for a place among the long answers
   */
  Answer answer(Incoming incoming, Places.Client client) {
    LargeAnswers.Place place = LargeAnswers.ofProcess().of(client);
    try {
      if (incoming.method().equals("OPTIONS")) {
        return new Answer(options(incoming), null, place);
      }
      String authorization = incoming.headers().getOrDefault("authorization", "");
      Caller caller = callers.identify(incoming.peer(), authorization);
      return new Answer(
          resource(incoming, caller, place),
          new OpenStreams.Sender(incoming.peer(), caller, authorization),
          place);
    } catch (Problem problem) {
      place.close();
      return new Answer(ProblemBody.of(problem), null, place);
    } catch (Throwable e) {
      place.close();
      meter.failed(e);
      Problem problem =
          new Problem(
              500,
              "the daemon failed to answer: " + e,
              incoming.uri(),
              "the daemon's log says more");
      return new Answer(ProblemBody.of(problem), null, place);
    }
  }

  private Response resource(Incoming incoming, Caller caller, LargeAnswers.Place place)
      throws Exception {
    boolean head = incoming.method().equals("HEAD");
    Request request;
    Routes.Match match;
    try {
      QueryStringDecoder query = decoder(incoming.uri());
      match =
          routes.find(
              head ? "GET" : incoming.method(), incoming.method(), segments(query.rawPath()));
      request =
          new Request(
              incoming.method(),
              query.path(),
              query.parameters(),
              match.parameters(),
              incoming.headers(),
              caller,
              incoming.body());
    } catch (IllegalArgumentException e) {
      throw notPath(incoming, e);
    }
    if (!caller.role().includes(match.role())) {
      throw new Problem(
          403,
          caller.name() + " may not do this",
          request.path(),
          "it needs the role " + EnumText.word(match.role()));
    }
    match.check(request);
    checkCoding(incoming);
    if (match.large()) {
      place.take();
    }
    Response response = match.resource().answer(request);
    checkAccepted(request, response);
    if (response instanceof Response.Body body) {
      return unlessKnown(request, body);
    }
    if (head) {
      abandon(response);
      return headOf(response);
    }
    return response;
  }

  /** A request that has changed something is answered in any case. */
  private static void checkAccepted(Request request, Response response) {
    String type = response.mediaType();
    if (!type.isEmpty()
        && (request.method().equals("GET") || request.method().equals("HEAD"))
        && !AcceptedTypes.include(request.header("accept"), type)) {
      abandon(response);
      throw new Problem(
          406, "this is served as " + type + " only", request.path(), "send Accept: " + type);
    }
  }

  private static void abandon(Response response) {
    Response.Conversation conversation = response.conversation();
    if (conversation != null) {
      conversation.abandon();
    }
  }

  /** No coding of a body is known here (RFC 9110 section 8.4). */
  private static void checkCoding(Incoming incoming) {
    String coding = incoming.headers().getOrDefault("content-encoding", "").strip();
    if (incoming.body().length > 0 && !coding.isEmpty() && !coding.equalsIgnoreCase("identity")) {
      throw new Problem(
          415,
          "the request's body is coded as " + coding + ", which no resource takes",
          "",
          "send it as it is, without Content-Encoding",
          Map.of("Accept-Encoding", "identity"));
    }
  }

  /** A target may name the server, too (RFC 9112 section 3.2.2). */
  private static QueryStringDecoder decoder(String uri) {
    int path = uri.regionMatches(true, 0, "http://", 0, 7) ? uri.indexOf('/', 7) : 0;
    return new QueryStringDecoder(
        path < 0 ? "/" : uri.substring(path), StandardCharsets.UTF_8, true, MOST_PARAMETERS);
  }

  /** Percent signs without two digits. */
  private static Problem notPath(Incoming incoming, IllegalArgumentException e) {
    return new Problem(400, "this is not a path: " + e.getMessage(), incoming.uri(), "");
  }

  private Response options(Incoming incoming) {
    String allowed;
    try {
      allowed =
          incoming.uri().equals("*")
              ? routes.allowed()
              : routes.allowed(segments(decoder(incoming.uri()).rawPath()));
    } catch (IllegalArgumentException e) {
      throw notPath(incoming, e);
    }
    return Response.empty().with("Allow", allowed);
  }

  /** A client that has the present state is told so (RFC 9110 section 13.1.2). */
  private static Response unlessKnown(Request request, Response.Body body) {
    String tag = body.headers().get("ETag");
    if (tag != null
        && body.status() == 200
        && (request.method().equals("GET") || request.method().equals("HEAD"))
        && EntityTags.isKnown(request.header("if-none-match"), tag)) {
      return new Response.Body(304, "", new byte[0], body.headers());
    }
    return body;
  }

  /** The head of a stream: nobody knows its length. */
  private static Response headOf(Response response) {
    return new Response.Body(
        200, response.mediaType(), new byte[0], Map.of("Transfer-Encoding", "chunked"));
  }

  /** Decoded one by one, so that an encoded slash cannot make a segment into two. */
  private static List<String> segments(String rawPath) {
    List<String> segments = new ArrayList<>();
    for (String segment : rawPath.split("/", -1)) {
      segments.add(URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8));
    }
    return segments;
  }
}
