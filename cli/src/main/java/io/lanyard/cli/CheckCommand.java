package io.lanyard.cli;

import io.lanyard.config.ConfigException;
import io.lanyard.config.ConfigFile;
import io.lanyard.config.ConfigLoader;
import io.lanyard.config.Configuration;
import io.lanyard.config.Problem;
import java.nio.file.Path;
import java.util.List;
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
      description = "Default: the file that a daemon of this user would take.")
  @Nullable Path file;

  @Override
  public Integer call() {
    if (schema) {
      output.line(ConfigLoader.schema());
      return 0;
    }
    Path checked = file == null ? ConfigFile.find() : file;
    try {
      Configuration configuration =
          checked == null ? ConfigLoader.builtIn() : ConfigLoader.load(checked);
      report(checked, configuration);
      return 0;
    } catch (ConfigException e) {
      if (output.json()) {
        output.print(problems(checked, e));
      } else {
        e.problems().forEach(problem -> System.err.println(problem));
      }
      return Lanyard.FAILED;
    }
  }

  /** A good file, as JSON has it. */
  record Good(String file, boolean valid, int networks, int guests, List<BadKey> problems) {}

  /** A bad file, as JSON has it. */
  record Bad(String file, boolean valid, List<BadKey> problems) {}

  /** A mistake, as JSON has it. */
  record BadKey(String file, int line, int column, String key, String message) {}

  private void report(@Nullable Path checked, Configuration configuration) {
    int networks = configuration.networks().size();
    int guests = configuration.guests().size();
    String name = checked == null ? "the built-in configuration" : checked.toString();
    output.done(
        new Good(name(checked), true, networks, guests, List.of()),
        name + ": good, networks " + networks + ", guests " + guests);
  }

  private static Bad problems(@Nullable Path checked, ConfigException e) {
    return new Bad(name(checked), false, e.problems().stream().map(CheckCommand::problem).toList());
  }

  private static BadKey problem(Problem problem) {
    return new BadKey(
        problem.source(), problem.line(), problem.column(), problem.path(), problem.message());
  }

  private static String name(@Nullable Path checked) {
    return checked == null ? "" : checked.toString();
  }
}
