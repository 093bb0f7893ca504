package io.lanyard.control;

import io.lanyard.base.EnumText;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.config.Setting;
import io.lanyard.control.api.ConfigurationInfo;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.api.SettingInfo;
import io.lanyard.control.http.Json;
import io.lanyard.control.http.Problem;
import io.lanyard.control.http.Request;
import io.lanyard.control.http.Resource;
import io.lanyard.control.http.Response;
import io.lanyard.control.http.Routes;
import io.lanyard.control.json.JsonText;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.change.ChangeRefusedException;
import io.lanyard.daemon.change.ChangeRequest;
import io.lanyard.daemon.change.Conductor;
import io.lanyard.daemon.change.RunningConfiguration;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The configuration's part of the API: what was said, what it would change, and the changes.
 *
 * <p>A change is a set of edits of one document, however it comes: as the text of a file, as a list
 * of edits, or as one thing that is put or deleted. Its entity tag is the document's revision.
 */
final class ConfigResources {
  private static final String YAML = "application/yaml";

  /** Longer than a change of a thousand ports takes, and than the 5 min that a guest may stop. */
  private static final int APPLY_SECONDS = 420;

  /** The query of every change. */
  private static final String[] OPTIONS = {"yes", "tolerate", "dry-run", "confirm", "hold"};

  private static final String NOUNS = "/v1/networks/{network}";

  /**
   * The things that can be put and deleted one by one: their routes, and where the file has them.
   */
  private enum Noun {
    NETWORK(NOUNS, "network"),
    PORT(NOUNS + "/ports/{port}", "port"),
    PORT_GROUP(NOUNS + "/port-groups/{group}", "port group"),
    FORWARD(NOUNS + "/forwards/{forward}", "forward"),
    RESERVATION(NOUNS + "/reservations/{mac}", "reservation"),
    DNS_NAME(NOUNS + "/dns/{name}", "DNS name"),
    DNS_RECORD(NOUNS + "/dns-records/{record}", "DNS record"),
    EGRESS(NOUNS + "/egress", "egress"),
    NAT(NOUNS + "/nat", "NAT"),
    DHCP(NOUNS + "/dhcp", "DHCP"),
    ENABLED(NOUNS + "/enabled", "network"),
    GUEST("/v1/guests/{guest}", "guest"),
    LOG_LEVEL("/v1/log-level", "log level");

    private final String route;
    private final String word;

    Noun(String route, String word) {
      this.route = route;
      this.word = word;
    }

    DocumentPath path(Request request) {
      return switch (this) {
        case NETWORK -> path("networks", request.parameter("network"));
        case PORT ->
            path("networks", request.parameter("network"), "ports", request.parameter("port"));
        case PORT_GROUP ->
            path(
                "networks",
                request.parameter("network"),
                "port-groups",
                request.parameter("group"));
        case FORWARD ->
            path(
                "networks", request.parameter("network"), "forwards", request.parameter("forward"));
        case RESERVATION ->
            path(
                "networks",
                request.parameter("network"),
                "dhcp",
                "reservations",
                request.parameter("mac"));
        case DNS_NAME ->
            path(
                "networks",
                request.parameter("network"),
                "dns",
                "hosts",
                request.parameter("name"));
        case DNS_RECORD ->
            path(
                "networks",
                request.parameter("network"),
                "dns",
                "records",
                request.parameter("record"));
        case EGRESS -> path("networks", request.parameter("network"), "egress");
        case NAT -> path("networks", request.parameter("network"), "nat");
        case DHCP -> path("networks", request.parameter("network"), "dhcp");
        case ENABLED -> path("networks", request.parameter("network"), "enabled");
        case GUEST -> path("guests", request.parameter("guest"));
        case LOG_LEVEL -> path("log", "level");
      };
    }

    private static DocumentPath path(String... steps) {
      return new DocumentPath(List.of(steps));
    }
  }

  private final Daemon daemon;
  private final Conductor conductor;

  private ConfigResources(Daemon daemon) {
    this.daemon = daemon;
    this.conductor = daemon.conductor();
  }

