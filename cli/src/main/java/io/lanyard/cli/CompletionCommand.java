package io.lanyard.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code lanyard completion}. */
@Command(
    name = "completion",
    description = "Prints a completion script for bash and zsh: source <(lanyard completion)")
final class CompletionCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    spec.commandLine().getOut().print(AutoComplete.bash("lanyard", spec.root().commandLine()));
    spec.commandLine().getOut().flush();
    return 0;
  }
}
