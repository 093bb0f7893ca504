package io.lanyard.cli;

import io.lanyard.control.client.LanyardClient;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  /** {@code lanyard forward ls}. */
  @Command(name = "ls", description = "Lists the port forwards.")
  static final class Ls extends ListCommand.OfNetwork {
    Ls() {
      super(
          LanyardClient::forwards,
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
          Map<String, String> value = new LinkedHashMap<>();
          String its = name == null || pairs.size() == 1 ? name : name + "-" + pair.port();
          if (its != null) {
            value.put("name", its);
          }
          value.put("protocol", protocol);
          value.put("listen", pair.listen());
          value.put("to", pair.to());
          Target target =
              Target.forward(network, its == null ? protocol + "/" + pair.listen() : its);
          Change.requireNone(present, target);
          edits.set(target.path(), value);
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
        "Changes a forward. Keys are protocol, listen and to.",
        "For example: lanyard forward set vmnet8 web to=web:8080",
      })
  static final class Set extends SetCommand.OfNetwork {
    @Parameters(
        index = "1",
        paramLabel = "FORWARD",
        description = "Its name; PROTOCOL/LISTEN where it has none: tcp/127.0.0.1:8080.")
    String forward = "";

    @Override
    Target target() {
      return Target.forward(network, forward);
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
            Target target = Target.forward(network, forward);
            if (!present.has(target.path())) {
              throw new Failure(
                  "the configuration has no " + target.what(),
                  "\"lanyard forward ls --network " + network + "\" lists the forwards");
            }
            edits.remove(target.path());
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
