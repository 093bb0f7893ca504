package io.lanyard.cli;

import io.lanyard.control.api.PortGroupInfo;
import io.lanyard.control.client.NetworkClient;
import io.lanyard.control.client.Reply;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lanyard group}. */
final class GroupCommand {
  private GroupCommand() {}

  static Noun noun() {
    return Noun.of(
        "group",
        "Port groups: settings that ports and guests' NICs share.",
        Noun.verb("ls", Ls.class),
        Noun.verb("show", Show.class),
        Noun.verb("add", Add.class),
        Noun.verb("set", Set.class),
        Noun.verb("rm", Rm.class));
  }

  /** {@code lanyard group ls}. */
  @Command(name = "ls", description = "Lists the port groups with the ports that are in them.")
  static final class Ls extends ListCommand.OfNetwork {
    Ls() {
      super(NetworkClient::portGroups, "network", "name", "ports");
    }
  }

  /** {@code lanyard group show}. */
  @Command(name = "show", description = "Shows a port group: its ports and its settings.")
  static final class Show implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();
    @Spec CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "NETWORK/GROUP")
    String target = "";

    /** Two words, as the other verbs take them. */
    @Parameters(index = "1", arity = "0..1", hidden = true)
    @Nullable String name;

    @Override
    public Integer call() {
      if (name != null && target.contains("/")) {
        throw new ParameterException(
            spec.commandLine(), "expected NETWORK/GROUP: \"" + target + " " + name + "\"");
      }
      target = name == null ? target : target + "/" + name;
      int slash = target.indexOf('/');
      if (slash <= 0 || slash == target.length() - 1) {
        throw new ParameterException(
            spec.commandLine(), "expected NETWORK/GROUP: \"" + target + "\"");
      }
      String network = target.substring(0, slash);
      String group = target.substring(slash + 1);
      Reply<List<PortGroupInfo>> groups = api.ask(daemon -> daemon.networks().portGroups(network));
      for (int i = 0; i < groups.value().size(); i++) {
        if (groups.value().get(i).name().equals(group)) {
          Object known = ((List<?>) Output.plain(groups.json())).get(i);
          Effective.show(api, output, known, Target.portGroup(network, group).path());
          return Lanyard.DONE;
        }
      }
      throw new Failure(
          "network " + network + " has no port group " + group,
          "\"lanyard group ls " + network + "\" lists the port groups");
    }
  }

  /** {@code lanyard group add}. */
  @Command(
      name = "add",
      description = {
        "Adds a port group.",
        "For example: lanyard group add vmnet8 untrusted isolated=true guard=strict",
        "             lanyard group add vmnet8 builds 'egress={default: deny, rules: [{allow:"
            + " \"*.debian.org:443\"}]}'"
      })
  static final class Add implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "GROUP")
    String group = "";

    @Parameters(
        index = "2..*",
        arity = "0..*",
        paramLabel = "KEY=VALUE",
        description = "Keys of the file, such as guard=strict.")
    List<String> keys = new ArrayList<>();

    @Override
    public Integer call() {
      Target target = Target.portGroup(network, group);
      return change.add(
          target,
          new Edits()
              .set(target.path(), new LinkedHashMap<>())
              .setAll(target.path(), change.pairs(keys)));
    }
  }

  /** {@code lanyard group set}. */
  @Command(
      name = "set",
      description = {
        "Changes settings of a port group, and with it the ports that inherit them.",
        "For example: lanyard group set vmnet8 untrusted limits.new-flows=20"
      })
  static final class Set extends SetCommand.OfNetwork {
    @Parameters(index = "1", paramLabel = "GROUP")
    String group = "";

    @Override
    Target target() {
      return Target.portGroup(network, group);
    }
  }

  /** {@code lanyard group rm}. */
  @Command(name = "rm", description = "Removes a port group that no port is in.")
  static final class Rm implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "GROUP")
    String group = "";

    @Override
    public Integer call() {
      return change.remove(Target.portGroup(network, group));
    }
  }
}
