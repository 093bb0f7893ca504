package io.lanyard.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lanyard.config.ConfigException;
import io.lanyard.config.ConfigFile;
import io.lanyard.config.ConfigLoader;
import io.lanyard.config.Configuration;
import io.lanyard.config.Problem;
import java.nio.file.Path;
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

  private void report(@Nullable Path checked, Configuration configuration) {
    if (output.json()) {
      ObjectNode node = JsonNodeFactory.instance.objectNode();
      node.put("file", checked == null ? "" : checked.toString());
      node.put("valid", true);
      node.put("networks", configuration.networks().size());
      node.put("guests", configuration.guests().size());
      node.putArray("problems");
      output.print(node);
    } else {
      output.line(
          (checked == null ? "the built-in configuration" : checked)
              + ": good, networks "
              + configuration.networks().size()
              + ", guests "
              + configuration.guests().size());
    }
  }

  private static ObjectNode problems(@Nullable Path checked, ConfigException e) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("file", checked == null ? "" : checked.toString());
    node.put("valid", false);
    var list = node.putArray("problems");
    for (Problem problem : e.problems()) {
      list.addObject()
          .put("file", problem.source())
          .put("line", problem.line())
          .put("column", problem.column())
          .put("key", problem.path())
          .put("message", problem.message());
    }
    return node;
  }
}
