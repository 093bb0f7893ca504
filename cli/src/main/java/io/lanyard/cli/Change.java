package io.lanyard.cli;

import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.client.ChangeOptions;
import io.lanyard.control.client.Hold;
import io.lanyard.control.client.LanyardClient;
import io.lanyard.control.client.Reply;
import java.io.IOException;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * A change of the configuration that a command asks for: with its options, one request, and the
 * plan that answers it.
 *
 * <p>A change that ends guests or flows is refused unless {@code --yes} is given. A person at the
 * terminal is shown the plan then, and asked; what they agree to is what they saw, because the
 * second request names the revision of the plan.
 */
final class Change {
  /** The first pause after another operator's change; each further one is twice as long. */
  private static final long FIRST_PAUSE_MILLIS = 10;

  private static final long LONGEST_PAUSE_MILLIS = 1000;

  /** How long a command tries; longer than other operators' changes follow one another. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  private static final int LONGEST_WHY = 200;

  private static final Set<String> OPTIONS_WITH_VALUE =
      Set.of("--socket", "--connect", "--ca-file", "--token-file", "--confirm", "--if-revision");

  @Mixin Api api = new Api();
  @Mixin Output output = new Output();

  @Option(
      names = {"-y", "--yes"},
      description = "Do it even if it ends guests or flows; do not ask.")
  boolean yes;

  @Option(
      names = "--tolerate",
      description =
          "Keep what does not work yet. A port or a forward is tried again; a guest, when it is"
              + " started.")
  boolean tolerate;

  @Option(names = "--dry-run", description = "Only show what would change.")
  boolean dryRun;

  @Option(
      names = "--confirm",
      paramLabel = "TIME",
      description =
          "Take the change back after this time (such as 60s) unless it is confirmed: with Enter,"
              + " or \"lanyard config confirm\".")
  @Nullable String confirm;

  @Option(
      names = "--if-revision",
      paramLabel = "N",
      description = "Only if the configuration is still this revision.")
  @Nullable Long ifRevision;

  @Spec(Spec.Target.MIXEE)
  CommandSpec command = CommandSpec.create();

  Person person = Person.atTerminal();

  /** Of a change that a person confirms: the end of this process takes it back at once. */
  private final Hold hold = new Hold();

  /** Reads arguments {@code KEY=VALUE}. */
  List<KeyValue> pairs(List<String> arguments) {
    try {
      return arguments.stream().map(KeyValue::parse).toList();
    } catch (IllegalArgumentException e) {
      throw misused(e);
    }
  }

  /** The command line has something that cannot be read. */
  private ParameterException misused(IllegalArgumentException e) {
    return new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
  }

  /** Makes changes that do not depend on the present configuration. */
  int make(Edits edits) {
    return make(edits, ifRevision);
  }

  private int make(Edits edits, @Nullable Long revision) {
    if (edits.isEmpty()) {
      throw Failure.ofUsage("there is nothing to change", "give KEY=VALUE");
    }
    String why = why();
    try {
      return send(
          (daemon, options) -> daemon.configuration().edit(edits.list(), why, options), revision);
    } catch (Failure e) {
      throw e.isOfContent() ? e.ofThisChange() : e;
    }
  }

