package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.config.DocumentPath;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.api.LeaseInfo;
import io.lanyard.control.api.NetworkInfo;
import io.lanyard.control.api.PortGroupInfo;
import io.lanyard.control.api.PortInfo;
import io.lanyard.control.client.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lanyard completion}. */
@Command(
    name = "completion",
    description = "Prints a completion script for bash and zsh: source <(lanyard completion)")
final class CompletionCommand implements Callable<Integer> {
  private static final List<String> SHELLS = List.of("bash", "zsh");

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
      if (!words.isEmpty() && !SHELLS.contains(words.getFirst())) {
        throw new ParameterException(
            spec.commandLine(), "there is a script for bash and zsh, not for " + words.getFirst());
      }
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
        case "NETWORK" -> list(daemon -> daemon.networks().list(), NetworkInfo::name);
        case "GUEST", "GUEST[:NETWORK]" -> list(daemon -> daemon.guests().list(), GuestInfo::name);
        case "PORT" -> list(daemon -> daemon.networks().ports(network), PortInfo::name);
        case "ADDRESS" -> list(daemon -> daemon.networks().leases(network), LeaseInfo::address);
        case "ID" ->
            list(daemon -> daemon.networks().flows(network), flow -> Long.toString(flow.id()));
        case "REVISION" ->
            list(daemon -> daemon.configuration().history(), one -> Long.toString(one.revision()));
        case "NETWORK/PORT", "NETWORK[/PORT]" ->
            list(daemon -> daemon.networks().ports(""), port -> port.network() + '/' + port.name());
        case "GROUP" -> list(daemon -> daemon.networks().portGroups(network), PortGroupInfo::name);
        case "NETWORK/GROUP" ->
            list(
                daemon -> daemon.networks().portGroups(""),
                group -> group.network() + '/' + group.name());
        case "FORWARD" -> configured(DocumentPath.of("networks", network, "forwards"));
        case "MAC" -> configured(DocumentPath.of("networks", network, "dhcp", "reservations"));
        case "NAME" -> configured(DocumentPath.of("networks", network, "dns", "hosts"));
        default -> List.of();
      };
    } catch (Failure e) {
      return List.of();
    }
  }

  private <T> Iterable<String> list(Api.Question<Reply<List<T>>> asked, Function<T, String> name) {
    return api.ask(asked).value().stream().map(name).toList();
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
