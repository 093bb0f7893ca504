package io.lanyard.control;

import io.lanyard.base.EnumText;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.http.Json;
import io.lanyard.control.http.Problem;
import io.lanyard.control.http.Request;
import io.lanyard.control.http.Response;
import io.lanyard.daemon.change.ChangeRefusedException;
import io.lanyard.daemon.change.ChangeRequest;
import io.lanyard.daemon.change.Conductor;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Changes of the configuration that requests ask for: reads a request's options and the revision
 * that it knows, has the conductor make the change, and answers with the plan.
 *
 * <p>Thread: any; calls wait for the conductor.
 */
final class RequestedChanges {
  /** The query of every change. */
  static final String[] OPTIONS = {"yes", "tolerate", "dry-run", "confirm", "hold"};

  /** Longer than a change of a thousand ports takes, and than the 5 min that a guest may stop. */
  private static final int APPLY_SECONDS = 420;

  private final Conductor conductor;

  RequestedChanges(Conductor conductor) {
    this.conductor = conductor;
  }

  /** The time of a request's edits: one for all, which tells them from those of another. */
  static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS);
  }

  /** An edit that a request asks for. */
  static Edit edit(Request request, boolean sets, DocumentPath path, String value, Instant now) {
    return new Edit(
        sets ? Edit.Operation.SET : Edit.Operation.REMOVE,
        path,
        value,
        request.caller().name(),
        now);
  }

  /**
   * A change of one or several edits.
   *
   * @throws Problem if something else stands in their way
   */
  ChangeRequest.Change of(List<Edit> edits) {
    EditObstacles.check(conductor.present(), edits);
    return present -> present.with(edits);
  }

  /**
   * Makes a change, or says what it would do where the request is a dry run.
   *
   * @param why what is asked for, for the history
   */
  Response change(Request request, ChangeRequest.Change change, String why) {
    if (flag(request, "dry-run")) {
      requireKnown(request);
      return planned(conductor.plan(change));
    }
    return made(request, conductor.apply(asked(request, change, why)));
  }

  /** Answers a request with what its change has done, and holds it if the request says so. */
  Response made(Request request, CompletableFuture<PlanInfo> answer) {
    return flag(request, "hold")
        ? new Response.Stream("application/x-ndjson", new HeldChange(conductor, await(answer)))
        : planned(answer);
  }

  /** Answers with a plan when it is there. */
  static Response planned(CompletableFuture<PlanInfo> answer) {
    PlanInfo plan = await(answer);
    return Json.response(plan).with("ETag", tag(plan.revision()));
  }

  /** A change with the options of its request. */
  static ChangeRequest asked(Request request, ChangeRequest.Change change, String why) {
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

  /** A parameter that is true or false; false where it is not there. */
  static boolean flag(Request request, String name) {
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
  void requireKnown(Request request) {
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

  /** The entity tag of a revision. */
  static String tag(long revision) {
    return "\"" + revision + "\"";
  }

  /**
   * Waits for the conductor.
   *
   * @throws Problem as the conductor refuses, or if it takes too long
   */
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
          case INVALID, MALFORMED -> 422;
          case OUTDATED -> 412;
          case BUSY, ENDS_SOMETHING, FAILED -> 409;
          case UNKNOWN -> 404;
          case NOT_KEPT -> 507;
        };
    return Problem.refused(status, refused.what(), refused.hint(), refused.details())
        .because(EnumText.word(refused.reason()));
  }
}
