package io.lanyard.control.http;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request, read completely.
 *
 * @param method GET, POST...
 * @param path the path without the query, percent-decoded
 * @param query the query's parameters, percent-decoded; of a repeated one the first
 * @param parameters what the route's {@code {name}} segments matched, percent-decoded
 * @param headers by lower-case name; the values of a repeated one are joined by commas
 * @param caller the sender
 * @param body the body; at most {@link HttpServer#MAX_BODY} bytes
 */
@SuppressWarnings("ArrayRecordComponent") // Made once, read once, never compared.
public record Request(
    String method,
    String path,
    Map<String, List<String>> query,
    Map<String, String> parameters,
    Map<String, String> headers,
    Caller caller,
    byte[] body) {

  /**
   * A segment of the path.
   *
   * @param name as in the route
   * @return what it matched
   */
  public String parameter(String name) {
    String value = parameters.get(name);
    if (value == null) {
      throw new IllegalArgumentException("the route has no segment {" + name + "}");
    }
    return value;
  }

  /**
   * A parameter of the query.
   *
   * @param name its name
   * @param otherwise what it is when it is not given
   * @return its first value
   */
  public String query(String name, String otherwise) {
    List<String> values = query.get(name);
    return values == null || values.isEmpty() ? otherwise : values.getFirst();
  }

  /**
   * A header.
   *
   * @param name its name in lower case
   * @return its value, or empty
   */
  public String header(String name) {
    return headers.getOrDefault(name, "");
  }

  /**
   * The body as text.
   *
   * @return the text
   * @throws Problem 400 if the body is not UTF-8, 415 if the request says that it is something else
   */
  public String text() {
    return TextBody.of(header("content-type"), body);
  }

  /**
   * The body as text that is JSON or YAML. What the request says to be JSON is checked to be; what
   * it does not say may be either, since JSON is YAML.
   *
   * @return the text
   * @throws Problem 415 if the request says that it is something else, 400 if it is said to be JSON
   *     and is not, or is not UTF-8
   */
  public String value() {
    BodyType type = BodyType.of(header("content-type"), true);
    String text = text();
    if (type == BodyType.JSON) {
      JsonBody.check(text);
    }
    return text;
  }

  /**
   * The members of the body, which is a JSON object.
   *
   * @return a modifiable tree: objects are maps in the order of the text, arrays are lists, numbers
   *     are {@link Long}, {@link java.math.BigInteger} or {@link java.math.BigDecimal}
   * @throws Problem 415 if the request says that the body is something else, 400 if it is no
   *     object, or not UTF-8
   */
  public Map<String, @Nullable Object> json() {
    return JsonBody.object(header("content-type"), text());
  }
}
