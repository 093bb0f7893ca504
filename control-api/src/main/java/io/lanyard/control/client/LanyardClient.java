package io.lanyard.control.client;

import io.lanyard.base.EnumText;
import io.lanyard.control.api.ComponentInfo;
import io.lanyard.control.api.ConfigurationInfo;
import io.lanyard.control.api.DaemonStatus;
import io.lanyard.control.api.EgressTestInfo;
import io.lanyard.control.api.FlowInfo;
import io.lanyard.control.api.ForwardInfo;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.api.GuestSnapshotInfo;
import io.lanyard.control.api.LeaseInfo;
import io.lanyard.control.api.MacInfo;
import io.lanyard.control.api.NetworkInfo;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.api.PortGroupInfo;
import io.lanyard.control.api.PortInfo;
import io.lanyard.control.api.ProblemInfo;
import io.lanyard.control.api.RevisionInfo;
import io.lanyard.control.api.TopologyInfo;
import io.lanyard.control.api.UplinkInfo;
import io.lanyard.control.api.VmmInfo;
import io.lanyard.control.json.JsonException;
import io.lanyard.control.json.JsonText;
import io.lanyard.control.json.RecordReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A daemon's API, typed: a method for each request, and the records of {@code openapi.json} for the
 * answers.
 *
 * <p>Every method throws a {@link RefusedException} where the daemon refuses, a {@link
 * JsonException} where what answers is no Lanyard daemon, a {@link BrokenOffException} or a {@link
 * java.net.SocketTimeoutException} where it is there but busy, and another {@link IOException}
 * where it cannot be reached.
 *
 * <p>Thread: any. Calls block.
 */
public final class LanyardClient {
  private static final String SNAPSHOTS = "snapshots";

  private static final byte[] NO_BODY = new byte[0];
  private static final String JSON = "application/json";
  private static final String YAML = "application/yaml";

  private final HttpClient http;

