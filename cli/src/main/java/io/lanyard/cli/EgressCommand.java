package io.lanyard.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.lanyard.config.DocumentPath;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
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

    @Override
    public Integer call() {
      DocumentPath path = path(network);
      ArrayNode list = JsonNodeFactory.instance.arrayNode();
      int above = path.toString().length();
      for (Effective.Value value : Effective.of(api, true).below(path)) {
        String key = value.path().toString().substring(above);
        list.addObject()
            .put("key", key.startsWith(".") ? key.substring(1) : key)
            .put("value", value.text())
            .put("origin", value.origin());
      }
      if (list.isEmpty()) {
        // The daemon says it better if there is no such network.
        var _ = api.get(Api.path("networks", network));
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
        "For example: lanyard egress set vmnet8 default=deny 'rules=[{allow: 192.0.2.0/24:443}]'"
      })
  static final class Set implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Option(names = "--unset", paramLabel = "KEY", description = "Give this key its default.")
    List<String> unset = new ArrayList<>();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(
        index = "1..*",
        arity = "0..*",
        paramLabel = "KEY=VALUE",
        description = "default, rules; or one of the rules: rules[0]='{deny: 10.0.0.0/8}'.")
    List<String> keys = new ArrayList<>();

    @Override
    public Integer call() {
      DocumentPath path = path(network);
      return change.change(
          "network " + network,
          NetworkCommand.path(network),
          new Edits().setAll(path, change.pairs(keys)).unsetAll(path, unset));
    }
  }
}
