package io.lanyard.control.http;

import io.lanyard.base.Nearest;
import io.lanyard.control.api.Role;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
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
  private final UnaryOperator<Resource> around;

  /**
   * Makes an empty table.
   *
   * @param hint what tells a client which resources there are
   */
  public Routes(String hint) {
    this(hint, resource -> resource);
  }

  /**
   * Makes an empty table.
   *
   * @param hint what tells a client which resources there are
   * @param around what each resource is wrapped in
   */
  public Routes(String hint, UnaryOperator<Resource> around) {
    this.hint = hint;
    this.around = around;
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
    return add(method.equals("GET") ? Role.VIEWER : Role.ADMIN, method, path, resource);
  }

  /**
   * Adds a route that callers of another role may use, or may not: a GET is for viewers and
   * everything else for administrators where nothing else is said.
   *
   * @param role the least role
   * @param method GET, POST...
   * @param path for example {@code /v1/guests/{guest}}
   * @param resource what answers
   * @return this table
   */
  public Routes add(Role role, String method, String path, Resource resource) {
    routes.add(
        new Route(
            role,
            method,
            path,
            List.of(path.split("/", -1)),
            around.apply(resource),
            Set.of(),
            false));
    return this;
  }

  /**
   * Says of the route that was added last that its answers are as long as guests make them: few of
   * them are made and sent at a time.
   *
   * @return this table
   */
  public Routes large() {
    Route last = routes.removeLast();
    routes.add(
        new Route(
            last.role, last.method, last.path, last.segments, last.resource, last.query, true));
    return this;
  }

  /**
   * Says which parameters the query of the route may have that was added last. A request with
   * another one is refused: a misspelt {@code dry-run} would make a change.
   *
   * @param names the names
   * @return this table
   */
  public Routes taking(String... names) {
    Route last = routes.removeLast();
    routes.add(
        new Route(
            last.role,
            last.method,
            last.path,
            last.segments,
            last.resource,
            Set.of(names),
            last.large));
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
   * The parameters that the queries of the API may have.
   *
   * @return the names, by route as in {@link #list}
   */
  public Map<String, Set<String>> queries() {
    Map<String, Set<String>> queries = new TreeMap<>();
    routes.forEach(route -> queries.put(route.method + " " + route.path, route.query));
    return queries;
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
    for (Route route : routes) {
      Map<String, String> parameters = route.method.equals(method) ? route.match(path) : null;
      if (parameters != null) {
        return new Match(route.role, route.resource, parameters, route.query, route.large);
      }
    }
    String allowed = allowed(path);
    String where = String.join("/", path);
    throw new Problem(
        405,
        where + " does not take " + said,
        where,
        "it takes " + allowed,
        Map.of("Allow", allowed));
  }

  /**
   * The methods of a path, for the Allow header.
   *
   * @param path percent-decoded segment by segment
   * @return the methods with commas between
   * @throws Problem 404 if no route has this path
   */
  String allowed(List<String> path) {
    Set<String> methods = new LinkedHashSet<>();
    for (Route route : routes) {
      if (route.match(path) != null) {
        methods.add(route.method);
      }
    }
    if (methods.isEmpty()) {
      String where = String.join("/", path);
      throw new Problem(404, "there is no resource " + where, where, hint);
    }
    return allowed(methods);
  }

  /** All methods that any path takes, for {@code OPTIONS *}. */
  String allowed() {
    Set<String> methods = new LinkedHashSet<>();
    routes.forEach(route -> methods.add(route.method));
    return allowed(methods);
  }

  private static String allowed(Set<String> methods) {
    if (methods.contains("GET")) {
      methods.add("HEAD");
    }
    methods.add("OPTIONS");
    return String.join(", ", methods);
  }

  /**
   * A route that was found.
   *
   * @param role the least role that may use it
   * @param resource what answers
   * @param parameters what the named segments matched
   * @param query the parameters that its query may have
   * @param large whether its answers are as long as guests make them
   */
  record Match(
      Role role,
      Resource resource,
      Map<String, String> parameters,
      Set<String> query,
      boolean large) {
    /**
     * Checks a request's query.
     *
     * @throws Problem 400 if it has a parameter that the route does not take
     */
    void check(Request request) {
      for (String name : request.query().keySet()) {
        if (!query.contains(name)) {
          String nearest = Nearest.to(name, query);
          throw new Problem(
              400,
              request.method() + " " + request.path() + " has no parameter " + name,
              name,
              nearest != null
                  ? "did you mean " + nearest + "?"
                  : query.isEmpty()
                      ? "it takes none"
                      : "it takes " + String.join(", ", new TreeSet<>(query)));
        }
      }
    }
  }

  private record Route(
      Role role,
      String method,
      String path,
      List<String> segments,
      Resource resource,
      Set<String> query,
      boolean large) {
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
