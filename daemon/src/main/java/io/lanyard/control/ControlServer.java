package io.lanyard.control;

import io.lanyard.base.Directories;
import io.lanyard.base.LogEvent;
import io.lanyard.control.api.Role;
import io.lanyard.control.http.HttpMeter;
import io.lanyard.control.http.HttpServer;
import io.lanyard.control.http.Json;
import io.lanyard.control.http.Limits;
import io.lanyard.control.http.Problem;
import io.lanyard.control.http.Request;
import io.lanyard.control.http.Resource;
import io.lanyard.control.http.Response;
import io.lanyard.control.http.Routes;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.metric.Metrics;
import io.lanyard.daemon.network.Network;
import io.lanyard.daemon.network.NetworkGoneException;
import io.lanyard.daemon.network.NetworkReport;
import io.lanyard.daemon.network.NetworkSilentException;
import io.lanyard.daemon.watch.Watchdog;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Serves a daemon's API on a UNIX socket.
 *
 * <p>Thread: {@link #bind} and {@link #close} any, once each.
 */
public final class ControlServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ControlServer.class.getName());

  /** The server's loop, as the watchdog calls it. */
  private static final String LOOP = "the API";

  private final HttpServer server;
  private final Watchdog watchdog;

  private ControlServer(HttpServer server, Watchdog watchdog) {
    this.server = server;
    this.watchdog = watchdog;
  }

  /**
   * Opens the socket and serves.
   *
   * @param daemon what is served
   * @param socket where
   * @param group the socket's group, or null to leave it
   * @return the running server
   * @throws IOException if the socket cannot be opened
   */
  public static ControlServer bind(Daemon daemon, Path socket, @Nullable String group)
      throws IOException {
    HttpServer server =
        HttpServer.bind(
            socket,
            group,
            Directories.uid(),
            Limits.API,
            routes(daemon),
            meter(daemon),
            AcceptWatch::handler);
    daemon.watchdog().watch(LOOP, server.loop());
    return new ControlServer(server, daemon.watchdog());
  }

  /**
   * The present lack of connections.
   *
   * @return who holds most of them, and what to do about it; empty for none
   */
  public String problem() {
    return server.problem();
  }

  /**
   * Everything that is served.
   *
   * @param daemon what is served
   * @return the routes
   */
  static Routes routes(Daemon daemon) {
    Routes routes =
        new Routes("GET /v1/openapi.json lists what there is", ControlServer::whileNetworksLast)
            .add("GET", "/v1/openapi.json", request -> openApi())
            .add("GET", "/v1/status", request -> Json.response(daemon.status()))
            .add("GET", "/v1/dump", request -> Json.response(daemon.dump()))
            .large()
            .add("GET", "/v1/metrics", request -> metrics(daemon))
            .add(
                "GET",
                "/v1/networks",
                request ->
                    Json.response(present(daemon.networks(), network -> network.report().info())))
            .add("GET", "/v1/networks/{network}", request -> one(daemon, request))
            .add("GET", "/v1/ports", each(daemon, NetworkReport::ports))
            .taking("network")
            .add("GET", "/v1/port-groups", each(daemon, NetworkReport::portGroups))
            .taking("network")
            .add("GET", "/v1/macs", each(daemon, NetworkReport::macs))
            .taking("network")
            .large()
            .add("GET", "/v1/topology", request -> Json.response(Topology.of(daemon)))
            .large()
            .add("GET", "/v1/leases", each(daemon, NetworkReport::leases))
            .taking("network")
            .large()
            .add("GET", "/v1/flows", each(daemon, NetworkReport::flows))
            .taking("network")
            .large()
            .add("GET", "/v1/forwards", each(daemon, NetworkReport::forwards))
            .taking("network")
            .add("GET", "/v1/events", new EventResource(daemon))
            .taking("network", "type")
            .add(
                Role.OPERATOR, "GET", "/v1/networks/{network}/capture", new CaptureResource(daemon))
            .taking("port", "filter", "last");
    GuestResources.add(routes, daemon);
    RunningResources.add(routes, daemon);
    EgressResource.add(routes, daemon);
    RequestedChanges changes = new RequestedChanges(daemon.conductor());
    ConfigResources.add(routes, daemon, changes);
    ConfigItemResources.add(routes, daemon.conductor(), changes);
    return routes;
  }

  /** As it runs; the tag has the revision, so that a change of the network can name it. */
  private static Response one(Daemon daemon, Request request) {
    long revision = daemon.conductor().present().revision();
    return Json.tagged(
        network(daemon, request.parameter("network")).report().info(), Long.toString(revision));
  }

  /** All networks' lists as one, or that of the network that {@code ?network=} names. */
  private static <T> Resource each(Daemon daemon, Function<NetworkReport, List<T>> list) {
    return request -> {
      return Json.response(
          new Joined<>(present(chosen(daemon, request), network -> list.apply(network.report()))));
    };
  }

  /** The answers of the networks, without those that are being removed. */
  static <T> List<T> present(Collection<Network> networks, Function<Network, T> question) {
    List<T> all = new ArrayList<>();
    for (Network network : networks) {
      try {
        all.add(question.apply(network));
      } catch (NetworkGoneException e) {
        // It is in the list no more.
        LogEvent.of("network-gone").with("network", network.name()).log(LOG, Level.DEBUG);
      }
    }
    return all;
  }

  /** A network may go, or hang, while it is asked. */
  private static Resource whileNetworksLast(Resource resource) {
    return request -> {
      try {
        return resource.answer(request);
      } catch (NetworkGoneException e) {
        throw new Problem(404, String.valueOf(e.getMessage()), request.path(), "");
      } catch (NetworkSilentException e) {
        throw new Problem(
            503,
            String.valueOf(e.getMessage()),
            request.path(),
            "the log says what it does, if that lasts",
            Map.of("Retry-After", "5"));
      }
    };
  }

  private static Collection<Network> chosen(Daemon daemon, Request request) {
    String name = request.query("network", "");
    return name.isEmpty() ? daemon.networks() : List.of(network(daemon, name));
  }

  static Network network(Daemon daemon, String name) {
    Network network = daemon.network(name);
    if (network == null) {
      throw Problem.notFound("network", name, "\"lanyard network ls\" lists the networks");
    }
    return network;
  }

  static Response metrics(Daemon daemon) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream(16 * 1024);
    daemon.metrics().write(text);
    return new Response.Body(200, Metrics.contentType(), text.toByteArray());
  }

  private static Response openApi() throws IOException {
    try (InputStream in = ControlServer.class.getResourceAsStream("openapi.json")) {
      if (in == null) {
        throw new IOException("the jar has no openapi.json");
      }
      return new Response.Body(200, Json.TYPE, in.readAllBytes());
    }
  }

  static HttpMeter meter(Daemon daemon) {
    var requests = daemon.metrics().timer("api.requests");
    var refused = daemon.metrics().registry().counter("lanyard.api.refused_connections");
    var cutOff = daemon.metrics().registry().counter("lanyard.api.cut_off_answers");
    var errors = daemon.metrics().registry().counter("lanyard.api.errors");
    return new HttpMeter() {
      @Override
      public void answered(int status, long nanos) {
        requests.update(nanos, TimeUnit.NANOSECONDS);
        if (status >= 500) {
          errors.inc();
        }
      }

      @Override
      public void refused() {
        refused.inc();
      }

      @Override
      public void cutOff() {
        cutOff.inc();
      }

      @Override
      public void failed(Throwable cause) {
        LogEvent.of("api-request-failed").log(LOG, Level.WARNING, cause);
      }
    };
  }

  @Override
  public void close() {
    watchdog.forget(LOOP);
    server.close();
  }
}
