package io.lanyard.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code lanyard help COMMAND...}: the same as {@code lanyard COMMAND... --help}. */
@Command(name = "help", description = "Shows the help of a command.")
final class HelpCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "COMMAND", description = "For example: guest console.")
  List<String> words = new ArrayList<>();

  @Override
  public Integer call() {
    CommandLine found = spec.root().commandLine();
    for (String word : words) {
      CommandLine next = found.getSubcommands().get(word);
      if (next == null) {
        throw new UnmatchedArgumentException(found, List.of(word));
      }
      found = next;
    }
    found.usage(spec.commandLine().getOut());
    return Lanyard.DONE;
  }
}
