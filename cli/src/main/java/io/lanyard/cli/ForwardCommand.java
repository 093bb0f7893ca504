package io.lanyard.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lanyard.config.DocumentPath;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanyard forward}. */
final class ForwardCommand {
  private ForwardCommand() {}

  static Noun noun() {
    return Noun.of(
        "forward",
        "Port forwards.",
        Noun.verb("ls", Ls.class),
        Noun.verb("add", Add.class),
        Noun.verb("set", Set.class),
        Noun.verb("rm", Rm.class));
  }

  private static DocumentPath path(String network, String forward) {
    return DocumentPath.of("networks", network, "forwards", forward);
  }

  /** {@code lanyard forward ls}. */
  @Command(name = "ls", description = "Lists the port forwards.")
  static final class Ls extends ListCommand.OfNetwork {
    Ls() {
      super(
          "forwards",
          "network",
          "name",
          "protocol",
          "listen",
          "to",
          "state",
          "connections?",
          "problem");
    }
  }

  /** {@code lanyard forward add}. */
  @Command(
      name = "add",
      description = {
        "Forwards a port of the host, or a range of ports, to a guest.",
        "For example: lanyard forward add vmnet8 tcp 127.0.0.1:8080 web:80 --name web",
        "             lanyard forward add vmnet8 udp 5000-5010 web:5000-5010"
      })
  static final class Add implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Option(
        names = "--name",
        paramLabel = "NAME",
        description = "Its name; forwards of a range have the port behind it: NAME-5000.")
    @Nullable String name;

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "PROTOCOL", description = "tcp or udp.")
    String protocol = "";

    @Parameters(
        index = "2",
        paramLabel = "LISTEN",
        description = "Where the host listens: ADDRESS:PORT; 127.0.0.1 for a port alone.")
    String listen = "";

    @Parameters(
        index = "3",
        paramLabel = "TO",
        description = "The guest's end: a name or an address, and a port.")
    String to = "";

    @Override
    public Integer call() {
      List<PortRange.Pair> pairs = pairs();
      return change.make(present -> {
        Edits edits = new Edits();
        for (PortRange.Pair pair : pairs) {
          ObjectNode value = JsonNodeFactory.instance.objectNode();
          String its = name == null || pairs.size() == 1 ? name : name + "-" + pair.port();
          if (its != null) {
            value.put("name", its);
          }
          DocumentPath path = path(network, its == null ? protocol + "/" + pair.listen() : its);
          Change.requireNone(present, "the forward", path);
          edits.set(
              path,
              value.put("protocol", protocol).put("listen", pair.listen()).put("to", pair.to()));
        }
        return edits;
      });
    }

    private List<PortRange.Pair> pairs() {
      try {
        return PortRange.pairs(listen, to);
      } catch (IllegalArgumentException e) {
        throw change.misused(e);
      }
    }
  }

  /** {@code lanyard forward set}. */
  @Command(
      name = "set",
      description = {
        "Changes a forward.",
        "For example: lanyard forward set vmnet8 web to=web:8080",
      })
  static final class Set implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(
        index = "1",
        paramLabel = "FORWARD",
        description = "Its name; PROTOCOL/LISTEN where it has none: tcp/127.0.0.1:8080.")
    String forward = "";

    @Parameters(
        index = "2..*",
        arity = "1..*",
        paramLabel = "KEY=VALUE",
        description = "protocol, listen, to.")
    List<String> keys = new ArrayList<>();

    @Override
    public Integer call() {
      DocumentPath path = path(network, forward);
      return change.change(
          "forward " + forward + " on network " + network,
          path,
          new Edits().setAll(path, change.pairs(keys)));
    }
  }

  /** {@code lanyard forward rm}. */
  @Command(name = "rm", description = "Removes forwards.")
  static final class Rm implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(
        index = "1..*",
        arity = "1..*",
        paramLabel = "FORWARD",
        description =
            "Its name; PROTOCOL/LISTEN where it has none: tcp/127.0.0.1:8080, or"
                + " tcp/127.0.0.1:8000-8010 for all of a range.")
    List<String> forwards = new ArrayList<>();

    @Override
    public Integer call() {
      return change.make(present -> {
        Edits edits = new Edits();
        for (String given : forwards) {
          for (String forward : all(given)) {
            DocumentPath path = path(network, forward);
            if (!present.has(path)) {
              throw new Failure(
                  "the configuration has no forward " + forward + " on network " + network,
                  "\"lanyard forward ls --network " + network + "\" lists the forwards");
            }
            edits.remove(path);
          }
        }
        return edits;
      });
    }

    private List<String> all(String given) {
      try {
        return PortRange.all(given);
      } catch (IllegalArgumentException e) {
        throw change.misused(e);
      }
    }
  }
}
