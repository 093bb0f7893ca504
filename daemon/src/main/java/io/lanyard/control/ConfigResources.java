package io.lanyard.control;

import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.config.Setting;
import io.lanyard.control.api.ConfigurationInfo;
import io.lanyard.control.api.SettingInfo;
import io.lanyard.control.http.Json;
import io.lanyard.control.http.Problem;
import io.lanyard.control.http.Request;
import io.lanyard.control.http.Response;
import io.lanyard.control.http.Routes;
import io.lanyard.control.json.JsonText;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.change.ChangeRequest;
import io.lanyard.daemon.change.Conductor;
import io.lanyard.daemon.change.RunningConfiguration;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The configuration's part of the API: what was said, what it would change, and the changes.
 *
 * <p>A change is a set of edits of one document, however it comes: as the text of a file, as a list
 * of edits, or as one thing that is put or deleted ({@link ConfigItemResources}). Its entity tag is
 * the document's revision.
 */
final class ConfigResources {
  private static final String YAML = "application/yaml";

  private final Daemon daemon;
  private final Conductor conductor;
  private final RequestedChanges changes;

  private ConfigResources(Daemon daemon, RequestedChanges changes) {
    this.daemon = daemon;
    this.conductor = daemon.conductor();
    this.changes = changes;
  }

  static void add(Routes routes, Daemon daemon, RequestedChanges changes) {
    ConfigResources config = new ConfigResources(daemon, changes);
    routes
        .add("GET", "/v1/config", config::show)
        .taking("defaults")
        .add("GET", "/v1/config/text", config::text)
        .add("POST", "/v1/config/plan", config::plan)
        .taking("source")
        .add("PUT", "/v1/config", config::replace)
        .taking("source", "yes", "tolerate", "dry-run", "confirm", "hold")
        .add("PATCH", "/v1/config", config::edit)
        .taking(RequestedChanges.OPTIONS)
        .add(
            "GET",
            "/v1/config/history",
            request -> Json.response(RequestedChanges.await(config.conductor.history())))
        .add("POST", "/v1/config/rollback/{revision}", config::rollBack)
        .taking(RequestedChanges.OPTIONS)
        .add("POST", "/v1/config/confirm/{revision}", config::confirm)
        .add("POST", "/v1/config/take-back/{revision}", config::takeBack);
  }

  private Response show(Request request) {
    RunningConfiguration present = conductor.present();
    boolean defaults = RequestedChanges.flag(request, "defaults");
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
        .with("ETag", RequestedChanges.tag(present.revision()));
  }

  private static SettingInfo info(Setting one) {
    return new SettingInfo(one.path().toString(), one.value(), one.origin().toString());
  }

  private Response text(Request request) {
    RunningConfiguration present = conductor.present();
    byte[] text = present.document().effectiveText().getBytes(StandardCharsets.UTF_8);
    return new Response.Body(200, YAML, text)
        .with("ETag", RequestedChanges.tag(present.revision()));
  }

  private Response plan(Request request) {
    return RequestedChanges.planned(conductor.plan(document(request)));
  }

  private Response replace(Request request) {
    String source = request.query("source", "");
    return changes.change(
        request, document(request), "apply " + (source.isEmpty() ? "the file" : source));
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
    Instant now = RequestedChanges.now();
    List<Edit> edits = new ArrayList<>();
    for (Object item : list) {
      edits.add(edit(request, item, now));
    }
    String why = body.get("why") instanceof String said ? said : "edit " + edits.getFirst().path();
    return changes.change(request, changes.of(edits), why);
  }

  private static Edit edit(Request request, @Nullable Object item, Instant now) {
    if (item instanceof Map<?, ?> map
        && map.get("operation") instanceof String operation
        && map.get("path") instanceof String path) {
      boolean sets = operation.equals("set") && map.containsKey("value");
      if (sets || operation.equals("remove")) {
        String value = sets ? JsonText.text(map.get("value")) : "";
        return RequestedChanges.edit(request, sets, path(path), value, now);
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

  private Response rollBack(Request request) {
    long revision = revision(request);
    if (RequestedChanges.flag(request, "dry-run")) {
      return RequestedChanges.planned(conductor.planRollBack(revision));
    }
    ChangeRequest asked =
        RequestedChanges.asked(request, present -> present, "roll back to " + revision);
    return changes.made(request, conductor.rollBack(revision, asked));
  }

  private Response confirm(Request request) {
    var _ = RequestedChanges.await(conductor.confirm(revision(request)));
    return Response.empty();
  }

  private Response takeBack(Request request) {
    var _ =
        RequestedChanges.await(
            conductor.takeBack(revision(request), "asked for by " + request.caller().name()));
    return Response.empty();
  }

  private static long revision(Request request) {
    String text = request.parameter("revision");
    if (!text.matches("[0-9]{1,18}")) {
      throw new Problem(400, "a revision is a number, not " + text, text, "");
    }
    return Long.parseLong(text);
  }
}
