package io.lanyard.cli;

import io.lanyard.config.DocumentPath;
import io.lanyard.control.client.Reply;
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

/** {@code lanyard network}. */
final class NetworkCommand {
  private NetworkCommand() {}

  static Noun noun() {
    return Noun.of(
        "network",
        "Networks.",
        Noun.verb("ls", Ls.class),
        Noun.verb("show", Show.class),
        Noun.verb("add", Add.class),
        Noun.verb("set", Set.class),
        Noun.verb("start", Start.class),
        Noun.verb("stop", Stop.class),
        Noun.verb("rm", Rm.class));
  }

  /** {@code lanyard network ls}. */
  @Command(name = "ls", description = "Lists the networks.")
  static final class Ls extends ListCommand {
    Ls() {
      super(
          "name",
          "mode",
          "state",
          "subnet",
          "gateway?",
          "ipv6Subnet?=IPV6",
          "hostAdapter?",
          "ports",
          "leases?",
          "flows",
          "problems#");
    }

    @Override
    Reply<? extends List<?>> list() {
      return api.ask(daemon -> daemon.networks().list());
    }
  }

  /** {@code lanyard network show}. */
  @Command(name = "show", description = "Shows all about a network, with all its settings.")
  static final class Show implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Parameters(paramLabel = "NETWORK")
    String network = "";

    @Override
    public Integer call() {
      Effective.show(
          api,
          output,
          api.ask(daemon -> daemon.networks().get(network)),
          Target.network(network).path());
      return Lanyard.DONE;
    }
  }

  /** {@code lanyard network add}. */
  @Command(
      name = "add",
      description = {
        "Adds a network.",
        "For example: lanyard network add lab --mode nat --subnet 10.1.0.0/24 dhcp.lease-time=1h",
        "             lanyard network add six --mode nat ipv6=on"
      })
  static final class Add implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Option(
        names = "--mode",
        required = true,
        paramLabel = "MODE",
        description = "nat, host-only, isolated or bridged.")
    String mode = "";

    @Option(
        names = "--subnet",
        paramLabel = "SUBNET",
        description = "Such as 10.1.0.0/24; or of IPv6, for a network with that alone.")
    @Nullable String subnet;

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(
        index = "1..*",
        arity = "0..*",
        paramLabel = "KEY=VALUE",
        description = "Further keys of the file, such as dns.domain=lab.")
    List<String> keys = new ArrayList<>();

    @Override
    public Integer call() {
      Map<String, Object> value = new LinkedHashMap<>();
      value.put("mode", mode);
      if (subnet != null) {
        value.put(subnet.contains(":") ? "ipv6" : "ipv4", Map.of("subnet", subnet));
      }
      Target target = Target.network(network);
      return change.add(
          target, new Edits().set(target.path(), value).setAll(target.path(), change.pairs(keys)));
    }
  }

  /** {@code lanyard network set}. */
  @Command(
      name = "set",
      description = {
        "Changes settings of a network. Keys are those of the file, below the network.",
        "For example: lanyard network set vmnet8 nat.host-loopback=true dhcp.lease-time=1h"
      })
  static final class Set extends SetCommand.OfOneName {
    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Override
    Target target() {
      return Target.network(network);
    }
  }

  /** {@code lanyard network start}. */
  @Command(name = "start", description = "Starts a network that was stopped.")
  static final class Start implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(paramLabel = "NETWORK")
    String network = "";

    @Override
    public Integer call() {
      Target target = Target.network(network);
      return change.make(present -> {
        Change.require(present, target);
        DocumentPath enabled = target.path().child("enabled");
        // Running is the default, so nothing is left to say.
        return present.has(enabled) ? new Edits().remove(enabled) : new Edits().set(enabled, true);
      });
    }
  }

  /** {@code lanyard network stop}. */
  @Command(
      name = "stop",
      description = {
        "Stops a network: its guests have no link, and its flows end.",
        "It keeps its configuration and its leases, and stays stopped until \"network start\"."
      })
  static final class Stop implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(paramLabel = "NETWORK")
    String network = "";

    @Override
    public Integer call() {
      Target target = Target.network(network);
      return change.change(target, new Edits().set(target.path().child("enabled"), false));
    }
  }

  /** {@code lanyard network rm}. */
  @Command(name = "rm", description = "Removes a network with all that is on it.")
  static final class Rm implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(paramLabel = "NETWORK")
    String network = "";

    @Override
    public Integer call() {
      return change.remove(Target.network(network));
    }
  }
}
