package io.lanyard.cli;

import io.lanyard.config.DocumentPath;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code lanyard egress}. */
final class EgressCommand {
  private EgressCommand() {}

  static Noun noun() {
    return Noun.of(
        "egress",
        "Where a network's guests may go.",
        Noun.verb("show", Show.class),
        Noun.verb("set", Set.class));
  }

  private static DocumentPath path(String network) {
    return DocumentPath.of("networks", network, "egress");
  }

  /** {@code lanyard egress show}. */
  @Command(
      name = "show",
      description = {
        "Shows the rules of a network, in the order in which they decide.",
        "The host's own addresses, other networks and link-local addresses are denied unless a"
            + " rule says otherwise."
      })
  static final class Show implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Parameters(paramLabel = "NETWORK")
    String network = "";

    /** A setting of the egress, as the table has it. */
    record Rule(String key, String value, String origin) {}

    @Override
    public Integer call() {
      DocumentPath path = path(network);
      List<Rule> list = new ArrayList<>();
      int above = path.toString().length();
      for (Effective.Value value : Effective.of(api, true).below(path)) {
        String key = value.path().toString().substring(above);
        list.add(
            new Rule(key.startsWith(".") ? key.substring(1) : key, value.text(), value.origin()));
      }
      if (list.isEmpty()) {
        // The daemon says it better if there is no such network.
        var _ = api.ask(daemon -> daemon.network(network));
      }
      output.table(list, List.of("key", "value", "origin"));
      return Lanyard.DONE;
    }
  }

  /** {@code lanyard egress set}. */
  @Command(
      name = "set",
      description = {
        "Changes the rules of a network.",
        "Keys are default and rules, or one of the rules: rules[0]='{deny: 10.0.0.0/8}'.",
        "For example: lanyard egress set vmnet8 default=deny 'rules=[{allow: 192.0.2.0/24:443}]'"
      })
  static final class Set extends SetCommand.OfOneName {
    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Override
    Target target() {
      return Target.network(network);
    }

    @Override
    DocumentPath base() {
      return path(network);
    }
  }
}
