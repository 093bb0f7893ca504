package io.lanyard.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code lanyard plan}. */
@Command(
    name = "plan",
    description = "Shows what applying a file would change, and what that would end.")
final class PlanCommand implements Callable<Integer> {
  @Mixin Api api = new Api();
  @Mixin Output output = new Output();

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description = "- is standard input. Default: the daemon's own file, read again.")
  @Nullable String file;

  @Override
  public Integer call() {
    FileText text = FileText.of(file);
    var plan =
        FileText.said(output, () -> api.ask(daemon -> daemon.configuration().plan(text.text())));
    if (plan == null) {
      return Lanyard.FAILED;
    }
    if (output.json()) {
      output.print(plan);
    } else if (PlanText.isEmpty(plan.value())) {
      output.line("Nothing changes.");
    } else {
      PlanText.lines(plan.value(), Terminal.hasColours()).forEach(output::line);
    }
    return Lanyard.DONE;
  }
}
