package io.lanyard.control.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which resource answers which method and path.
 *
 * <p>A route is a path whose segments are literal or {@code {name}}, which matches one segment. The
 * first route that matches wins. Immutable once the server has it.
 */
public final class Routes {
  private final List<Route> routes = new ArrayList<>();
  private final String hint;

  /**
   * Makes an empty table.
   *
   * @param hint what tells a client which resources there are
   */
  public Routes(String hint) {
    this.hint = hint;
  }

  /**
   * Adds a route.
   *
   * @param method GET, POST...
   * @param path for example {@code /v1/guests/{guest}}
   * @param resource what answers
   * @return this table
   */
  public Routes add(String method, String path, Resource resource) {
    routes.add(new Route(method, path, List.of(path.split("/", -1)), resource));
    return this;
  }

  /**
   * The resources of the API.
   *
   * @return a method and a path each, for example {@code GET /v1/status}
   */
  public List<String> list() {
    return routes.stream().map(route -> route.method + " " + route.path).toList();
  }

  /**
   * Finds the route for a request.
   *
   * @param method the method to look for
   * @param said the request's method, for a message: HEAD is looked for as GET
   * @param path its path, percent-decoded segment by segment
   * @return the match
   * @throws Problem 404 if no route has this path, 405 if one has with another method
   */
  Match find(String method, String said, List<String> path) {
    List<String> methods = new ArrayList<>();
    for (Route route : routes) {
      Map<String, String> parameters = route.match(path);
      if (parameters == null) {
        continue;
      }
      if (route.method.equals(method)) {
        return new Match(route.resource, parameters);
      }
      methods.add(route.method);
    }
    String where = String.join("/", path);
    if (methods.isEmpty()) {
      throw new Problem(404, "there is no resource " + where, where, hint);
    }
    if (methods.contains("GET")) {
      methods.add("HEAD");
    }
    String allowed = String.join(", ", methods);
    throw new Problem(
        405,
        where + " does not take " + said,
        where,
        "it takes " + allowed,
        Map.of("Allow", allowed));
  }

  /**
   * A route that was found.
   *
   * @param resource what answers
   * @param parameters what the named segments matched
   */
  record Match(Resource resource, Map<String, String> parameters) {}

  private record Route(String method, String path, List<String> segments, Resource resource) {
    @Nullable Map<String, String> match(List<String> path) {
      if (path.size() != segments.size()) {
        return null;
      }
      Map<String, String> parameters = new TreeMap<>();
      for (int i = 0; i < path.size(); i++) {
        String segment = segments.get(i);
        if (segment.startsWith("{")) {
          if (path.get(i).isEmpty()) {
            return null;
          }
          parameters.put(segment.substring(1, segment.length() - 1), path.get(i));
        } else if (!segment.equals(path.get(i))) {
          return null;
        }
      }
      return parameters;
    }
  }
}
