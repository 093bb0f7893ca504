package io.lanyard.daemon.change;

import io.lanyard.base.Causes;
import io.lanyard.base.LogEvent;
import io.lanyard.daemon.change.ChangeRefusedException.Reason;
import io.lanyard.vmm.VmmException;
import io.lanyard.vswitch.PortState;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * Steps that are done all, or not at all.
 *
 * <p>Thread: the conductor's.
 */
final class Transaction {
  private static final System.Logger LOG = System.getLogger(Transaction.class.getName());

  private final List<Step> steps;
  private final Consumer<Step> progress;
  private final Deque<Step> done = new ArrayDeque<>();

  /**
   * Makes one.
   *
   * @param steps the steps
   * @param progress hears of each step before it is done
   */
  Transaction(List<Step> steps, Consumer<Step> progress) {
    this.steps = steps;
    this.progress = progress;
  }

  /**
   * Does the steps in turn. If one fails, those that were done are undone.
   *
   * @param tolerate whether a step whose result does not work yet is no failure
   * @return what does not work yet and is kept
   */
  List<String> run(boolean tolerate) throws ChangeRefusedException {
    List<String> problems = new ArrayList<>();
    for (Step step : steps) {
      String problem;
      progress.accept(step);
      try {
        problem = step.run();
        done.add(step);
      } catch (VmmException e) {
        throw failed(step, String.valueOf(e.getMessage()));
      } catch (RuntimeException e) {
        LogEvent.of("change-failed").with("step", step.describe()).log(LOG, Level.WARNING, e);
        throw failed(step, Causes.of(e));
      }
      if (!problem.isEmpty() && !tolerate) {
        throw failed(step, problem);
      }
      if (!problem.isEmpty()) {
        problems.add(step.describe() + ": " + problem);
      }
    }
    return problems;
  }

  /** Does the steps in turn; one that fails is a problem, and the others are done all the same. */
  List<String> runAll() {
    List<String> problems = new ArrayList<>();
    for (Step step : steps) {
      try {
        String problem = step.run();
        if (!problem.isEmpty()) {
          problems.add(step.describe() + ": " + problem);
        }
      } catch (VmmException | RuntimeException e) {
        problems.add(step.describe() + ": " + Causes.of(e));
      }
    }
    return problems;
  }

  private ChangeRefusedException failed(Step step, String why) {
    undo();
    // A refused change is not kept, and nobody tries it again.
    return new ChangeRefusedException(
        Reason.FAILED,
        step.describe() + ": " + why.replace("; " + PortState.Failed.TRIED_AGAIN, ""),
        List.of(),
        "set that right, or repeat it with --tolerate to keep what does not work yet");
  }

  /** Undoes the steps that were done, the last one first. */
  void undo() {
    while (!done.isEmpty()) {
      Step step = done.removeLast();
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
}