  static void add(Routes routes, Daemon daemon) {
    ConfigResources config = new ConfigResources(daemon);
    routes
        .add("GET", "/v1/config", config::show)
        .taking("defaults")
        .add("GET", "/v1/config/text", config::text)
        .add("POST", "/v1/config/plan", config::plan)
        .taking("source")
        .add("PUT", "/v1/config", config::replace)
        .taking("source", "yes", "tolerate", "dry-run", "confirm", "hold")
        .add("PATCH", "/v1/config", config::edit)
        .taking(OPTIONS)
        .add(
            "GET",
            "/v1/config/history",
            request -> Json.response(await(config.conductor.history())))
        .add("POST", "/v1/config/rollback/{revision}", config::rollBack)
        .taking(OPTIONS)
        .add("POST", "/v1/config/confirm/{revision}", config::confirm)
        .add("POST", "/v1/config/take-back/{revision}", config::takeBack);
    for (Noun noun : Noun.values()) {
      if (noun != Noun.NETWORK && noun != Noun.GUEST) { // which say how they run
        routes.add("GET", noun.route, config.getting(noun));
      }
      routes.add("PUT", noun.route, config.putting(noun)).taking(OPTIONS);
      if (noun != Noun.LOG_LEVEL && noun != Noun.ENABLED) {
        routes.add("DELETE", noun.route, config.deleting(noun)).taking(OPTIONS);
      }
    }
  }

  private Response show(Request request) {
    RunningConfiguration present = conductor.present();
    boolean defaults = flag(request, "defaults");
    Document document = present.document();
    List<Setting> settings;
    try {
      settings = document.settings(defaults);
    } catch (ConfigException e) {
      throw new IllegalStateException("what runs has problems", e);
    }
    return Json.response(
            new ConfigurationInfo(
                present.revision(),
                document.source(),
                settings.stream().map(ConfigResources::info).toList(),
                document.removed().stream().map(ConfigResources::info).toList()))
        .with("ETag", tag(present.revision()));
  }

  private static SettingInfo info(Setting one) {
    return new SettingInfo(one.path().toString(), one.value(), one.origin().toString());
  }

  private Response text(Request request) {
    RunningConfiguration present = conductor.present();
    byte[] text = present.document().effectiveText().getBytes(StandardCharsets.UTF_8);
    return new Response.Body(200, YAML, text).with("ETag", tag(present.revision()));
  }

  private Response plan(Request request) {
    return planned(conductor.plan(document(request)));
  }

  private Response replace(Request request) {
    String source = request.query("source", "");
    return change(request, document(request), "apply " + (source.isEmpty() ? "the file" : source));
  }

  /** The document that a request sends; the daemon's own file where it sends none. */
  private ChangeRequest.Change document(Request request) {
    if (request.body().length == 0) {
      return daemon::reread;
    }
    String source = request.query("source", "the request");
    String text = request.value();
    Path directory;
    try {
      Path parent = Path.of(source).toAbsolutePath().getParent();
      directory = parent == null ? Path.of("/") : parent;
    } catch (InvalidPathException e) {
      throw new Problem(400, "source is no path: " + e.getMessage(), source, "");
    }
    return present -> {
      Document document = Document.of(source, text, directory);
      // The same file again, in another version: the changes over it stay, as with SIGHUP.
      return source.equals(present.source()) ? document.withKept(present.edits()) : document;
    };
  }

  private Response edit(Request request) {
    Map<String, @Nullable Object> body = request.json();
    if (!(body.get("edits") instanceof List<?> list) || list.isEmpty()) {
      throw new Problem(
          400,
          "the request has no edits",
          request.path(),
          "send {\"edits\": [{\"operation\": \"set\", \"path\": \"...\", \"value\": ...}]}");
    }
    // One time for all: it tells the edits of one request from those of another.
    Instant now = now();
    List<Edit> edits = new ArrayList<>();
    for (Object item : list) {
      edits.add(edit(request, item, now));
    }
    String why = body.get("why") instanceof String said ? said : "edit " + edits.getFirst().path();
    return change(request, all(edits), why);
  }