  /**
   * Makes a client; connects nowhere yet.
   *
   * @param daemon where the daemon is
   */
  public LanyardClient(DaemonAddress daemon) {
    http = new HttpClient(daemon);
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

  // Reading.

  /**
   * The daemon as a whole.
   *
   * @return {@code GET /v1/status}
   * @throws IOException as the class says
   */
  public Reply<DaemonStatus> status() throws IOException {
    return one(DaemonStatus.class, "GET", Query.path("status"));
  }

  /**
   * All components and their counters.
   *
   * @return {@code GET /v1/dump}
   * @throws IOException as the class says
   */
  public Reply<ComponentInfo> dump() throws IOException {
    return one(ComponentInfo.class, "GET", Query.path("dump"));
  }

  /**
   * The metrics.
   *
   * @return {@code GET /v1/metrics}, in Prometheus' text format
   * @throws IOException as the class says
   */
  public String metrics() throws IOException {
    return text("GET", Query.path("metrics"), Map.of(), NO_BODY);
  }

  /**
   * The description of the API.
   *
   * @return {@code GET /v1/openapi.json}
   * @throws IOException as the class says
   */
  public String openApi() throws IOException {
    return text("GET", Query.path("openapi.json"), Map.of(), NO_BODY);
  }

  /**
   * The networks.
   *
   * @return {@code GET /v1/networks}
   * @throws IOException as the class says
   */
  public Reply<List<NetworkInfo>> networks() throws IOException {
    return list(NetworkInfo.class, Query.path("networks"));
  }

  /**
   * A network.
   *
   * @param network its name
   * @return {@code GET /v1/networks/NETWORK}
   * @throws IOException as the class says
   */
  public Reply<NetworkInfo> network(String network) throws IOException {
    return one(NetworkInfo.class, "GET", Query.path("networks", network));
  }

  /**
   * The ports of the switches.
   *
   * @param network only of this network; empty for all
   * @return {@code GET /v1/ports}
   * @throws IOException as the class says
   */
  public Reply<List<PortInfo>> ports(String network) throws IOException {
    return list(PortInfo.class, of("ports", network));
  }

  /**
   * The port groups.
   *
   * @param network only of this network; empty for all
   * @return {@code GET /v1/port-groups}
   * @throws IOException as the class says
   */
  public Reply<List<PortGroupInfo>> portGroups(String network) throws IOException {
    return list(PortGroupInfo.class, of("port-groups", network));
  }

  /**
   * The MAC addresses that the switches know.
   *
   * @param network only of this network; empty for all
   * @return {@code GET /v1/macs}
   * @throws IOException as the class says
   */
  public Reply<List<MacInfo>> macs(String network) throws IOException {
    return list(MacInfo.class, of("macs", network));
  }

  /**
   * The connections of all switches.
   *
   * @return {@code GET /v1/topology}
   * @throws IOException as the class says
   */
  public Reply<TopologyInfo> topology() throws IOException {
    return one(TopologyInfo.class, "GET", Query.path("topology"));
  }

  /**
   * The DHCP leases.
   *
   * @param network only of this network; empty for all
   * @return {@code GET /v1/leases}
   * @throws IOException as the class says
   */
  public Reply<List<LeaseInfo>> leases(String network) throws IOException {
    return list(LeaseInfo.class, of("leases", network));
  }

  /**
   * The flows through the NAT.
   *
   * @param network only of this network; empty for all
   * @return {@code GET /v1/flows}
   * @throws IOException as the class says
   */
  public Reply<List<FlowInfo>> flows(String network) throws IOException {
    return list(FlowInfo.class, of("flows", network));
  }

  /**
   * The port forwards.
   *
   * @param network only of this network; empty for all
   * @return {@code GET /v1/forwards}
   * @throws IOException as the class says
   */
  public Reply<List<ForwardInfo>> forwards(String network) throws IOException {
    return list(ForwardInfo.class, of("forwards", network));
  }

  /**
   * Asks what would become of a guest's flow, by the decision that its first packet would get.
   *
   * @param network the network
   * @param port the port that the guest is behind
   * @param to a name or an address, and if wanted a colon and a port
   * @param protocol tcp, udp or icmp; empty for tcp
   * @param direction out, or in for a flow that comes in by a forward: then the address is the
   *     client's and the port the guest's; empty for out
   * @return {@code GET /v1/networks/{network}/ports/{port}/egress/{destination}}
   * @throws IOException as the class says
   */
  public Reply<List<EgressTestInfo>> testEgress(
      String network, String port, String to, String protocol, String direction)
      throws IOException {
    return list(
        EgressTestInfo.class,
        Query.path("networks", network, "ports", port, "egress", to)
            + new Query().add("protocol", protocol).add("direction", direction));
  }

  /**
   * The interfaces of the host that a bridged network might have as its uplink.
   *
   * @param netns those of this network namespace, a name; empty for the daemon's own
   * @return {@code GET /v1/uplinks}
   * @throws IOException as the class says
   */
  public Reply<List<UplinkInfo>> uplinks(String netns) throws IOException {
    return list(UplinkInfo.class, Query.path("uplinks") + new Query().add("netns", netns));
  }

  /**
   * The VMMs that guests can be run by.
   *
   * @return {@code GET /v1/vmms}
   * @throws IOException as the class says
   */
  public Reply<List<VmmInfo>> vmms() throws IOException {
    return list(VmmInfo.class, Query.path("vmms"));
  }

  /**
   * The guests.
   *
   * @return {@code GET /v1/guests}
   * @throws IOException as the class says
   */
  public Reply<List<GuestInfo>> guests() throws IOException {
    return list(GuestInfo.class, Query.path("guests"));
  }

  /**
   * A guest.
   *
   * @param guest its name
   * @return {@code GET /v1/guests/GUEST}
   * @throws IOException as the class says
   */
  public Reply<GuestInfo> guest(String guest) throws IOException {
    return one(GuestInfo.class, "GET", Query.path("guests", guest));
  }

  /**
   * The configuration that runs.
   *
   * @param defaults whether values are in it that nobody has given
   * @return {@code GET /v1/config}
   * @throws IOException as the class says
   */
  public Reply<ConfigurationInfo> configuration(boolean defaults) throws IOException {
    return one(
        ConfigurationInfo.class,
        "GET",
        Query.path("config") + new Query().add("defaults", defaults ? "true" : ""));
  }

  /**
   * The configuration that runs, as a file.
   *
   * @return {@code GET /v1/config/text}: YAML
   * @throws IOException as the class says
   */
  public String configurationText() throws IOException {
    return text("GET", Query.path("config", "text"), Map.of(), NO_BODY);
  }

  /**
   * The configurations that have run.
   *
   * @return {@code GET /v1/config/history}, newest first
   * @throws IOException as the class says
   */
  public Reply<List<RevisionInfo>> history() throws IOException {
    return list(RevisionInfo.class, Query.path("config", "history"));
  }

  // Changing the configuration.

  /**
   * Edits the configuration that runs.
   *
   * @param edits made together or not at all
   * @param why what is asked for, for the history
   * @param options how
   * @return {@code PATCH /v1/config}
   * @throws IOException as the class says
   */
  public Reply<PlanInfo> edit(List<ConfigEdit> edits, String why, ChangeOptions options)
      throws IOException {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("why", why);
    body.put("edits", edits.stream().map(ConfigEdit::toJson).toList());
    return change("PATCH", Query.path("config"), options.query(), JSON, bytes(body), options);
  }

  /**
   * Makes one thing of the configuration what a value says, whether it is there already or not.
   *
   * @param item the thing
   * @param value a plain value, as {@link JsonText} has them
   * @param options how
   * @return the answer of {@code PUT} at the thing's path
   * @throws IOException as the class says
   */
  public Reply<PlanInfo> put(ConfigItem item, Object value, ChangeOptions options)
      throws IOException {
    return change("PUT", item.path(), options.query(), JSON, bytes(value), options);
  }

  /**
   * Removes one thing from the configuration.
   *
   * @param item the thing
   * @param options how
   * @return the answer of {@code DELETE} at the thing's path
   * @throws IOException as the class says; refused with status 404 if it is not there
   */
  public Reply<PlanInfo> delete(ConfigItem item, ChangeOptions options) throws IOException {
    return change("DELETE", item.path(), options.query(), JSON, NO_BODY, options);
  }

  /**
   * A configuration as a file has it.
   *
   * @param text YAML; empty for the daemon's own file, read again
   * @param source the absolute path of the file that the text is from, for messages and for
   *     relative paths in it; empty for none
   */
  @SuppressWarnings("ArrayRecordComponent") // a file's bytes, never compared
  public record ConfigText(byte[] text, String source) {}

  /**
   * Makes what runs what a file says.
   *
   * @param text the file
   * @param options how
   * @return {@code PUT /v1/config}
   * @throws IOException as the class says
   */
  public Reply<PlanInfo> apply(ConfigText text, ChangeOptions options) throws IOException {
    Query query = options.query().add("source", text.source());
    return change("PUT", Query.path("config"), query, YAML, text.text(), options);
  }

  /**
   * Tells what applying a file would change.
   *
   * @param text the file
   * @return {@code POST /v1/config/plan}
   * @throws IOException as the class says
   */
  public Reply<PlanInfo> plan(ConfigText text) throws IOException {
    Query query = new Query().add("source", text.source());
    return change(
        "POST", Query.path("config", "plan"), query, YAML, text.text(), ChangeOptions.PLAIN);
  }

  /**
   * Goes back to a configuration that has run.
   *
   * @param revision its number
   * @param options how
   * @return {@code POST /v1/config/rollback/REVISION}
   * @throws IOException as the class says
   */
  public Reply<PlanInfo> rollBack(long revision, ChangeOptions options) throws IOException {
    String path = Query.path("config", "rollback", Long.toString(revision));
    return change("POST", path, options.query(), JSON, NO_BODY, options);
  }

  /**
   * Keeps a change that is taken back otherwise.
   *
   * @param revision the change's
   * @throws IOException as the class says
   */
  public void confirm(long revision) throws IOException {
    act("POST", Query.path("config", "confirm", Long.toString(revision)));
  }

  /**
   * Takes a change back that is not confirmed yet.
   *
   * @param revision the change's
   * @throws IOException as the class says
   */
  public void takeBack(long revision) throws IOException {
    act("POST", Query.path("config", "take-back", Long.toString(revision)));
  }

  // Acting on what runs.

  /** An operator's ways to act on a guest. */
  public enum GuestAction {
    /** Powers it on. */
    START,
    /** Presses its power button. */
    STOP,
    /** Powers it off at once. */
    KILL,
    /** Presses its reset button. */
    RESET,
    /** Stops its processors. */
    PAUSE,
    /** Lets it go on. */
    RESUME
  }

  /**
   * Does something to a guest.
   *
   * @param guest its name
   * @param action what
   * @return {@code POST /v1/guests/GUEST/ACTION}: the guest after it
   * @throws IOException as the class says
   */
  public Reply<GuestInfo> act(String guest, GuestAction action) throws IOException {
    return one(GuestInfo.class, "POST", Query.path("guests", guest, EnumText.word(action)));
  }

  /**
   * The snapshots of a guest.
   *
   * @param guest its name
   * @return {@code GET /v1/guests/GUEST/snapshots}
   * @throws IOException as the class says
   */
  public Reply<List<GuestSnapshotInfo>> snapshots(String guest) throws IOException {
    return list(GuestSnapshotInfo.class, Query.path("guests", guest, SNAPSHOTS));
  }

  /**
   * A snapshot of a guest.
   *
   * @param guest its name
   * @param snapshot the name of the snapshot
   * @return {@code GET /v1/guests/GUEST/snapshots/SNAPSHOT}
   * @throws IOException as the class says; refused with status 404 if there is none
   */
  public Reply<GuestSnapshotInfo> snapshot(String guest, String snapshot) throws IOException {
    return one(GuestSnapshotInfo.class, "GET", Query.path("guests", guest, SNAPSHOTS, snapshot));
  }

  /**
   * Takes a snapshot of a guest, and waits until it is written.
   *
   * @param guest its name
   * @param snapshot the name of the snapshot
   * @return {@code POST /v1/guests/GUEST/snapshots/SNAPSHOT}: the guest after it
   * @throws IOException as the class says
   */
  public Reply<GuestInfo> saveSnapshot(String guest, String snapshot) throws IOException {
    return one(GuestInfo.class, "POST", Query.path("guests", guest, SNAPSHOTS, snapshot));
  }

  /**
   * Puts a guest back to a snapshot.
   *
   * @param guest its name
   * @param snapshot the name of the snapshot
   * @return {@code POST /v1/guests/GUEST/snapshots/SNAPSHOT/load}: the guest after it
   * @throws IOException as the class says
   */
  public Reply<GuestInfo> loadSnapshot(String guest, String snapshot) throws IOException {
    return one(GuestInfo.class, "POST", Query.path("guests", guest, SNAPSHOTS, snapshot, "load"));
  }

  /**
   * Removes a snapshot of a guest.
   *
   * @param guest its name
   * @param snapshot the name of the snapshot
   * @return {@code DELETE /v1/guests/GUEST/snapshots/SNAPSHOT}: the guest after it
   * @throws IOException as the class says
   */
  public Reply<GuestInfo> removeSnapshot(String guest, String snapshot) throws IOException {
    return one(GuestInfo.class, "DELETE", Query.path("guests", guest, SNAPSHOTS, snapshot));
  }

  /**
   * A lease.
   *
   * @param network its network
   * @param address its address
   * @return {@code GET /v1/networks/NETWORK/leases/ADDRESS}
   * @throws IOException as the class says; refused with status 404 if there is none
   */
  public Reply<LeaseInfo> lease(String network, String address) throws IOException {
    return one(LeaseInfo.class, "GET", Query.path("networks", network, "leases", address));
  }

  /**
   * Ends a lease.
   *
   * @param network its network
   * @param address its address
   * @throws IOException as the class says
   */
  public void releaseLease(String network, String address) throws IOException {
    act("DELETE", Query.path("networks", network, "leases", address));
  }

  /**
   * A flow.
   *
   * @param network its network
   * @param id its number
   * @return {@code GET /v1/networks/NETWORK/flows/ID}
   * @throws IOException as the class says; refused with status 404 if it has ended
   */
  public Reply<FlowInfo> flow(String network, String id) throws IOException {
    return one(FlowInfo.class, "GET", Query.path("networks", network, "flows", id));
  }

  /**
   * Ends a flow.
   *
   * @param network its network
   * @param id its number
   * @throws IOException as the class says
   */
  public void endFlow(String network, String id) throws IOException {
    act("DELETE", Query.path("networks", network, "flows", id));
  }

  /**
   * Sets the link of a port up or down.
   *
   * @param network its network
   * @param port its name
   * @param isUp whether frames pass
   * @throws IOException as the class says
   */
  public void setLink(String network, String port, boolean isUp) throws IOException {
    var _ =
        text(
            "PUT",
            Query.path("networks", network, "ports", port, "link"),
            Map.of("Content-Type", JSON),
            bytes(Map.of("up", isUp)));
  }

  // Streams.

  /**
   * Opens a forward that lives as long as its connection.
   *
   * @param network its network
   * @param protocol tcp or udp
   * @param listen where the host listens
   * @param to the guest's end
   * @return the forward, to be closed
   * @throws IOException as the class says
   */
  public LentForward lendForward(String network, String protocol, String listen, String to)
      throws IOException {
    Map<String, String> body = new LinkedHashMap<>();
    body.put("protocol", protocol);
    body.put("listen", listen);
    body.put("to", to);
    HttpClient.Answer answer =
        open(
            "POST",
            Query.path("networks", network, "port-forward"),
            Map.of("Content-Type", JSON),
            bytes(body));
    try {
      return new LentForward(answer);
    } catch (IOException | RuntimeException e) {
      answer.close();
      throw e;
    }
  }

  /**
   * Captures what passes a network or one of its ports.
   *
   * @param network its name
   * @param port only this port; empty for the whole network
   * @param filter the frames that are taken, such as {@code tcp port 80}; empty for all
   * @return pcapng, until {@link ByteStream#finish}; to be closed
   * @throws IOException as the class says
   */
  public ByteStream capture(String network, String port, String filter) throws IOException {
    Query query = new Query().add("port", port).add("filter", filter);
    String target = Query.path("networks", network, "capture") + query;
    return new ByteStream(open("GET", target, Map.of(), NO_BODY));
  }

  /**
   * The last frames of a port, where its network keeps them.
   *
   * @param network its name
   * @param port its port
   * @param last how far back, such as {@code 30s}
   * @param filter the frames that are taken; empty for all
   * @return pcapng, with an end; to be closed
   * @throws IOException as the class says
   */
  public ByteStream lastFrames(String network, String port, String last, String filter)
      throws IOException {
    Query query = new Query().add("port", port).add("last", last).add("filter", filter);
    String target = Query.path("networks", network, "capture") + query;
    return new ByteStream(open("GET", target, Map.of(), NO_BODY));
  }

  /**
   * Attaches to a guest's console.
   *
   * @param guest its name
   * @return bytes both ways; to be closed
   * @throws IOException as the class says
   */
  public ByteStream console(String guest) throws IOException {
    return new ByteStream(
        checked(http.upgrade(Query.path("guests", guest, "console"), "lanyard-console")));
  }

  /**
   * Tells a guest how large the terminal is that shows its console.
   *
   * @param guest its name
   * @param columns from 1 to 65,535
   * @param rows from 1 to 65,535
   * @throws IOException as the class says; refused with status 409 if the console has no size, as a
   *     serial port
   */
  public void resizeConsole(String guest, int columns, int rows) throws IOException {
    var _ =
        text(
            "PUT",
            Query.path("guests", guest, "console", "size"),
            Map.of("Content-Type", JSON),
            bytes(Map.of("columns", columns, "rows", rows)));
  }

  /**
   * Watches a guest's console.
   *
   * @param guest its name
   * @return what it prints; to be closed
   * @throws IOException as the class says
   */
  public ByteStream watchConsole(String guest) throws IOException {
    return new ByteStream(open("GET", Query.path("guests", guest, "console"), Map.of(), NO_BODY));
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
        open(
            "GET",
            target,
            last.isEmpty()
                ? Map.of("Accept", "text/event-stream")
                : Map.of("Accept", "text/event-stream", "Last-Event-ID", last),
            NO_BODY));
  }

