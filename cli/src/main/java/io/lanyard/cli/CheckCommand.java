package io.lanyard.cli;

import io.lanyard.config.ConfigException;
import io.lanyard.config.ConfigFile;
import io.lanyard.config.ConfigLoader;
import io.lanyard.config.Configuration;
import io.lanyard.config.ConfigurationCheck;
import io.lanyard.config.ConfigurationCheck.Report;
import io.lanyard.config.Document;
import io.lanyard.config.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanyard check}. */
@Command(name = "check", description = "Checks a configuration file without running it.")
final class CheckCommand implements Callable<Integer> {
  @Mixin Output output = new Output();

  @Option(names = "--schema", description = "Print the format's JSON Schema, for editors.")
  boolean schema;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description = "- is standard input. Default: the file that a daemon of this user would take.")
  @Nullable Path file;

  @Option(
      names = "--plugins",
      paramLabel = "DIR",
      description = "Jars of VMM plug-ins, as the daemon is given them.")
  @Nullable Path plugins;

  @Option(names = "--images", paramLabel = "DIR", description = "The image store.")
  @Nullable Path images;

  @Override
  public Integer call() {
    if (schema) {
      output.line(ConfigLoader.schema());
      return 0;
    }
    Path checked = file == null ? ConfigFile.find() : file;
    try {
      Document document = document(checked);
      Configuration configuration = document.configuration();
      return report(checked, configuration, onThisHost(document, configuration));
    } catch (ConfigException e) {
      if (output.json()) {
        output.print(bad(checked, e.problems(), List.of()));
      } else {
        e.problems().forEach(problem -> System.err.println(problem));
      }
      return Lanyard.FAILED;
    }
  }

  private static Document document(@Nullable Path checked) throws ConfigException {
    if (checked == null) {
      return Document.builtIn();
    }
    return checked.toString().equals(FileText.STANDARD_INPUT)
        ? Document.read(System.in, FileText.STANDARD_INPUT, Path.of("").toAbsolutePath())
        : Document.load(checked);
  }

  /** The findings of the daemon's program, which is there in each distribution. */
  private Report onThisHost(Document document, Configuration configuration) {
    return ServiceLoader.load(ConfigurationCheck.class)
        .findFirst()
        .map(check -> check.check(document, configuration, plugins, images))
        .orElseGet(() -> new Report(List.of(), List.of(), List.of("the guests' VMMs")));
  }

  /** A good file, as JSON has it. */
  record Good(
      String file,
      boolean valid,
      int networks,
      int guests,
      List<BadKey> problems,
      List<BadKey> doubts,
      List<String> notChecked) {}

  /** A bad file, as JSON has it. */
  record Bad(String file, boolean valid, List<BadKey> problems, List<BadKey> doubts) {}

  /** A mistake, as JSON has it. */
  record BadKey(String file, int line, int column, String key, String message) {}

  private int report(@Nullable Path checked, Configuration configuration, Report found) {
    if (!output.json()) {
      found.problems().forEach(problem -> System.err.println(problem));
      found.doubts().forEach(doubt -> System.err.println(warning(doubt)));
    }
    if (!found.problems().isEmpty()) {
      if (output.json()) {
        output.print(bad(checked, found.problems(), found.doubts()));
      }
      return Lanyard.FAILED;
    }
    int networks = configuration.networks().size();
    int guests = configuration.guests().size();
    String name = checked == null ? "the built-in configuration" : checked.toString();
    output.done(
        new Good(
            name(checked),
            true,
            networks,
            guests,
            List.of(),
            problems(found.doubts()),
            found.left()),
        name
            + ": good, networks "
            + networks
            + ", guests "
            + guests
            + (found.left().isEmpty()
                ? ""
                : "\nthe daemon's start checks the rest: " + String.join("; ", found.left())));
    return Lanyard.DONE;
  }

  private static Problem warning(Problem doubt) {
    return new Problem(
        doubt.source(), doubt.line(), doubt.column(), doubt.path(), "warning: " + doubt.message());
  }

  private static Bad bad(@Nullable Path checked, List<Problem> problems, List<Problem> doubts) {
    return new Bad(name(checked), false, problems(problems), problems(doubts));
  }

  private static List<BadKey> problems(List<Problem> problems) {
    return problems.stream().map(CheckCommand::problem).toList();
  }

  private static BadKey problem(Problem problem) {
    return new BadKey(
        problem.source(), problem.line(), problem.column(), problem.path(), problem.message());
  }

  private static String name(@Nullable Path checked) {
    return checked == null ? "" : checked.toString();
  }
}