  private static Edit edit(Request request, @Nullable Object item, Instant now) {
    if (item instanceof Map<?, ?> map
        && map.get("operation") instanceof String operation
        && map.get("path") instanceof String path) {
      boolean sets = operation.equals("set") && map.containsKey("value");
      if (sets || operation.equals("remove")) {
        String value = sets ? JsonText.text(map.get("value")) : "";
        return edit(request, sets, path(path), value, now);
      }
    }
    throw new Problem(
        400,
        "an edit is {\"operation\": \"set\", \"path\": PATH, \"value\": VALUE}"
            + " or {\"operation\": \"remove\", \"path\": PATH}",
        request.path(),
        "");
  }

  private static DocumentPath path(String text) {
    try {
      return DocumentPath.parse(text);
    } catch (IllegalArgumentException e) {
      throw new Problem(400, "the path cannot be read: " + e.getMessage(), text, "");
    }
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS);
  }

  private static Edit edit(
      Request request, boolean sets, DocumentPath path, String value, Instant now) {
    return new Edit(
        sets ? Edit.Operation.SET : Edit.Operation.REMOVE,
        path,
        value,
        request.caller().name(),
        now);
  }

  private Resource putting(Noun noun) {
    return request -> {
      DocumentPath path = noun.path(request);
      String value = request.value();
      return change(
          request,
          all(List.of(edit(request, true, path, value, now()))),
          "set " + noun.word + " " + path);
    };
  }

  /** The value of a thing as the file would say it, without defaults: what PUT takes. */
  private Resource getting(Noun noun) {
    return request -> {
      RunningConfiguration present = conductor.present();
      DocumentPath path = noun.path(request);
      String value =
          present
              .document()
              .value(path)
              .orElseGet(() -> unsaid(noun, path, present.configuration()));
      return Response.text(Json.TYPE, value).with("ETag", tag(present.revision()));
    };
  }

  /** The value that counts where nothing is said. */
  private static String unsaid(Noun noun, DocumentPath path, Configuration present) {
    return switch (noun) {
      case LOG_LEVEL -> JsonText.text(EnumText.word(present.log().level()));
      case ENABLED -> ofNetwork(path, present, "true");
      case EGRESS, NAT, DHCP -> ofNetwork(path, present, "{}");
      default ->
          throw Problem.notFound(
              noun.word, path.steps().getLast(), "\"lanyard config show\" lists what there is");
    };
  }

  private static String ofNetwork(DocumentPath path, Configuration present, String value) {
    String network = path.steps().get(1);
    if (!present.networks().containsKey(network)) {
      throw Problem.notFound("network", network, "\"lanyard network ls\" lists the networks");
    }
    return value;
  }

  private Resource deleting(Noun noun) {
    return request -> {
      DocumentPath path = noun.path(request);
      if (!isSaid(path)) {
        requireKnown(request);
        throw Problem.notFound(
            noun.word, path.steps().getLast(), "\"lanyard config show\" lists what there is");
      }
      return change(
          request,
          all(List.of(edit(request, false, path, "", now()))),
          "remove " + noun.word + " " + path);
    };
  }

  /** Whether the file or a change says something there; who removes another thing is told later. */
  private boolean isSaid(DocumentPath path) {
    return conductor.present().document().says(path);
  }

  private ChangeRequest.Change all(List<Edit> edits) {
    EditObstacles.check(conductor.present(), edits);
    return present -> present.with(edits);
  }

  private Response rollBack(Request request) {
    long revision = revision(request);
    if (flag(request, "dry-run")) {
      return planned(conductor.planRollBack(revision));
    }
    ChangeRequest asked = asked(request, present -> present, "roll back to " + revision);
    return made(request, conductor.rollBack(revision, asked));
  }

  private Response confirm(Request request) {
    var _ = await(conductor.confirm(revision(request)));
    return Response.empty();
  }

  private Response takeBack(Request request) {
    var _ = await(conductor.takeBack(revision(request), "asked for by " + request.caller().name()));
    return Response.empty();
  }

  private static long revision(Request request) {
    String text = request.parameter("revision");
    if (!text.matches("[0-9]{1,18}")) {
      throw new Problem(400, "a revision is a number, not " + text, text, "");
    }
    return Long.parseLong(text);
  }

  private Response change(Request request, ChangeRequest.Change change, String why) {
    if (flag(request, "dry-run")) {
      requireKnown(request);
      return planned(conductor.plan(change));
    }
    return made(request, conductor.apply(asked(request, change, why)));
  }

  private Response made(Request request, CompletableFuture<PlanInfo> answer) {
    return flag(request, "hold")
        ? new Response.Stream("application/x-ndjson", new HeldChange(conductor, await(answer)))
        : planned(answer);
  }

  private static Response planned(CompletableFuture<PlanInfo> answer) {
    PlanInfo plan = await(answer);
    return Json.response(plan).with("ETag", tag(plan.revision()));
  }

  private static ChangeRequest asked(Request request, ChangeRequest.Change change, String why) {
    if (flag(request, "hold") && request.query("confirm", "").isEmpty()) {
      throw new Problem(
          400, "only a change that waits for its confirmation is held", "hold", "add confirm=60s");
    }
    return new ChangeRequest(
        change,
        request.caller().name(),
        why,
        known(request),
        flag(request, "yes"),
        flag(request, "tolerate"),
        confirm(request.query("confirm", "")));
  }

  private static boolean flag(Request request, String name) {
    String value = request.query(name, "false");
    if (!value.equals("true") && !value.equals("false")) {
      throw new Problem(400, name + " is true or false, not " + value, request.path(), "");
    }
    return value.equals("true");
  }

  private static Duration confirm(String text) {
    if (text.isEmpty()) {
      return Duration.ZERO;
    }
    if (!text.matches("[0-9]{1,5}[sm]")) {
      throw new Problem(
          400, "confirm is a time such as 60s or 5m, not " + text, text, "at most one hour");
    }
    String digits = text.replaceAll("[sm]", "");
    long number = Long.parseLong(digits);
    Duration confirm = text.endsWith("m") ? Duration.ofMinutes(number) : Duration.ofSeconds(number);
    if (confirm.isZero() || confirm.compareTo(Conductor.LONGEST_CONFIRMATION) > 0) {
      throw new Problem(400, "confirm is 1s to 60m, not " + text, text, "");
    }
    return confirm;
  }

  /** The revision that the caller knows (RFC 9110 section 13.1.1). */
  private static long known(Request request) {
    String match = request.header("if-match").strip();
    if (match.isEmpty() || match.equals("*")) {
      return ChangeRequest.ANY;
    }
    // That of a thing as it runs has a digest behind the revision.
    if (!match.matches("\"[0-9]{1,18}(\\.[0-9a-f]{8})?\"")) {
      throw outdated(request);
    }
    int end = match.indexOf('.');
    return Long.parseLong(match.substring(1, end < 0 ? match.length() - 1 : end));
  }

  /** Refuses a request of who knows another revision than the present one. */
  private void requireKnown(Request request) {
    long known = known(request);
    if (known != ChangeRequest.ANY && known != conductor.present().revision()) {
      throw outdated(request);
    }
  }

  private static Problem outdated(Request request) {
    return new Problem(
        412,
        "the state that the request changes is not the present one",
        request.path(),
        "send the ETag of GET /v1/config in If-Match");
  }

  private static String tag(long revision) {
    return "\"" + revision + "\"";
  }

  static <T extends @Nullable Object> T await(CompletableFuture<T> answer) {
    try {
      return answer.get(APPLY_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ChangeRefusedException refused) {
        throw problem(refused);
      }
      throw new IllegalStateException("a change failed", e.getCause());
    } catch (TimeoutException e) {
      throw new Problem(
          503,
          "the change takes longer than " + APPLY_SECONDS + " s",
          "",
          "look at GET /v1/config");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Problem(503, "the daemon stops", "", "");
    }
  }

  private static Problem problem(ChangeRefusedException refused) {
    int status =
        switch (refused.reason()) {
          case INVALID -> 422;
          case OUTDATED -> 412;
          case BUSY, ENDS_SOMETHING, FAILED -> 409;
          case UNKNOWN -> 404;
          case NOT_KEPT -> 507;
        };
    return Problem.refused(status, refused.what(), refused.hint(), refused.details())
        .because(EnumText.word(refused.reason()));
  }
}
