package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lanyard status}. */
@Command(name = "status", description = "Shows how the daemon is.")
final class StatusCommand implements Callable<Integer> {
  @Mixin Api api = new Api();
  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    JsonNode status = api.get("/v1/status");
    if (output.json()) {
      output.print(status);
      return 0;
    }
    output.line(
        "lanyard %s, process %s, up %s s, %s MB resident%s"
            .formatted(
                status.path("version").asText(),
                status.path("pid").asText(),
                status.path("uptimeSeconds").asText(),
                status.path("residentBytes").asLong() >> 20,
                status.path("ready").asBoolean() ? "" : ", starting"));
    String config = status.path("config").asText();
    output.line("configuration  " + (config.isEmpty() ? "built-in" : config));
    output.line("state          " + status.path("stateDirectory").asText());
    output.line(
        "networks       "
            + status.path("networks").asText()
            + ", guests "
            + status.path("guests").asText());
    if (status.path("problems").isEmpty()) {
      output.line("problems       none");
    }
    status
        .path("problems")
        .forEach(problem -> output.line("problem        " + Output.printable(problem.asText())));
    return 0;
  }
}
