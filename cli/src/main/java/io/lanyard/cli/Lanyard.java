package io.lanyard.cli;

import io.lanyard.base.Causes;
import io.lanyard.base.Nearest;
import io.lanyard.base.PrintableText;
import io.lanyard.control.json.JsonText;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

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
  private static final List<String> COMMANDS =
      List.of(
          "daemon",
          "check",
          "plan",
          "apply",
          "config",
          "demo",
          "status",
          "ls",
          "top",
          "topology",
          "events",
          "network",
          "port",
          "group",
          "mac",
          "forward",
          "lease",
          "reservation",
          "dns",
          "flow",
          "egress",
          "guest",
          "snapshot",
          "uplink",
          "vmm",
          "image",
          "log",
          "token",
          "port-forward",
          "capture",
          "extcap",
          "dump",
          "completion",
          "help");

  /** A command, as an object for picocli or as a noun; null if there is none of that name. */
  private static @Nullable Object command(String name) {
    return switch (name) {
      case "daemon" -> DaemonHelp.line();
      case "check" -> new CheckCommand();
      case "plan" -> new PlanCommand();
      case "apply" -> new ApplyCommand();
      case "config" -> ConfigCommand.noun();
      case "demo" -> new DemoCommand();
      case "status" -> new StatusCommand();
      case "ls" -> new OverviewCommand();
      case "top" -> new TopCommand();
      case "topology" -> new TopologyCommand();
      case "events" -> new EventsCommand();
      case "network" -> NetworkCommand.noun();
      case "port" -> PortCommand.noun();
      case "group" -> GroupCommand.noun();
      case "mac" -> MacCommand.noun();
      case "forward" -> ForwardCommand.noun();
      case "lease" -> LeaseCommand.noun();
      case "reservation" -> ReservationCommand.noun();
      case "dns" -> DnsCommand.noun();
      case "flow" -> FlowCommand.noun();
      case "egress" -> EgressCommand.noun();
      case "guest" -> GuestCommand.noun();
      case "snapshot" -> SnapshotCommand.noun();
      case "uplink" -> UplinkCommand.noun();
      case "vmm" -> VmmCommand.noun();
      case "image" -> ImageCommand.noun();
      case "log" -> LogCommand.noun();
      case "token" -> TokenCommand.noun();
      case "port-forward" -> new PortForwardCommand();
      case "capture" -> new CaptureCommand();
      case "extcap" -> new ExtcapCommand();
      case "dump" -> new DumpCommand();
      case "completion" -> new CompletionCommand();
      case "help" -> new HelpCommand();
      default -> null;
    };
  }

  /**
   * The commands as picocli has them. Only the one that is asked for, where one is: picocli looks
   * at every command by reflection, and a start should not pay for those that it does not run.
   */
  static CommandLine line(String... arguments) {
    CommandLine line = new CommandLine(new Lanyard());
    String first = arguments.length == 0 ? "" : arguments[0];
    String second = arguments.length < 2 ? "" : arguments[1];
    boolean needsAll =
        first.equals("help") || (first.equals("completion") && !second.startsWith("--names"));
    if (needsAll || !add(line, first, second)) {
      COMMANDS.forEach(name -> add(line, name, ""));
    }
    UsageText.of(line);
    return line;
  }

  /** Whether a command is a noun, behind which a verb stands. */
  static boolean isNoun(String name) {
    return command(name) instanceof Noun;
  }

  private static boolean add(CommandLine line, String name, String verb) {
    Object command = command(name);
    if (command instanceof Noun noun) {
      noun.addTo(line, verb);
    } else if (command != null) {
      line.addSubcommand(name, command);
    }
    return command != null;
  }

  static int execute(String... given) {
    // Pictures, files and tables have the digits of their languages, not those of the person.
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    // No option is of a type of these packages, whose classes picocli would initialize one by one.
    System.setProperty("picocli.converters.excludes", "java\\.(time|sql|net)\\..*");
    String[] arguments = CommandWords.ordered(given);
    CommandLine line = line(arguments);
    boolean json = List.of(arguments).contains("--json");
    line.setExecutionExceptionHandler(
        (exception, command, parsed) -> failed(exception, command.getErr(), json));
    line.setParameterExceptionHandler((exception, unread) -> misused(exception, json));
    line.setExecutionStrategy(Lanyard::run);
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

  private static int failed(Exception exception, PrintWriter err, boolean json) {
    Failure failure =
        switch (exception) {
          case Failure known -> known;
          case AccessDeniedException e -> new Failure("permission denied: " + e.getFile());
          case IOException e -> new Failure(Causes.of(e));
          default -> new Failure(exception.toString());
        };
    err.println(json ? JsonText.printable(failure.toJson(), true) : "lanyard: " + failure.text());
    if (System.getenv("LANYARD_TRACE") != null) {
      exception.printStackTrace(err);
    }
    return failure.isUsage() ? BAD_USAGE : FAILED;
  }

  /** Runs a command unless one of its parameters is empty: an unset variable of a script. */
  private static int run(ParseResult parsed) {
    ParseResult command = parsed;
    while (command.hasSubcommand()) {
      command = command.subcommand();
    }
    for (PositionalParamSpec parameter : command.matchedPositionals()) {
      if (!parameter.isMultiValue() && parameter.stringValues().contains("")) {
        throw new ParameterException(
            command.commandSpec().commandLine(), parameter.paramLabel() + " is empty");
      }
    }
    return new RunLast().execute(parsed);
  }

  /** Says in a line what is wrong with the command line, and where its help is. */
  private static int misused(ParameterException exception, boolean json) {
    CommandLine command = exception.getCommandLine();
    PrintWriter err = command.getErr();
    String message = UsageMistake.of(exception);
    String hint = "See: " + command.getCommandSpec().qualifiedName() + " --help";
    if (exception instanceof UnmatchedArgumentException unmatched) {
      String word = unmatched.getUnmatched().getFirst();
      Set<String> known = command.getSubcommands().keySet();
      if (unmatched.isUnknownOption()) {
        known = command.getCommandSpec().optionsMap().keySet();
        if (UsageMistake.takesKeys(command)) {
          String key = word.replaceFirst("^-+", "").replaceFirst("=.*", "");
          hint = "a key of the file is written as KEY=VALUE: " + key + "=...\n" + hint;
        }
      } else {
        message =
            (known.isEmpty() ? "there is one word too many: " : "there is no command ") + word;
      }
      String nearest = Nearest.to(word.replaceFirst("=.*", ""), known);
      if (nearest != null) {
        hint = "Did you mean " + nearest + "? " + hint;
      }
    }
    err.println(
        json
            ? JsonText.printable(new Failure(message, hint).toJson(), true)
            : "lanyard: " + PrintableText.of(message) + "\n" + PrintableText.of(hint));
    return BAD_USAGE;
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getErr());
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
