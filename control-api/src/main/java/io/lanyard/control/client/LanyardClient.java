package io.lanyard.control.client;

import io.lanyard.control.api.ComponentInfo;
import io.lanyard.control.api.DaemonStatus;
import io.lanyard.control.api.TopologyInfo;
import io.lanyard.control.api.UplinkInfo;
import io.lanyard.control.api.VmmInfo;
import io.lanyard.control.json.JsonException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A daemon's API, typed: a method for each request, and the records of {@code openapi.json} for the
 * answers. The daemon as a whole is here; its networks, its guests and its configuration have a
 * client each.
 *
 * <p>Every request throws a {@link RefusedException} where the daemon refuses, a {@link
 * JsonException} where what answers is no Lanyard daemon, a {@link BrokenOffException} or a {@link
 * java.net.SocketTimeoutException} where it is there but busy, and another {@link IOException}
 * where it cannot be reached.
 *
 * <p>Thread: any. Calls block.
 */
public final class LanyardClient {
  private final Requests requests;
  private final NetworkClient networks;
  private final GuestClient guests;
  private final ConfigurationClient configuration;

  /**
   * Makes a client; connects nowhere yet.
   *
   * @param daemon where the daemon is
   */
  public LanyardClient(DaemonAddress daemon) {
    requests = new Requests(new HttpClient(daemon));
    networks = new NetworkClient(requests);
    guests = new GuestClient(requests);
    configuration = new ConfigurationClient(requests);
  }

  /**
   * Makes a client of a daemon on this host; connects nowhere yet.
   *
   * @param socket the daemon's UNIX socket
   * @return the client
   */
  public static LanyardClient of(Path socket) {
    return new LanyardClient(new DaemonAddress.UnixSocket(socket));
  }

  /**
   * The networks, and what is on them.
   *
   * @return the one object for the life of this client; asks nothing
   */
  public NetworkClient networks() {
    return networks;
  }

  /**
   * The guests.
   *
   * @return the one object for the life of this client; asks nothing
   */
  public GuestClient guests() {
    return guests;
  }

  /**
   * The configuration.
   *
   * @return the one object for the life of this client; asks nothing
   */
  public ConfigurationClient configuration() {
    return configuration;
  }

  /**
   * The daemon as a whole.
   *
   * @return {@code GET /v1/status}
   * @throws IOException as the class says
   */
  public Reply<DaemonStatus> status() throws IOException {
    return requests.one(DaemonStatus.class, "GET", Query.path("status"));
  }

  /**
   * All components and their counters.
   *
   * @return {@code GET /v1/dump}
   * @throws IOException as the class says
   */
  public Reply<ComponentInfo> dump() throws IOException {
    return requests.one(ComponentInfo.class, "GET", Query.path("dump"));
  }

  /**
   * The metrics.
   *
   * @return {@code GET /v1/metrics}, in Prometheus' text format
   * @throws IOException as the class says
   */
  public String metrics() throws IOException {
    return requests.text(Query.path("metrics"));
  }

  /**
   * The description of the API.
   *
   * @return {@code GET /v1/openapi.json}
   * @throws IOException as the class says
   */
  public String openApi() throws IOException {
    return requests.text(Query.path("openapi.json"));
  }

  /**
   * The connections of all switches.
   *
   * @return {@code GET /v1/topology}
   * @throws IOException as the class says
   */
  public Reply<TopologyInfo> topology() throws IOException {
    return requests.one(TopologyInfo.class, "GET", Query.path("topology"));
  }

  /**
   * The interfaces of the host that a bridged network might have as its uplink.
   *
   * @param netns those of this network namespace, a name; empty for the daemon's own
   * @return {@code GET /v1/uplinks}
   * @throws IOException as the class says
   */
  public Reply<List<UplinkInfo>> uplinks(String netns) throws IOException {
    return requests.list(UplinkInfo.class, Query.path("uplinks") + new Query().add("netns", netns));
  }

  /**
   * The VMMs that guests can be run by.
   *
   * @return {@code GET /v1/vmms}
   * @throws IOException as the class says
   */
  public Reply<List<VmmInfo>> vmms() throws IOException {
    return requests.list(VmmInfo.class, Query.path("vmms"));
  }

  /**
   * Listens to what happens.
   *
   * @param type only events whose type begins so; empty for all
   * @param network only of this network and of the daemon; empty for all
   * @return the events, to be closed
   * @throws IOException as the class says
   */
  public EventStream events(String type, String network) throws IOException {
    String target = Query.path("events") + new Query().add("type", type).add("network", network);
    return new EventStream(last ->
        requests.open(
            "GET",
            target,
            last.isEmpty()
                ? Map.of("Accept", "text/event-stream")
                : Map.of("Accept", "text/event-stream", "Last-Event-ID", last),
            Requests.NO_BODY));
  }
}