  /**
   * Makes changes of the configuration that is there, and of no other. Many commands at once read
   * the same revision and only one of them changes it: the others read it again after a pause.
   */
  int make(Function<Effective, Edits> edits) {
    long started = System.nanoTime();
    for (long pause = FIRST_PAUSE_MILLIS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS)) {
      Effective present = Effective.of(api, false);
      try {
        return make(edits.apply(present), ifRevision == null ? present.revision() : ifRevision);
      } catch (Failure e) {
        if (!e.reason().equals("outdated")
            || ifRevision != null
            || System.nanoTime() - started >= LONGEST_WAIT.toNanos()) {
          throw e;
        }
        pause(pause, e);
      }
    }
  }

  /** Waits for about a time: commands that have failed together do not try again together. */
  private static void pause(long millis, Failure before) {
    try {
      Thread.sleep(ThreadLocalRandom.current().nextLong(millis / 2, millis + millis / 2));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw before;
    }
  }

  /** Makes changes that add a thing, which must not be there yet. */
  int add(Target target, Edits edits) {
    return make(present -> {
      requireNone(present, target);
      return edits;
    });
  }

  static void requireNone(Effective present, Target target) {
    if (present.has(target.path())) {
      throw new Failure(
          target.what() + " is there already", "change it with \"set\", or remove it first");
    }
  }

  /** Makes changes of a thing that must be there. */
  int change(Target target, Edits edits) {
    return make(present -> {
      require(present, target);
      return edits;
    });
  }

  static void require(Effective present, Target target) {
    if (!present.has(target.path())) {
      throw new Failure("the configuration has no " + target.what(), target.whereToLook());
    }
  }

  /** Removes a thing that must be there. */
  int remove(Target target) {
    return change(target, new Edits().remove(target.path()));
  }

  /** A request that changes the configuration. */
  @FunctionalInterface
  interface Request {
    Reply<PlanInfo> to(LanyardClient daemon, ChangeOptions options) throws IOException;
  }

  int send(Request request) {
    return send(request, ifRevision);
  }

  private int send(Request request, @Nullable Long revision) {
    try {
      return report(ask(request, yes, dryRun, revision));
    } catch (Failure e) {
      if (!e.reason().equals("ends-something") || output.json() || !person.isThere()) {
        throw e;
      }
    }
    PlanInfo plan = ask(request, true, true, revision).value();
    PlanText.lines(plan, Terminal.hasColours()).forEach(output::line);
    if (!person.agrees("Do it?")) {
      throw new Failure("nothing was changed");
    }
    return reportDone(ask(request, true, false, plan.revision()));
  }

  private Reply<PlanInfo> ask(
      Request request, boolean force, boolean dry, @Nullable Long revision) {
    ChangeOptions options =
        new ChangeOptions(
            force,
            tolerate,
            dry,
            confirm == null ? "" : confirm,
            revision,
            confirm != null && isConfirmedHere() ? hold : null);
    return api.ask(daemon -> request.to(daemon, options));
  }

  /** Whether the command waits for a person to confirm the change; a script's does not. */
  private boolean isConfirmedHere() {
    return person.isThere() && !output.json();
  }

  private int report(Reply<PlanInfo> plan) {
    if (!output.json()) {
      PlanText.lines(plan.value(), Terminal.hasColours()).forEach(output::line);
    }
    if (!dryRun) {
      return reportDone(plan);
    }
    if (output.json()) {
      output.print(plan);
    } else if (PlanText.isEmpty(plan.value())) {
      output.line("Nothing changes.");
    }
    return Lanyard.DONE;
  }

  private int reportDone(Reply<PlanInfo> answer) {
    PlanInfo plan = answer.value();
    if (output.json()) {
      output.print(answer);
    } else if (PlanText.isEmpty(plan)) {
      output.line("Nothing changes; revision " + plan.revision() + ".");
    } else {
      output.line("Done: revision " + plan.revision() + ".");
    }
    if (plan.confirmBy().isEmpty() || output.json()) {
      return Lanyard.DONE;
    }
    if (isConfirmedHere()) {
      return new Confirmation(api, output, plan.revision(), plan.confirmBy(), hold).await();
    }
    output.line(
        "It is taken back at "
            + plan.confirmBy()
            + " unless it is confirmed: lanyard config confirm "
            + plan.revision());
    return Lanyard.DONE;
  }

  /** The command without its options, for the history. */
  String why() {
    StringBuilder why = new StringBuilder();
    Iterator<String> words =
        command.root().commandLine().getParseResult().originalArgs().iterator();
    while (words.hasNext()) {
      String word = words.next();
      if (OPTIONS_WITH_VALUE.contains(word) && words.hasNext()) {
        words.next();
      } else if (!List.of("--json", "--yes", "-y", "--tolerate").contains(word)
          && OPTIONS_WITH_VALUE.stream().noneMatch(option -> word.startsWith(option + "="))) {
        why.append(why.isEmpty() ? "" : " ").append(word);
      }
    }
    return Table.cut(why.toString(), LONGEST_WHY);
  }
}
