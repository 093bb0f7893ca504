package io.lanyard.daemon;

import io.lanyard.base.Causes;
import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.change.Change;
import io.lanyard.config.change.Difference;
import io.lanyard.control.api.ChangeInfo;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.api.RevisionInfo;
import io.lanyard.daemon.ChangeRefusedException.Reason;
import io.lanyard.daemon.history.History;
import io.lanyard.daemon.history.Revision;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Owns what runs: makes it what the configuration says, and changes it while it runs.
 *
 * <p>A change is a transaction. The new configuration is read and checked whole, compared with the
 * one that runs, and the difference is made step by step; a step that fails has those before it
 * undone. What is in no step is not touched. When all steps are done, the configuration is kept in
 * the {@link History} and the caller is told: a crash before that leaves the old one, after it the
 * new one.
 *
 * <p>Commands are done one at a time, in their order, on a thread of the conductor's own.
 *
 * <p>Thread: any.
 */
public final class Conductor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Conductor.class.getName());

  /** A name for the check alone. */
  private static final String LENT = "port-forward";

  /** The longest time that a change may wait for its confirmation. */
  public static final Duration LONGEST_CONFIRMATION = Duration.ofHours(1);

  private static final int STOP_SECONDS = 5;

  /**
   * The configuration that runs.
   *
   * @param document what was said
   * @param configuration what that means
   * @param revision its number
   */
  public record Present(Document document, Configuration configuration, long revision) {
    /**
     * A configuration that has not run before.
     *
     * @param document what was said
     * @return it with its meaning, as revision 0
     * @throws ConfigException if it has problems
     */
    public static Present of(Document document) throws ConfigException {
      return new Present(document, document.configuration(), 0);
    }

    /** The same with another meaning. */
    Present with(Configuration other) {
      return new Present(document, other, revision);
    }
  }

  /** Hears of each configuration that has begun to run. */
  @FunctionalInterface
  interface Listener {
    /** On the conductor's thread. */
    void changed(Present present, PlanInfo done, String who);
  }

  /** A change that waits for its confirmation, and what it is taken back to. */
  private record Unconfirmed(Revision revision, Present before, Instant until, Future<?> end) {}

  private final RunningTree tree;
  private final UnaryOperator<Configuration> permitted;
  private final Steps steps;
  private final History history;
  private final Clock clock;
  private final Document file;
  private final ScheduledExecutorService queue;
  private final List<Listener> listeners = new ArrayList<>();
  private volatile Present present;

  /** The digest of the daemon's own file, as it was read last. On the conductor's thread. */
  private String own;

  private volatile @Nullable Unconfirmed unconfirmed;

  /**
   * Makes a conductor of what runs already.
   *
   * @param present the configuration that runs
   * @param tree what runs
   * @param permitted leaves out of a configuration what this host does not permit
   * @param steps how it is changed
   * @param history where configurations are kept
   * @param file the daemon's own file, whose digest tells the next start whether somebody has
   *     changed it since it was read last
   * @param clock tells the time of a revision
   */
  Conductor(
      Present present,
      RunningTree tree,
      UnaryOperator<Configuration> permitted,
      Steps steps,
      History history,
      Document file,
      Clock clock) {
    this.present = present;
    this.tree = tree;
    this.permitted = permitted;
    this.steps = steps;
    this.history = history;
    this.file = file;
    this.own = Recovery.digest(file);
    this.clock = clock;
    this.queue =
        Executors.newSingleThreadScheduledExecutor(task -> {
          Thread thread = new Thread(task, "conductor");
          thread.setDaemon(true);
          return thread;
        });
  }

  /** Has changes told to somebody. Before the first one. */
  void addListener(Listener listener) {
    listeners.add(listener);
  }

  /**
   * The configuration that runs.
   *
   * @return the present one
   */
  public Present present() {
    return present;
  }

  /**
   * Compares a configuration with the one that runs, and changes nothing.
   *
   * @param change makes it from the present one
   * @return the plan; fails with a {@link ChangeRefusedException} if the configuration has problems
   */
  public CompletableFuture<PlanInfo> plan(ChangeRequest.Change change) {
    return submit(() -> planNow(change));
  }

  /**
   * Compares a configuration that has run with the one that runs, and changes nothing.
   *
   * @param revision its number
   * @return the plan; fails with a {@link ChangeRefusedException}
   */
  public CompletableFuture<PlanInfo> planRollBack(long revision) {
    return submit(() -> {
      Revision former = find(revision);
      return planNow(before -> documentOf(former));
    });
  }

  private PlanInfo planNow(ChangeRequest.Change change) throws ChangeRefusedException {
    Present before = present;
    Configuration next = read(change, before).configuration();
    List<Change> changes = Difference.between(before.configuration(), next);
    return plan(before.revision(), changes, List.of(), "", steps.ends(changes, next));
  }

  /**
   * Changes what runs, all or nothing.
   *
   * @param request the change
   * @return what was done, when it is done and kept; fails with a {@link ChangeRefusedException}
   */
  public CompletableFuture<PlanInfo> apply(ChangeRequest request) {
    return submit(() -> applyNow(request));
  }

  /**
   * Confirms a change, so that it is not taken back.
   *
   * @param revision the revision that it made
   * @return when it is done; fails with a {@link ChangeRefusedException} if it does not wait for
   *     that
   */
  public CompletableFuture<Void> confirm(long revision) {
    return submit(() -> {
      Unconfirmed waiting = waiting(revision);
      try {
        history.confirm(waiting.revision());
      } catch (IOException e) {
        throw notKept(e);
      }
      waiting.end().cancel(false);
      unconfirmed = null;
      LogEvent.of("configuration-confirmed").with("revision", revision).log(LOG, Level.INFO);
      return null;
    });
  }

  /**
   * Takes a change back that waits for its confirmation.
   *
   * @param revision the revision that it made
   * @param why why it is taken back
   * @return when it is done; fails with a {@link ChangeRefusedException} if it does not wait for
   *     that, because it was confirmed or taken back before
   */
  public CompletableFuture<Void> takeBack(long revision, String why) {
    return submit(() -> {
      takeBackNow(waiting(revision), why);
      return null;
    });
  }

  /**
   * Goes back to a configuration that has run.
   *
   * @param revision its number
   * @param request who asks, and how; its change is not used
   * @return what was done; fails with a {@link ChangeRefusedException}
   */
  public CompletableFuture<PlanInfo> rollBack(long revision, ChangeRequest request) {
    return submit(() -> {
      Revision former = find(revision);
      return applyNow(
          new ChangeRequest(
              before -> documentOf(former),
              request.who(),
              request.why(),
              request.revision(),
              request.force(),
              request.tolerate(),
              request.confirm()));
    });
  }

  /**
   * Opens a forward that is no part of the configuration, and lives until it is closed or its
   * network is gone.
   *
   * @param network the network's name
   * @param value the forward as the configuration would say it, in JSON
   * @param who who asks
   * @return the open forward; fails with a {@link ChangeRefusedException}
   */
  public CompletableFuture<LentForward> lend(String network, String value, String who) {
    return submit(() -> {
      DocumentPath path = new DocumentPath(List.of("networks", network, "forwards", LENT));
      Edit edit = Edit.set(path, value, who, clock.now().truncatedTo(ChronoUnit.MILLIS));
      Configuration with = read(before -> before.with(edit), present).configuration();
      NetworkConfig config = with.networks().get(network);
      Network there = tree.network(network);
      if (config == null || there == null) {
        throw new ChangeRefusedException(
            Reason.UNKNOWN, "there is no network " + network, List.of(), "");
      }
      ForwardConfig said = config.forwards().getLast();
      ForwardConfig forward = new ForwardConfig(null, said.protocol(), said.listen(), said.to());
      String problem;
      try {
        problem = there.addForward(forward);
      } catch (IllegalArgumentException e) {
        throw new ChangeRefusedException(
            Reason.FAILED, String.valueOf(e.getMessage()), List.of(), "");
      }
      LentForward lent = new LentForward(there, forward);
      if (!problem.isEmpty()) {
        lent.close();
        throw new ChangeRefusedException(Reason.FAILED, problem, List.of(), "");
      }
      LogEvent.of("forward-lent")
          .with("network", network)
          .with("forward", forward.key())
          .with("to", forward.to())
          .with("who", who)
          .log(LOG, Level.INFO);
      return lent;
    });
  }

  /**
   * The configurations that have run and are kept.
   *
   * @return the newest first
   */
  public CompletableFuture<List<RevisionInfo>> history() {
    return submit(() -> {
      try {
        return history.list().stream().map(Conductor::info).toList();
      } catch (IOException e) {
        throw new ChangeRefusedException(
            Reason.NOT_KEPT, "the history cannot be read: " + Causes.of(e), List.of(), "");
      }
    });
  }

  /**
   * The document of a revision.
   *
   * @param revision the revision
   * @return what was said
   * @throws ConfigException if it is none any more
   */
  static Document documentOf(Revision revision) throws ConfigException {
    Document document = Document.of(revision.source(), revision.text(), revision.directory());
    for (Edit edit : revision.edits()) {
      document = document.with(edit);
    }
    return document;
  }

  private static RevisionInfo info(Revision revision) {
    return new RevisionInfo(
        revision.number(),
        revision.at().toString(),
        revision.who(),
        revision.unconfirmed() ? revision.why() + " (not confirmed)" : revision.why(),
        revision.source(),
        revision.edits().size());
  }

  private Revision find(long number) throws ChangeRefusedException {
    Revision found = history.find(number);
    if (found != null) {
      return found;
    }
    throw new ChangeRefusedException(
        Reason.UNKNOWN,
        "there is no revision " + number,
        List.of(),
        "\"lanyard config history\" lists them");
  }

  private Unconfirmed waiting(long revision) throws ChangeRefusedException {
    Unconfirmed waiting = unconfirmed;
    if (waiting == null || waiting.revision().number() != revision) {
      throw new ChangeRefusedException(
          Reason.UNKNOWN,
          "revision " + revision + " does not wait for a confirmation",
          List.of(),
          "it was confirmed or taken back before");
    }
    return waiting;
  }

  private PlanInfo applyNow(ChangeRequest request) throws ChangeRefusedException {
    Present before = present;
    if (request.revision() != ChangeRequest.ANY && request.revision() != before.revision()) {
      throw new ChangeRefusedException(
          Reason.OUTDATED,
          "the configuration has changed: it is revision " + before.revision() + " now",
          List.of(),
          "read it again, then repeat the change");
    }
    Unconfirmed waiting = unconfirmed;
    if (waiting != null) {
      throw new ChangeRefusedException(
          Reason.BUSY,
          "revision " + waiting.revision().number() + " waits for its confirmation",
          List.of(),
          "confirm it, or wait until it is taken back at " + waiting.until());
    }
    Present read = read(request.change(), before);
    List<Change> changes = Difference.between(before.configuration(), read.configuration());
    if (changes.isEmpty() && saysTheSame(read.document(), before.document())) {
      return plan(before.revision(), changes, List.of(), "", List.of());
    }
    List<String> ends = steps.ends(changes, read.configuration());
    if (!ends.isEmpty() && !request.force()) {
      throw new ChangeRefusedException(
          Reason.ENDS_SOMETHING, "it would end what runs", ends, "repeat it with --yes");
    }
    checkStart(changes, read.document());
    Instant now = clock.now().truncatedTo(ChronoUnit.MILLIS);
    long number = next(before, now);
    List<Step> done = steps.of(changes, before.configuration(), read.configuration());
    List<String> problems = run(done, request.tolerate());
    String digest = digestOfOwn(read.document());
    boolean confirmed = request.confirm().isZero();
    Revision revision =
        revision(number, now, request.who(), request.why(), read.document(), digest, !confirmed);
    try {
      history.add(revision);
    } catch (IOException e) {
      undo(done);
      throw notKept(e);
    }
    own = digest;
    Present after = new Present(read.document(), read.configuration(), revision.number());
    present = after;
    String confirmBy = confirmed ? "" : await(revision, before, request.confirm(), now);
    PlanInfo info = plan(revision.number(), changes, problems, confirmBy, ends);
    LogEvent.of("configuration-changed")
        .with("revision", revision.number())
        .with("who", request.who())
        .with("why", request.why())
        .with("changes", changes.size())
        .log(LOG, Level.INFO);
    listeners.forEach(listener -> listener.changed(after, info, request.who()));
    return info;
  }

  /**
   * Refuses a change of what only the daemon's own file can say, since that alone is read before
   * the daemon knows where its history is.
   */
  private void checkStart(List<Change> changes, Document next) throws ChangeRefusedException {
    boolean isOwn =
        next.source().equals(file.source())
            && next.edits().stream().noneMatch(edit -> isStart(edit.path()));
    for (Change change : changes) {
      if (change instanceof Change.NeedsRestart && !isOwn) {
        throw new ChangeRefusedException(
            Reason.INVALID,
            change.subject() + " is read from the daemon's own file when it starts",
            List.of(),
            "set it there, and restart the daemon");
      }
    }
  }

  private static boolean isStart(DocumentPath path) {
    String first = path.steps().getFirst();
    return first.equals("api") || first.equals("directories");
  }

  /**
   * The number of the next revision. What ran at first is kept before the first change, so that it
   * can be gone back to.
   */
  private long next(Present before, Instant now) throws ChangeRefusedException {
    try {
      long highest = history.highest();
      if (highest == 0 && before.revision() == 0) {
        history.add(revision(0, now, "lanyard", "as it started", before.document(), own, false));
      }
      return Math.max(highest, before.revision()) + 1;
    } catch (IOException e) {
      throw notKept(e);
    }
  }

  private static Revision revision(
      long number,
      Instant at,
      String who,
      String why,
      Document document,
      String own,
      boolean unconfirmed) {
    return new Revision(
        number,
        at,
        who,
        why,
        document.source(),
        document.directory(),
        document.text(),
        own,
        document.edits(),
        unconfirmed);
  }

  /** The digest of the daemon's own file, as it is known after a change. */
  private String digestOfOwn(Document next) {
    return next.source().equals(file.source()) ? Recovery.digest(next) : own;
  }

  /** Whether two documents differ at most in who said it when. */
  private static boolean saysTheSame(Document one, Document other) {
    return one.source().equals(other.source())
        && one.directory().equals(other.directory())
        && one.text().equals(other.text())
        && one.effectiveText().equals(other.effectiveText());
  }

  private String await(Revision revision, Present before, Duration confirm, Instant now) {
    Instant until = now.plus(confirm);
    Future<?> end =
        queue.schedule(
            () -> {
              Unconfirmed waiting = unconfirmed;
              if (waiting != null && waiting.revision().number() == revision.number()) {
                takeBackNow(waiting, "it was not confirmed in time");
              }
            },
            confirm.toNanos(),
            TimeUnit.NANOSECONDS);
    unconfirmed = new Unconfirmed(revision, before, until, end);
    return until.toString();
  }

  private void takeBackNow(Unconfirmed waiting, String why) {
    waiting.end().cancel(false);
    unconfirmed = null;
    Present now = present;
    Present before = waiting.before();
    List<Change> changes = Difference.between(now.configuration(), before.configuration());
    List<String> problems = new ArrayList<>();
    for (Step step : steps.of(changes, now.configuration(), before.configuration())) {
      try {
        String problem = step.run();
        if (!problem.isEmpty()) {
          problems.add(step.describe() + ": " + problem);
        }
      } catch (VmmException | RuntimeException e) {
        problems.add(step.describe() + ": " + Causes.of(e));
      }
    }
    // Its number is not used again: an ETag that somebody has of it must not fit another one.
    long number = now.revision() + 1;
    own = digestOfOwn(before.document());
    present = new Present(before.document(), before.configuration(), number);
    try {
      history.add(
          revision(
              number,
              clock.now().truncatedTo(ChronoUnit.MILLIS),
              waiting.revision().who(),
              "taken back: " + why,
              before.document(),
              own,
              false));
    } catch (IOException e) {
      problems.add("the history: " + Causes.of(e));
    }
    LogEvent.of("configuration-taken-back")
        .with("revision", waiting.revision().number())
        .with("cause", why)
        .with("problems", problems)
        .log(LOG, Level.WARNING);
    PlanInfo info = plan(number, changes, problems, "", List.of());
    listeners.forEach(listener -> listener.changed(present, info, "lanyard"));
  }

  private static ChangeRefusedException notKept(IOException e) {
    return new ChangeRefusedException(
        Reason.NOT_KEPT,
        "the change cannot be kept: " + Causes.of(e),
        List.of(),
        "make room in the state directory, or let the daemon write to it");
  }

  private Present read(ChangeRequest.Change change, Present before) throws ChangeRefusedException {
    try {
      Document document = change.of(before.document());
      return new Present(document, permitted.apply(document.configuration()), before.revision());
    } catch (ConfigException e) {
      throw new ChangeRefusedException(
          Reason.INVALID,
          "the configuration has problems",
          e.problems().stream().map(Object::toString).toList(),
          "");
    }
  }

  /**
   * Does the steps in turn. If one fails, those that were done are undone.
   *
   * @return what does not work yet and is kept
   */
  private static List<String> run(List<Step> all, boolean tolerate) throws ChangeRefusedException {
    List<String> problems = new ArrayList<>();
    List<Step> done = new ArrayList<>();
    for (Step step : all) {
      String problem;
      try {
        problem = step.run();
        done.add(step);
      } catch (VmmException e) {
        undo(done);
        throw failed(step, String.valueOf(e.getMessage()));
      } catch (RuntimeException e) {
        LogEvent.of("change-failed").with("step", step.describe()).log(LOG, Level.WARNING, e);
        undo(done);
        throw failed(step, Causes.of(e));
      }
      if (!problem.isEmpty() && !tolerate) {
        undo(done);
        throw failed(step, problem);
      }
      if (!problem.isEmpty()) {
        problems.add(step.describe() + ": " + problem);
      }
    }
    return problems;
  }

  private static ChangeRefusedException failed(Step step, String why) {
    return new ChangeRefusedException(
        Reason.FAILED,
        step.describe() + ": " + why,
        List.of(),
        "set that right, or repeat it with --tolerate to have it tried again until it works");
  }

  private static void undo(List<Step> done) {
    Deque<Step> rest = new ArrayDeque<>(done);
    while (!rest.isEmpty()) {
      Step step = rest.removeLast();
      try {
        step.undo();
      } catch (VmmException | RuntimeException e) {
        LogEvent.of("change-not-undone")
            .with("step", step.describe())
            .with("advice", "restart the daemon to have what the configuration says")
            .log(LOG, Level.ERROR, e);
      }
    }
  }

  private static PlanInfo plan(
      long revision,
      List<Change> changes,
      List<String> problems,
      String confirmBy,
      List<String> ends) {
    List<ChangeInfo> made = new ArrayList<>();
    List<String> restart = new ArrayList<>();
    for (Change change : changes) {
      if (change instanceof Change.NeedsRestart) {
        restart.add(change.describe());
      } else {
        made.add(
            new ChangeInfo(
                Steps.kind(change), change.network(), change.subject(), change.describe()));
      }
    }
    return new PlanInfo(revision, made, ends, restart, problems, confirmBy);
  }

  private <T extends @Nullable Object> CompletableFuture<T> submit(Callable<T> command) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    try {
      queue.execute(() -> {
        try {
          answer.complete(command.call());
        } catch (Exception | LinkageError e) {
          answer.completeExceptionally(e);
        }
      });
    } catch (RejectedExecutionException e) {
      answer.completeExceptionally(
          new ChangeRefusedException(Reason.BUSY, "the daemon stops", List.of(), ""));
    }
    return answer;
  }

  /** Ends the commands: the one that is being done is finished, the others are not begun. */
  @Override
  public void close() {
    queue.shutdownNow();
    try {
      if (!queue.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
        LogEvent.of("conductor-not-stopped").log(LOG, Level.WARNING);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
