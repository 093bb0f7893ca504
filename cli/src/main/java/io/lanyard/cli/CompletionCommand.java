package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.lanyard.base.PrintableText;
import io.lanyard.config.DocumentPath;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lanyard completion}. */
@Command(
    name = "completion",
    description = "Prints a completion script for bash and zsh: source <(lanyard completion)")
final class CompletionCommand implements Callable<Integer> {
  @Mixin Api api = new Api();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--names",
      hidden = true,
      paramLabel = "KIND",
      description = "Print the names of a kind of things instead, as the script asks for them.")
  @Nullable String kind;

  @Parameters(hidden = true, arity = "0..*", description = "The words before the name.")
  List<String> words = new ArrayList<>();

  @Override
  public Integer call() {
    if (kind == null) {
      spec.commandLine().getOut().print(CompletionScript.of(spec.root()));
    } else {
      for (String name : names(kind, words.isEmpty() ? "" : words.getFirst())) {
        // A guest's name for itself must not become a second word, or a command.
        if (name.matches("[A-Za-z0-9_./:*\\[\\]-]+") && PrintableText.of(name).equals(name)) {
          spec.commandLine().getOut().println(name);
        }
      }
    }
    spec.commandLine().getOut().flush();
    return Lanyard.DONE;
  }

  /** None where no daemon answers: who presses the tabulator key wants no message. */
  private Iterable<String> names(String of, String network) {
    try {
      return switch (of) {
        case "NETWORK" -> list("networks", "name");
        case "GUEST", "GUEST[:NETWORK]" -> list("guests", "name");
        case "PORT" -> list("ports" + of(network), "name");
        case "ADDRESS" -> list("leases" + of(network), "address");
        case "ID" -> list("flows" + of(network), "id");
        case "REVISION" -> list("config/history", "revision");
        case "NETWORK/PORT", "NETWORK[/PORT]" -> ports();
        case "FORWARD" -> configured(DocumentPath.of("networks", network, "forwards"));
        case "MAC" -> configured(DocumentPath.of("networks", network, "dhcp", "reservations"));
        case "NAME" -> configured(DocumentPath.of("networks", network, "dns", "hosts"));
        default -> List.of();
      };
    } catch (Failure e) {
      return List.of();
    }
  }

  private static String of(String network) {
    return network.isEmpty() ? "" : "?network=" + Api.encode(network);
  }

  private Iterable<String> list(String resource, String member) {
    List<String> names = new ArrayList<>();
    api.get("/v1/" + resource).forEach(one -> names.add(one.path(member).asText()));
    return names;
  }

  private Iterable<String> ports() {
    List<String> names = new ArrayList<>();
    for (JsonNode port : api.get("/v1/ports")) {
      names.add(port.path("network").asText() + '/' + port.path("name").asText());
    }
    return names;
  }

  private Iterable<String> configured(DocumentPath list) {
    TreeSet<String> names = new TreeSet<>();
    for (Effective.Value value : Effective.of(api, false).below(list)) {
      List<String> steps = value.stepsBelow(list);
      if (!steps.isEmpty()) {
        names.add(steps.getFirst());
      }
    }
    return names;
  }
}
