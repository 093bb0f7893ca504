package io.lanyard.daemon.change;

import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NicAddresses;
import io.lanyard.config.Problem;
import io.lanyard.config.change.Change;
import io.lanyard.config.change.Difference;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.api.RevisionInfo;
import io.lanyard.daemon.change.ChangeRefusedException.Reason;
import io.lanyard.daemon.history.History;
import io.lanyard.daemon.history.Revision;
import io.lanyard.daemon.network.Network;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Owns what runs: makes it what the configuration says, and changes it while it runs.
 *
 * <p>A change is a transaction. The new configuration is read and checked whole, compared with the
 * one that runs, and the difference is made step by step; a step that fails has those before it
 * undone. What is in no step is not touched. When all steps are done, the configuration is kept in
 * the history ({@link Revisions}) and the caller is told: a crash before that leaves the old one,
 * after it the new one.
 *
 * <p>Commands are done one at a time, in their order, on a thread of the conductor's own. One whose
 * turn does not come within 30 s, because a change waits for guests to stop, is refused and told
 * which change that is.
 *
 * <p>Thread: any.
 */
public final class Conductor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Conductor.class.getName());

  /** A name for the check alone. */
  private static final String LENT = "port-forward";

  /** The longest time that a change may wait for its confirmation. */
  public static final Duration LONGEST_CONFIRMATION = Duration.ofHours(1);

  /** How often what has failed is looked for; its own back-off says when it is tried again. */
  private static final int RESTART_SECONDS = 1;

  /** Where in the state directory the history is. */
  static final String DIRECTORY = "config";

  /** Hears of each configuration that has begun to run. */
  @FunctionalInterface
  public interface Listener {
    /** On the conductor's thread. */
    void changed(RunningConfiguration present, PlanInfo done, String who);
  }

  /**
   * A change that waits for its confirmation, and what it is taken back to.
   *
   * @param end takes it back when its time is over
   * @param decided is completed when it is confirmed or taken back
   */
  private record Unconfirmed(
      Revision revision,
      RunningConfiguration before,
      Instant until,
      Future<?> end,
      CompletableFuture<Void> decided) {}

  private final RunningTree tree;
  private final UnaryOperator<Configuration> permitted;
  private final OwnSettings settings;
  private final Steps steps;
  private final Revisions revisions;
  private final ChosenSubnets subnets;
  private final NicAddresses nicAddresses;
  private final Clock clock;
  private final CommandQueue queue = new CommandQueue();
  private final List<Listener> listeners = new ArrayList<>();
  private volatile RunningConfiguration present;

  private volatile @Nullable Unconfirmed unconfirmed;

  /**
   * Makes a conductor of what runs already.
   *
   * @param present the configuration that runs
   * @param tree what runs
   * @param permitted leaves out of the built-in configuration what this host does not permit
   * @param settings what concerns no network and no guest
   * @param file the daemon's own file
   * @param state the state directory, where configurations are kept
   * @param clock tells the time of a change
   */
  public Conductor(
      RunningConfiguration present,
      RunningTree tree,
      UnaryOperator<Configuration> permitted,
      OwnSettings settings,
      Document file,
      Path state,
      Clock clock) {
    this.present = present;
    this.tree = tree;
    this.permitted = permitted;
    this.settings = settings;
    this.steps = new Steps(tree, new StepMaker(tree, settings));
    this.revisions = new Revisions(History.in(state.resolve(DIRECTORY)), file, clock);
    this.subnets = new ChosenSubnets(state);
    this.nicAddresses = file.nicAddresses();
    this.clock = clock;
    queue.every(RESTART_SECONDS, this::restartFailed);
  }

  private void restartFailed() {
    try {
      tree.restartFailed();
    } catch (RuntimeException e) {
      LogEvent.of("restart-failed").log(LOG, Level.WARNING, e);
    }
  }

  /** Has changes told to somebody. Before the first one. */
  public void addListener(Listener listener) {
    listeners.add(listener);
  }

  /**
   * The configuration that runs.
   *
   * @return the present one
   */
  public RunningConfiguration present() {
    return present;
  }

  /**
   * Compares a configuration with the one that runs, and changes nothing.
   *
   * @param change makes it from the present one
   * @return the plan; fails with a {@link ChangeRefusedException} if the configuration has problems
   */
  public CompletableFuture<PlanInfo> plan(ChangeRequest.Change change) {
    return queue.submit(() -> planNow(change));
  }

  /**
   * Compares a configuration that has run with the one that runs, and changes nothing.
   *
   * @param revision its number
   * @return the plan; fails with a {@link ChangeRefusedException}
   */
  public CompletableFuture<PlanInfo> planRollBack(long revision) {
    return queue.submit(() -> {
      Revision former = revisions.find(revision, present);
      return planNow(before -> documentOf(former));
    });
  }

  private PlanInfo planNow(ChangeRequest.Change change) throws ChangeRefusedException {
    RunningConfiguration before = present;
    RunningConfiguration read = read(change, before);
    Configuration next = read.configuration();
    List<Change> changes = Difference.between(before.configuration(), next);
    check(changes, read);
    List<String> ends = new ArrayList<>(steps.ends(changes, next));
    ends.addAll(Endings.uplinks(changes));
    List<String> problems = new ArrayList<>(MissingOutbound.of(before.configuration(), next));
    problems.addAll(tree.clashes(before.configuration(), next));
    return Described.of(changes, steps).plan(before.revision(), problems, "", ends);
  }

  /**
   * Changes what runs, all or nothing.
   *
   * @param request the change
   * @return what was done, when it is done and kept; fails with a {@link ChangeRefusedException}
   */
  public CompletableFuture<PlanInfo> apply(ChangeRequest request) {
    return queue.submit(() -> applyNow(request));
  }

  /**
   * Confirms a change, so that it is not taken back.
   *
   * @param revision the revision that it made
   * @return when it is done; fails with a {@link ChangeRefusedException} if it does not wait for
   *     that
   */
  public CompletableFuture<Void> confirm(long revision) {
    return queue.submit(() -> {
      Unconfirmed waiting = waiting(revision);
      revisions.confirm(waiting.revision());
      waiting.end().cancel(false);
      unconfirmed = null;
      waiting.decided().complete(null);
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
    return queue.submit(() -> {
      takeBackNow(waiting(revision), why);
      return null;
    });
  }

  /**
   * The end of a change's wait for its confirmation.
   *
   * @param revision the revision that it made
   * @return complete when the change was confirmed or taken back; at once if it does not wait
   */
  public CompletableFuture<Void> decided(long revision) {
    Unconfirmed waiting = unconfirmed;
    return waiting == null || waiting.revision().number() != revision
        ? CompletableFuture.completedFuture(null)
        : waiting.decided().copy();
  }

  /**
   * Goes back to a configuration that has run.
   *
   * @param revision its number
   * @param request who asks, and how; its change is not used
   * @return what was done; fails with a {@link ChangeRefusedException}
   */
  public CompletableFuture<PlanInfo> rollBack(long revision, ChangeRequest request) {
    return queue.submit(() -> {
      Revision former = revisions.find(revision, present);
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
    return queue.submit(() -> {
      DocumentPath path = new DocumentPath(List.of("networks", network, "forwards", LENT));
      Edit edit = Edit.set(path, value, who, clock.now().truncatedTo(ChronoUnit.MILLIS));
      Configuration with = read(before -> before.with(edit), present).configuration();
      NetworkConfig config = with.networks().get(network);
      Network there = tree.network(network);
      if (config == null || there == null) {
        throw new ChangeRefusedException(
            Reason.UNKNOWN, "there is no network " + network, List.of(), "");
      }
      if (!config.enabled()) {
        throw new ChangeRefusedException(
            Reason.FAILED,
            "network " + network + " is stopped",
            List.of(),
            "start it: lanyard network start " + network);
      }
      LentForward lent = LentForward.open(there, config.forwards().getLast());
      LogEvent.of("forward-lent")
          .with("network", network)
          .with("forward", lent.forward().key())
          .with("to", lent.forward().toText())
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
    // Large revisions take seconds to read, which no change has to wait for.
    CompletableFuture<List<RevisionInfo>> answer = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("history")
        .start(() -> CommandQueue.complete(answer, () -> revisions.list(present)));
    return answer;
  }

  /** The changes that are left out of what runs, as problems for people; none is usual. */
  public List<String> problems() {
    return present.leftOut().stream()
        .map(change ->
            "a change no longer fits the edited file and is left out: "
                + change
                + "; make it again, or any other change to have this forgotten")
        .toList();
  }

  /**
   * The document of a revision.
   *
   * @param revision the revision
   * @return what was said
   * @throws ConfigException if it is none any more
   */
  static Document documentOf(Revision revision) throws ConfigException {
    return Document.of(revision.source(), revision.text(), revision.directory())
        .with(revision.edits());
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
    RunningConfiguration before = present;
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
    RunningConfiguration read = read(request.change(), before);
    List<Change> changes = Difference.between(before.configuration(), read.configuration());
    if (changes.isEmpty() && saysTheSame(read.document(), before.document())) {
      if (!read.document().equals(before.document())) {
        // Another comment, or other spaces: no news for the history, nor for the next start.
        revisions.reread(before.revision(), read.document());
        present =
            new RunningConfiguration(
                read.document(), before.configuration(), before.revision(), before.leftOut());
      }
      return Described.of(changes, steps).plan(before.revision(), List.of(), "", List.of());
    }
    check(changes, read);
    List<String> ends = steps.ends(changes, read.configuration());
    if (!ends.isEmpty() && !request.force()) {
      throw new ChangeRefusedException(
          Reason.ENDS_SOMETHING, "it would end what runs", ends, "repeat it with --yes");
    }
    List<String> uplinks = Endings.uplinks(changes);
    if (!uplinks.isEmpty() && request.confirm().isZero() && !request.force()) {
      throw new ChangeRefusedException(
          Reason.ENDS_SOMETHING,
          "it changes an uplink",
          uplinks,
          "repeat it with --confirm 60s, which takes it back unless it is confirmed, or with"
              + " --yes");
    }
    Described described = Described.of(changes, steps);
    long number = revisions.next(before);
    Transaction transaction =
        new Transaction(
            steps.of(changes, before.configuration(), read.configuration()),
            step ->
                queue.doing(
                    "revision "
                        + number
                        + " is being applied for "
                        + request.who()
                        + ", at: "
                        + step.describe()));
    List<String> problems;
    boolean confirmed = request.confirm().isZero();
    Revision revision;
    tree.tryChange();
    try {
      problems = transaction.run(request.tolerate());
      queue.doing("");
      revision = keep(transaction, number, request, read.document());
    } finally {
      queue.doing("");
      tree.changeDecided();
      tree.order(before.configuration());
    }
    tree.order(read.configuration());
    RunningConfiguration after =
        new RunningConfiguration(read.document(), read.configuration(), revision.number());
    present = after;
    String confirmBy = confirmed ? "" : await(revision, before, request.confirm());
    PlanInfo info = described.plan(revision.number(), problems, confirmBy, ends);
    LogEvent.of("configuration-changed")
        .with("revision", revision.number())
        .with("who", request.who())
        .with("why", request.why())
        .with("changes", changes.size())
        .log(LOG, Level.INFO);
    listeners.forEach(listener -> listener.changed(after, info, request.who()));
    // Last: the change is made, and a host that has to be read slowly, or cannot be, keeps no news
    // of it back.
    List<String> clashes = tree.noteClashes(before.configuration(), read.configuration());
    if (clashes.isEmpty()) {
      return info;
    }
    problems.addAll(clashes);
    return described.plan(revision.number(), problems, confirmBy, ends);
  }

  /** Keeps a configuration that runs; undoes the change to it if that fails. */
  private Revision keep(
      Transaction transaction, long number, ChangeRequest request, Document document)
      throws ChangeRefusedException {
    try {
      boolean confirmed = request.confirm().isZero();
      return revisions.keep(number, request.who(), request.why(), document, !confirmed);
    } catch (ChangeRefusedException e) {
      transaction.undo();
      throw e;
    }
  }

  /** Refuses what a daemon cannot be changed to, or would not start with. */
  private void check(List<Change> changes, RunningConfiguration read)
      throws ChangeRefusedException {
    OwnFileKeys.check(changes, read.document(), revisions);
    String misfit = settings.misfit(read.configuration());
    if (!misfit.isEmpty()) {
      throw new ChangeRefusedException(
          Reason.FAILED, "a daemon could not start with it: " + misfit, List.of(), "");
    }
  }

  /** Whether two documents differ at most in their comments, and in who said it when. */
  private static boolean saysTheSame(Document one, Document other) {
    return one.source().equals(other.source())
        && one.directory().equals(other.directory())
        && one.effectiveText().equals(other.effectiveText());
  }

  private String await(Revision revision, RunningConfiguration before, Duration confirm) {
    Instant until = revision.at().plus(confirm);
    Future<?> end =
        queue.after(
            confirm,
            () -> {
              Unconfirmed waiting = unconfirmed;
              if (waiting != null && waiting.revision().number() == revision.number()) {
                takeBackNow(waiting, "it was not confirmed in time");
              }
            });
    unconfirmed = new Unconfirmed(revision, before, until, end, new CompletableFuture<>());
    return until.toString();
  }

  private void takeBackNow(Unconfirmed waiting, String why) {
    waiting.end().cancel(false);
    unconfirmed = null;
    RunningConfiguration now = present;
    RunningConfiguration before = waiting.before();
    List<Change> changes = Difference.between(now.configuration(), before.configuration());
    Described described = Described.of(changes, steps);
    List<String> problems =
        new Transaction(steps.of(changes, now.configuration(), before.configuration()), step -> {})
            .runAll();
    tree.order(before.configuration());
    // Its number is not used again: an ETag that somebody has of it must not fit another one.
    long number = now.revision() + 1;
    present = new RunningConfiguration(before.document(), before.configuration(), number);
    try {
      var _ = revisions.keep(number, "lanyard", "taken back: " + why, before.document(), false);
    } catch (ChangeRefusedException e) {
      problems.add(e.what());
    }
    LogEvent.of("configuration-taken-back")
        .with("revision", waiting.revision().number())
        .with("cause", why)
        .with("problems", problems)
        .log(LOG, Level.WARNING);
    PlanInfo info = described.plan(number, problems, "", List.of());
    listeners.forEach(listener -> listener.changed(present, info, "lanyard"));
    waiting.decided().complete(null);
    var _ = tree.noteClashes(now.configuration(), before.configuration());
  }

  private RunningConfiguration read(ChangeRequest.Change change, RunningConfiguration before)
      throws ChangeRefusedException {
    String file = before.document().source();
    try {
      Document asked = change.of(before.document()).with(nicAddresses);
      file = asked.source();
      Document document = subnets.in(asked, clock.now());
      Configuration said = document.configuration();
      // Somebody asked for what a file has, and is told if it cannot run.
      return new RunningConfiguration(
          document, document.isBuiltIn() ? permitted.apply(said) : said, before.revision());
    } catch (ConfigException e) {
      boolean ofEdits = true;
      for (Problem problem : e.problems()) {
        // Parts of the file, or of another edit, were good before.
        ofEdits &= problem.malformed() && !problem.source().equals(file);
      }
      throw new ChangeRefusedException(
          ofEdits ? Reason.MALFORMED : Reason.INVALID,
          "the configuration has problems",
          e.problems().stream().map(Object::toString).toList(),
          "");
    }
  }

  /** The commands that wait for their turn. */
  CommandQueue queue() {
    return queue;
  }

  /** Ends the commands: the one that is being done is finished, the others are not begun. */
  @Override
  public void close() {
    queue.close();
  }
}
