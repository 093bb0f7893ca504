package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.lanyard.base.PrintableText;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lanyard status}. */
@Command(
    name = "status",
    description = "Shows how the daemon is. Exits with 3 while it has problems.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:the daemon is well",
      "1:it cannot be asked",
      "2:bad usage",
      "3:it has problems"
    })
final class StatusCommand implements Callable<Integer> {
  @Mixin Api api = new Api();
  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    JsonNode status = api.get("/v1/status");
    if (output.json()) {
      output.print(status);
      return exit(status);
    }
    output.line(
        "lanyard "
            + status.path("version").asText()
            + ", process "
            + status.path("pid").asText()
            + ", up "
            + Units.text("uptimeSeconds", status.path("uptimeSeconds"))
            + ", "
            + Units.text("residentBytes", status.path("residentBytes"))
            + " resident"
            + (status.path("ready").asBoolean() ? "" : ", starting"));
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
        .forEach(problem -> output.line("problem        " + PrintableText.of(problem.asText())));
    return exit(status);
  }

  /** A script asks with this whether the daemon is well. */
  private static int exit(JsonNode status) {
    return status.path("problems").isEmpty() ? Lanyard.DONE : Lanyard.HAS_PROBLEMS;
  }
}
