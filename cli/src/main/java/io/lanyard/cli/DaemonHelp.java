package io.lanyard.cli;

import io.lanyard.control.launch.DaemonOption;
import io.lanyard.control.launch.DaemonUsage;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.OptionSpec;

/**
 * {@code lanyard daemon} in the help and in the completion. The launcher runs the daemon's own
 * program for it, so that nobody gets here who would like to have a daemon.
 */
@Command(name = "daemon", description = DaemonUsage.DESCRIPTION)
final class DaemonHelp implements Callable<Integer> {
  /** The command with its options, which are declared once, for both programs. */
  static CommandLine line() {
    CommandLine line = new CommandLine(new DaemonHelp());
    for (DaemonOption option : DaemonOption.values()) {
      // All commands have that one.
      if (option != DaemonOption.HELP) {
        OptionSpec.Builder spec =
            OptionSpec.builder(option.word()).description(option.description());
        if (option.takesValue()) {
          spec.paramLabel(option.label()).type(String.class).arity("1");
        }
        line.getCommandSpec().addOption(spec.build());
      }
    }
    return line;
  }

  @Override
  public Integer call() {
    throw new Failure(
        "the daemon is a program of its own", "start it with the launcher: lanyard daemon");
  }
}
