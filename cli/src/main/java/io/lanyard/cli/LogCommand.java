package io.lanyard.cli;

import io.lanyard.config.DocumentPath;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code lanyard log}. */
final class LogCommand {
  private LogCommand() {}

  static Noun noun() {
    return Noun.of("log", "The daemon's log.", Noun.verb("level", Level.class));
  }

  /** {@code lanyard log level}. */
  @Command(name = "level", description = "Shows the log's level, or sets it.")
  static final class Level implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(
        arity = "0..1",
        paramLabel = "LEVEL",
        description = "error, warning, info, debug or trace.")
    @Nullable String level;

    @Override
    public Integer call() {
      DocumentPath path = DocumentPath.of("log", "level");
      if (level != null) {
        return change.make(new Edits().set(path, level));
      }
      List<Effective.Value> found = Effective.of(change.api, true).below(path);
      String present = found.isEmpty() ? "info" : found.getFirst().text();
      if (change.output.json()) {
        change.output.print(Map.of("level", present));
      } else {
        change.output.line(present);
      }
      return Lanyard.DONE;
    }
  }
}
