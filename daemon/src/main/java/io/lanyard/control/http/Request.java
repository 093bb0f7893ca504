package io.lanyard.control.http;

import java.util.List;
import java.util.Map;

/**
 * A request, read completely.
 *
 * @param method GET, POST...
 * @param path the path without the query, percent-decoded
 * @param query the query's parameters, percent-decoded; of a repeated one the first
 * @param parameters what the route's {@code {name}} segments matched
 * @param upgrade the protocol named by the Upgrade header, or empty
 * @param body the body
 */
@SuppressWarnings("ArrayRecordComponent") // Made once, read once, never compared.
public record Request(
    String method,
    String path,
    Map<String, List<String>> query,
    Map<String, String> parameters,
    String upgrade,
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
}
