package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.control.api.DaemonStatus;
import io.lanyard.control.client.LanyardClient;
import io.lanyard.control.client.Reply;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
    Reply<DaemonStatus> answer = api.ask(LanyardClient::status);
    DaemonStatus status = answer.value();
    if (output.json()) {
      output.print(answer);
      return exit(status);
    }
    output.line(
        String.join(
            ", ",
            "lanyard " + PrintableText.of(status.version()),
            "process " + status.pid(),
            "up " + Units.duration((double) status.uptimeSeconds()),
            Units.bytes(status.residentBytes())
                + (status.ready() ? " resident" : " resident, starting")));
    String config = PrintableText.of(status.config());
    output.line("configuration  " + (config.isEmpty() ? "built-in" : config));
    output.line("state          " + PrintableText.of(status.stateDirectory()));
    String stopped =
        status.stopped().isEmpty()
            ? ""
            : " (stopped: " + PrintableText.of(String.join(", ", status.stopped())) + ")";
    output.line("networks       " + status.networks() + stopped + ", guests " + status.guests());
    if (!status.busiest().isEmpty()) {
      output.line("busiest ports  " + busiest(status));
    }
    if (!status.translators().isEmpty()) {
      String translators = String.join(", ", status.translators());
      output.line("translators    " + PrintableText.of(translators));
    }
    if (status.problems().isEmpty()) {
      output.line("problems       none");
    }
    status
        .problems()
        .forEach(problem -> output.line("problem        " + PrintableText.of(problem)));
    return exit(status);
  }

  /** The ports to look at where something is slow; {@code top} shows more. */
  private static String busiest(DaemonStatus status) {
    return status.busiest().stream()
        .map(load ->
            PrintableText.of(load.port() + " of " + load.network()) + " " + load.percent() + " %")
        .collect(Collectors.joining(", "));
  }

  /** A script asks with this whether the daemon is well. */
  private static int exit(DaemonStatus status) {
    return status.problems().isEmpty() ? Lanyard.DONE : Lanyard.HAS_PROBLEMS;
  }
}
