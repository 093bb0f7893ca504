package io.lanyard.cli;

import io.lanyard.base.Causes;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The program {@code lanyard}, but for the daemon, which is one of its own. */
@Command(
    name = "lanyard",
    description = "Virtual networks for the guests of any VMM, in user space.",
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND")
public final class Lanyard implements Runnable {
  /** Done. */
  static final int DONE = 0;

  /** It did not work. */
  static final int FAILED = 1;

  /** The command line makes no sense. */
  static final int BAD_USAGE = 2;

  /** The daemon answers, and says that something is wrong: {@code lanyard status}. */
  static final int HAS_PROBLEMS = 3;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help.")
  boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the version.")
  boolean version;

  Lanyard() {}

  /**
   * Runs a command and exits.
   *
   * @param arguments the command line
   */
  public static void main(String[] arguments) {
    StandardOutput output = StandardOutput.install();
    System.exit(finish(execute(arguments), output));
  }

  /** In the order in which the usage shows them. */
  private static final Map<String, Supplier<Object>> COMMANDS = commands();

  private static Map<String, Supplier<Object>> commands() {
    Map<String, Supplier<Object>> all = new LinkedHashMap<>();
    all.put("daemon", DaemonHelp::line);
    all.put("check", CheckCommand::new);
    all.put("demo", DemoCommand::new);
    all.put("status", StatusCommand::new);
    all.put("network", ListCommand.NetworkNoun::new);
    all.put("port", ListCommand.PortNoun::new);
    all.put("lease", ListCommand.LeaseNoun::new);
    all.put("flow", ListCommand.FlowNoun::new);
    all.put("forward", ListCommand.ForwardNoun::new);
    all.put("guest", GuestCommand::new);
    all.put("image", ImageCommand::new);
    all.put("capture", CaptureCommand::new);
    all.put("dump", DumpCommand::new);
    all.put("completion", CompletionCommand::new);
    all.put("help", HelpCommand::new);
    return all;
  }

  /**
   * The commands as picocli has them. Only the one that is asked for, where one is: picocli looks
   * at every command by reflection, and a start should not pay for those that it does not run.
   */
  static CommandLine line(String... arguments) {
    CommandLine line = new CommandLine(new Lanyard());
    String first = arguments.length == 0 ? "" : arguments[0];
    boolean needsAll = first.equals("completion") || first.equals("help");
    Supplier<Object> only = needsAll ? null : COMMANDS.get(first);
    if (only == null) {
      COMMANDS.forEach((name, command) -> line.addSubcommand(name, command.get()));
    } else {
      line.addSubcommand(first, only.get());
    }
    return line;
  }

  static int execute(String... arguments) {
    CommandLine line = line(arguments);
    line.setExecutionExceptionHandler(
        (exception, command, parsed) -> failed(exception, command.getErr()));
    return line.execute(arguments);
  }

  /** A command has failed, too, when nobody can have its result. */
  static int finish(int status, StandardOutput output) {
    IOException failure = output.finish();
    if (failure == null) {
      return status;
    }
    System.err.println("lanyard: cannot write standard output: " + Causes.of(failure));
    return status == DONE ? FAILED : status;
  }

  private static int failed(Exception exception, PrintWriter err) {
    String text =
        switch (exception) {
          case Failure failure -> failure.text();
          case AccessDeniedException failure -> "permission denied: " + failure.getFile();
          case IOException failure -> Causes.of(failure);
          default -> exception.toString();
        };
    err.println("lanyard: " + text);
    if (System.getenv("LANYARD_TRACE") != null) {
      exception.printStackTrace(err);
    }
    return FAILED;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