  // Requests.

  private static byte[] bytes(Object body) {
    return JsonText.bytes(body);
  }

  private static String of(String resource, String network) {
    return Query.path(resource) + new Query().add("network", network);
  }

  private <T extends Record> Reply<T> one(Class<T> type, String method, String target)
      throws IOException {
    return record(type, text(method, target, Map.of(), NO_BODY));
  }

  static <T extends Record> Reply<T> record(Class<T> type, String json) throws JsonException {
    return new Reply<>(RecordReader.read(type, JsonText.parse(json)), json);
  }

  private <T extends Record> Reply<List<T>> list(Class<T> type, String target) throws IOException {
    String json = text("GET", target, Map.of(), NO_BODY);
    return new Reply<>(RecordReader.readList(type, JsonText.parse(json)), json);
  }

  private Reply<PlanInfo> change(
      String method, String path, Query query, String type, byte[] body, ChangeOptions options)
      throws IOException {
    Long revision = options.ifRevision();
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", type);
    if (revision != null) {
      headers.put("If-Match", "\"" + revision + "\"");
    }
    Hold hold = options.hold();
    if (hold == null || !options.isHeld()) {
      return record(PlanInfo.class, text(method, path + query, headers, body));
    }
    HttpClient.Answer answer = open(method, path + query, headers, body);
    try {
      return hold.begin(answer);
    } catch (IOException | RuntimeException e) {
      answer.close();
      throw e;
    }
  }

