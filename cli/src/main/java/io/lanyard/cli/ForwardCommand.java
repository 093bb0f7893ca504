package io.lanyard.cli;

import io.lanyard.control.client.NetworkClient;
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
          NetworkClient::forwards,
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

    @Option(names = "--name", paramLabel = "NAME", description = "Its name.")
    @Nullable String name;

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "PROTOCOL", description = "tcp or udp.")
    String protocol = "";

    @Parameters(
        index = "2",
        paramLabel = "LISTEN",
        description =
            "Where the host listens: ADDRESS:PORT or ADDRESS:FIRST-LAST; 127.0.0.1 for ports"
                + " alone.")
    String listen = "";

    @Parameters(
        index = "3",
        paramLabel = "TO",
        description =
            "The guest's end: a name or an address, and as many ports; those of LISTEN where there"
                + " are none.")
    String to = "";

    @Override
    public Integer call() {
      String ports = listen.substring(listen.lastIndexOf(':') + 1);
      String from = listen.equals(ports) ? "127.0.0.1:" + ports : listen;
      boolean hasPorts = to.contains(":") && !to.endsWith("]");
      Map<String, String> value = new LinkedHashMap<>();
      if (name != null) {
        value.put("name", name);
      }
      value.put("protocol", protocol);
      value.put("listen", from);
      value.put("to", hasPorts ? to : to + ":" + ports);
      Target target = Target.forward(network, name == null ? protocol + "/" + from : name);
      return change.make(present -> {
        Change.requireNone(present, target);
        return new Edits().set(target.path(), value);
      });
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
        description = "Its name, or PROTOCOL/LISTEN: tcp/127.0.0.1:8080, or tcp/8080.")
    String forward = "";

    @Override
    Target target() {
      return Target.forward(network, forward);
    }

    @Override
    Target target(Effective present) {
      return ForwardName.find(present, network, forward);
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
            "Its name, or PROTOCOL/LISTEN: tcp/127.0.0.1:8080, tcp/127.0.0.1:8000-8010, or"
                + " tcp/8080 where no other forward has that port.")
    List<String> forwards = new ArrayList<>();

    @Override
    public Integer call() {
      return change.make(present -> {
        Edits edits = new Edits();
        for (String forward : ForwardName.joined(present, network, forwards)) {
          edits.remove(ForwardName.find(present, network, forward).path());
        }
        return edits;
      });
    }
  }
}
