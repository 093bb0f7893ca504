package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lanyard.config.DocumentPath;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lanyard port}. */
final class PortCommand {
  private PortCommand() {}

  static Noun noun() {
    return Noun.of(
        "port",
        "Ports of the networks' switches.",
        Noun.verb("ls", Ls.class),
        Noun.verb("show", Show.class),
        Noun.verb("add", Add.class),
        Noun.verb("set", Set.class),
        Noun.verb("rm", Rm.class),
        Noun.verb("link", Link.class),
        Noun.verb("move", Move.class));
  }

  private static DocumentPath path(String network, String port) {
    return DocumentPath.of("networks", network, "ports", port);
  }

  private static String name(String network, String port) {
    return "port " + port + " on network " + network;
  }

  /** {@code lanyard port ls}. */
  @Command(name = "ls", description = "Lists the ports with their counters.")
  static final class Ls extends ListCommand.OfNetwork {
    Ls() {
      super(
          "ports",
          "network",
          "name",
          "kind",
          "state",
          "receivedFrames?=RX FRAMES",
          "receivedBytes=RX BYTES",
          "transmittedFrames?=TX FRAMES",
          "transmittedBytes=TX BYTES",
          "loopNanos?=LOOP TIME",
          "problem");
    }
  }

  /** {@code lanyard port show}. */
  @Command(name = "show", description = "Shows all about a port: its settings, what it dropped.")
  static final class Show implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();
    @Spec CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "NETWORK/PORT")
    String target = "";

    @Override
    public Integer call() {
      int slash = target.indexOf('/');
      if (slash <= 0 || slash == target.length() - 1) {
        throw new ParameterException(
            spec.commandLine(), "expected NETWORK/PORT: \"" + target + "\"");
      }
      String network = target.substring(0, slash);
      String port = target.substring(slash + 1);
      for (JsonNode known : api.get("/v1/ports?network=" + Api.encode(network))) {
        if (known.path("name").asText().equals(port)) {
          output.properties(Effective.withSettings(api, known, path(network, port)));
          return Lanyard.DONE;
        }
      }
      throw new Failure(
          "network " + network + " has no port " + port,
          "\"lanyard port ls --network " + network + "\" lists the ports");
    }
  }

  /** {@code lanyard port add}. */
  @Command(
      name = "add",
      description = {
        "Adds a port.",
        "For example: lanyard port add vmnet8 web --kind qemu-stream --path web.sock",
        "             lanyard port add vmnet8 ns-a --kind tap --device t0 --netns a"
      })
  static final class Add implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Option(
        names = "--kind",
        required = true,
        paramLabel = "KIND",
        description = "tap or qemu-stream.")
    String kind = "";

    @Option(names = "--device", paramLabel = "DEVICE", description = "The TAP device.")
    @Nullable String device;

    @Option(
        names = "--netns",
        paramLabel = "NETNS",
        description = "The network namespace of the TAP device.")
    @Nullable String netns;

    @Option(
        names = "--path",
        paramLabel = "PATH",
        description = "The socket, below the daemon's runtime directory if it is relative.")
    @Nullable String path;

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "PORT")
    String port = "";

    @Parameters(
        index = "2..*",
        arity = "0..*",
        paramLabel = "KEY=VALUE",
        description = "Further keys of the file, such as guard=strict.")
    List<String> keys = new ArrayList<>();

    @Override
    public Integer call() {
      ObjectNode value = JsonNodeFactory.instance.objectNode().put("name", port).put("kind", kind);
      put(value, "device", device);
      put(value, "netns", netns);
      put(value, "path", path);
      DocumentPath at = path(network, port);
      return change.add(
          name(network, port), at, new Edits().set(at, value).setAll(at, change.pairs(keys)));
    }

    private static void put(ObjectNode value, String key, @Nullable String text) {
      if (text != null) {
        value.put(key, text);
      }
    }
  }

  /** {@code lanyard port set}. */
  @Command(
      name = "set",
      description = {
        "Changes settings of a port.",
        "For example: lanyard port set vmnet8 web guard=strict isolated=true"
      })
  static final class Set implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Option(names = "--unset", paramLabel = "KEY", description = "Give this key its default.")
    List<String> unset = new ArrayList<>();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "PORT")
    String port = "";

    @Parameters(index = "2..*", arity = "0..*", paramLabel = "KEY=VALUE")
    List<String> keys = new ArrayList<>();

    @Override
    public Integer call() {
      DocumentPath at = path(network, port);
      return change.change(
          name(network, port), at, new Edits().setAll(at, change.pairs(keys)).unsetAll(at, unset));
    }
  }

  /** {@code lanyard port rm}. */
  @Command(name = "rm", description = "Removes ports.")
  static final class Rm implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "PORT")
    List<String> ports = new ArrayList<>();

    @Override
    public Integer call() {
      return change.make(present -> {
        Edits edits = new Edits();
        for (String port : ports) {
          DocumentPath at = path(network, port);
          if (!present.has(at)) {
            throw notConfigured(network, port);
          }
          edits.remove(at);
        }
        return edits;
      });
    }
  }

  /** Ports of guests, of the gateway and of the host adapter come with those. */
  private static Failure notConfigured(String network, String port) {
    return new Failure(
        "the configuration has no " + name(network, port),
        "a guest's port comes with its NIC: lanyard guest set GUEST nics=...");
  }

  /** {@code lanyard port link}. */
  @Command(
      name = "link",
      description = {
        "Sets the link of a port up or down.",
        "It is up again after a restart of the daemon."
      })
  static final class Link implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();
    @Spec CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "PORT")
    String port = "";

    @Parameters(index = "2", paramLabel = "up|down")
    String state = "";

    @Override
    public Integer call() {
      boolean isUp = state.equals("up");
      if (!isUp && !state.equals("down")) {
        throw new ParameterException(spec.commandLine(), "expected up or down: \"" + state + "\"");
      }
      JsonNode answer =
          api.send(
              "PUT",
              Api.path("networks", network, "ports", port, "link"),
              Map.of("Content-Type", "application/json"),
              ("{\"up\": " + isUp + "}").getBytes(StandardCharsets.UTF_8));
      output.done(answer, name(network, port) + ": link " + state);
      return Lanyard.DONE;
    }
  }

  /** {@code lanyard port move}. */
  @Command(name = "move", description = "Moves a port to another network.")
  static final class Move implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "PORT")
    String port = "";

    @Parameters(index = "2", paramLabel = "NETWORK")
    String target = "";

    @Override
    public Integer call() {
      return change.make(present -> {
        DocumentPath from = path(network, port);
        DocumentPath to = path(target, port);
        ObjectNode value = present.mapping(from);
        if (value == null) {
          throw notConfigured(network, port);
        }
        if (!present.has(NetworkCommand.path(target))) {
          throw new Failure(
              "the configuration has no network " + target,
              "\"lanyard network ls\" lists the networks");
        }
        Change.requireNone(present, name(target, port), to);
        return new Edits().remove(from).set(to, value);
      });
    }
  }
}