  private void act(String method, String target) throws IOException {
    var _ = text(method, target, Map.of(), NO_BODY);
  }

  private String text(String method, String target, Map<String, String> headers, byte[] body)
      throws IOException {
    try (HttpClient.Answer answer = open(method, target, headers, body)) {
      return new String(answer.bytes(), StandardCharsets.UTF_8);
    }
  }

  private HttpClient.Answer open(
      String method, String target, Map<String, String> headers, byte[] body) throws IOException {
    return checked(http.send(method, target, headers, body));
  }

  private static HttpClient.Answer checked(HttpClient.Answer answer) throws IOException {
    if (answer.status() < 400) {
      return answer;
    }
    try (answer) {
      throw new RefusedException(problem(answer));
    }
  }

  private static ProblemInfo problem(HttpClient.Answer answer) throws IOException {
    @Nullable ProblemInfo problem;
    try {
      String json = new String(answer.bytes(), StandardCharsets.UTF_8);
      problem = RecordReader.read(ProblemInfo.class, JsonText.parse(json));
    } catch (JsonException e) {
      problem = null;
    }
    return problem == null || problem.title().isEmpty()
        ? new ProblemInfo(
            "about:blank",
            answer.status(),
            "",
            "the daemon answered with status " + answer.status(),
            "",
            "",
            List.of())
        : problem;
  }
}
