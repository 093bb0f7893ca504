package io.lanyard.cli;

import io.lanyard.config.DocumentPath;
import io.lanyard.control.api.PortInfo;
import io.lanyard.control.client.LanyardClient;
import io.lanyard.control.client.NetworkClient;
import io.lanyard.control.client.Reply;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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

  /** {@code lanyard port ls}. */
  @Command(name = "ls", description = "Lists the ports with their counters.")
  static final class Ls extends ListCommand.OfNetwork {
    Ls() {
      super(
          NetworkClient::ports,
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
    private static final Pattern NIC = Pattern.compile("(.+)\\.nic([0-9]{1,6})");

    @Mixin Api api = new Api();
    @Mixin Output output = new Output();
    @Spec CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "NETWORK/PORT")
    String target = "";

    /** Two words, as the other verbs take them. */
    @Parameters(index = "1", arity = "0..1", hidden = true)
    @Nullable String name;

    @Option(
        names = "--attach",
        paramLabel = "VMM",
        description = {
          "Prints the lines that attach a guest of a VMM, to be pasted: ${COMPLETION-CANDIDATES}.",
          "Their MAC address is the same each time, and different on every host."
        },
        completionCandidates = VmmWords.class)
    @Nullable String attach;

    /** The VMMs for which there are lines. */
    static final class VmmWords implements Iterable<String> {
      @Override
      public Iterator<String> iterator() {
        return Stream.of(Attachment.Vmm.values()).map(Attachment.Vmm::word).iterator();
      }
    }

    private Integer attach(PortInfo port, String word) {
      for (Attachment.Vmm vmm : Attachment.Vmm.values()) {
        if (vmm.word().equals(word)) {
          DocumentPath path = Target.port(port.network(), port.name()).path();
          Map<String, String> settings = Effective.of(api, true).plain(path);
          Path runtime = Path.of(api.ask(LanyardClient::status).value().runtimeDirectory());
          QemuRelease qemu =
              vmm == Attachment.Vmm.QEMU ? QemuRelease.installed() : QemuRelease.UNKNOWN;
          String lines =
              new Attachment(port.kind(), port.guestMac(), settings, runtime, qemu).lines(vmm);
          output.done(Map.of("vmm", word, "lines", lines), lines);
          return Lanyard.DONE;
        }
      }
      throw new ParameterException(
          spec.commandLine(),
          "expected one of " + String.join(", ", new VmmWords()) + ": \"" + word + "\"");
    }

    @Override
    public Integer call() {
      if (name != null && target.contains("/")) {
        throw new ParameterException(
            spec.commandLine(), "expected NETWORK/PORT: \"" + target + " " + name + "\"");
      }
      target = name == null ? target : target + "/" + name;
      int slash = target.indexOf('/');
      if (slash <= 0 || slash == target.length() - 1) {
        throw new ParameterException(
            spec.commandLine(), "expected NETWORK/PORT: \"" + target + "\"");
      }
      String network = target.substring(0, slash);
      String port = target.substring(slash + 1);
      Reply<List<PortInfo>> ports = api.ask(daemon -> daemon.networks().ports(network));
      for (int i = 0; i < ports.value().size(); i++) {
        PortInfo known = ports.value().get(i);
        if (known.name().equals(port)) {
          if (attach != null) {
            return attach(known, attach);
          }
          show(((List<?>) Output.plain(ports.json())).get(i), settingsOf(network, port));
          return Lanyard.DONE;
        }
      }
      throw new Failure(
          "network " + network + " has no port " + port,
          "\"lanyard port ls --network " + network + "\" lists the ports");
    }

    /** Prints the port with its settings, and where each comes from that is no default. */
    private void show(Object known, DocumentPath path) {
      Effective all = Effective.of(api, true);
      Map<Object, Object> shown = new LinkedHashMap<>((Map<?, ?>) known);
      Map<String, String> settings = all.texts(path);
      if (!settings.isEmpty()) {
        shown.put("settings", settings);
      }
      Map<String, String> origins = all.origins(path);
      if (!origins.isEmpty()) {
        shown.put("origins", origins);
      }
      if (output.json()) {
        output.print((Object) shown);
      } else {
        output.properties(shown);
      }
    }

    /** The place of a port's settings: of a guest's, the NIC. */
    private static DocumentPath settingsOf(String network, String port) {
      Matcher nic = NIC.matcher(port);
      return nic.matches()
          ? DocumentPath.of("guests", nic.group(1), "nics", nic.group(2))
          : Target.port(network, port).path();
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
        description =
            "Such as qemu-stream, tap or vhost-user; keys of other kinds are given as KEY=VALUE.")
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
        description =
            "The socket. A name is below the daemon's runtime directory; ./NAME and ../NAME are"
                + " taken from the present directory.")
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
      Map<String, Object> value = new LinkedHashMap<>();
      value.put("name", port);
      value.put("kind", kind);
      put(value, "device", device);
      put(value, "netns", netns);
      put(value, "path", path == null ? null : fromHere(path));
      Target target = Target.port(network, port);
      return change.add(
          target, new Edits().set(target.path(), value).setAll(target.path(), change.pairs(keys)));
    }

    private static String fromHere(String path) {
      return path.startsWith("./") || path.startsWith("../")
          ? Path.of(path).toAbsolutePath().normalize().toString()
          : path;
    }

    private static void put(Map<String, Object> value, String key, @Nullable String text) {
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
  static final class Set extends SetCommand.OfNetwork {
    @Parameters(index = "1", paramLabel = "PORT")
    String port = "";

    @Override
    Target target() {
      return Target.port(network, port);
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
          Target target = Target.port(network, port);
          if (!present.has(target.path())) {
            throw notConfigured(target);
          }
          edits.remove(target.path());
        }
        return edits;
      });
    }
  }

  /** Ports of guests, of the gateway and of the host adapter come with those. */
  private static Failure notConfigured(Target port) {
    return new Failure(
        "the configuration has no " + port.what(),
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
      api.order(daemon -> daemon.networks().setLink(network, port, isUp));
      output.done(Target.port(network, port).what() + ": link " + state);
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
      Target from = Target.port(network, port);
      Target to = Target.port(target, port);
      return change.make(present -> {
        Map<String, Object> value = present.mapping(from.path());
        if (value == null) {
          throw notConfigured(from);
        }
        if (!present.has(Target.network(target).path())) {
          throw new Failure(
              "the configuration has no network " + target,
              "\"lanyard network ls\" lists the networks");
        }
        Change.requireNone(present, to);
        return new Edits().remove(from.path()).set(to.path(), value);
      });
    }
  }
}
