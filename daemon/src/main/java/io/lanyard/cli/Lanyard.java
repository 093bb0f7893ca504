package io.lanyard.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program {@code lanyard}. */
@Command(
    name = "lanyard",
    description = "Virtual networks for the guests of any VMM, in user space.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DaemonCommand.class,
      CheckCommand.class,
      DemoCommand.class,
      StatusCommand.class,
      ListCommand.NetworkNoun.class,
      ListCommand.PortNoun.class,
      ListCommand.LeaseNoun.class,
      ListCommand.FlowNoun.class,
      ListCommand.ForwardNoun.class,
      GuestCommand.class,
      ImageCommand.class,
      CaptureCommand.class,
      DumpCommand.class,
      CompletionCommand.class
    })
public final class Lanyard implements Runnable {
  /** Done. */
  static final int DONE = 0;

  /** It did not work. */
  static final int FAILED = 1;

  /** The command line makes no sense. */
  static final int BAD_USAGE = 2;

  @Spec private CommandSpec spec = CommandSpec.create();

  Lanyard() {}

  /**
   * Runs a command and exits.
   *
   * @param arguments the command line
   */
  public static void main(String[] arguments) {
    System.exit(execute(arguments));
  }

  static int execute(String... arguments) {
    CommandLine line = new CommandLine(new Lanyard());
    line.setExecutionExceptionHandler((exception, command, parsed) -> {
      String text = exception instanceof Failure failure ? failure.text() : exception.toString();
      command.getErr().println("lanyard: " + text);
      if (System.getenv("LANYARD_TRACE") != null) {
        exception.printStackTrace(command.getErr());
      }
      return FAILED;
    });
    return line.execute(arguments);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
