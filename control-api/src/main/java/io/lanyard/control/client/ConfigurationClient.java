package io.lanyard.control.client;

import io.lanyard.control.api.ConfigurationInfo;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.api.RevisionInfo;
import io.lanyard.control.json.JsonText;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The configuration that runs: reading it, changing it, and going back.
 *
 * <p>Errors and thread: as {@link LanyardClient} says.
 */
public final class ConfigurationClient {
  private final Requests requests;

  ConfigurationClient(Requests requests) {
    this.requests = requests;
  }

  /**
   * The configuration that runs.
   *
   * @param defaults whether values are in it that nobody has given
   * @return {@code GET /v1/config}
   * @throws IOException as the class says
   */
  public Reply<ConfigurationInfo> get(boolean defaults) throws IOException {
    return requests.one(
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
  public String text() throws IOException {
    return requests.text(Query.path("config", "text"));
  }

  /**
   * The configurations that have run.
   *
   * @return {@code GET /v1/config/history}, newest first
   * @throws IOException as the class says
   */
  public Reply<List<RevisionInfo>> history() throws IOException {
    return requests.list(RevisionInfo.class, Query.path("config", "history"));
  }

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
    return requests.changeByJson("PATCH", Query.path("config"), Requests.bytes(body), options);
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
    return requests.changeByJson("PUT", item.path(), Requests.bytes(value), options);
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
    return requests.changeByJson("DELETE", item.path(), Requests.NO_BODY, options);
  }

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
    return requests.changeByYaml("PUT", Query.path("config") + query, text.text(), options);
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
    return requests.changeByYaml(
        "POST", Query.path("config", "plan") + query, text.text(), ChangeOptions.PLAIN);
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
    return requests.changeByJson("POST", path, Requests.NO_BODY, options);
  }

  /**
   * Keeps a change that is taken back otherwise.
   *
   * @param revision the change's
   * @throws IOException as the class says
   */
  public void confirm(long revision) throws IOException {
    requests.act("POST", Query.path("config", "confirm", Long.toString(revision)));
  }

  /**
   * Takes a change back that is not confirmed yet.
   *
   * @param revision the change's
   * @throws IOException as the class says
   */
  public void takeBack(long revision) throws IOException {
    requests.act("POST", Query.path("config", "take-back", Long.toString(revision)));
  }
}
