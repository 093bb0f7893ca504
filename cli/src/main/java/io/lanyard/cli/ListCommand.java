package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lanyard NOUN ls}, for the nouns that belong to networks. */
abstract sealed class ListCommand implements Callable<Integer> {
  @Mixin Api api = new Api();
  @Mixin Output output = new Output();

  private final String resource;
  private final List<String> columns;

  private ListCommand(String resource, String... columns) {
    this.resource = resource;
    this.columns = List.of(columns);
  }

  String query() {
    return "";
  }

  @Override
  public Integer call() {
    output.table(api.get("/v1/" + resource + query()), columns);
    return 0;
  }

  /** With {@code --network}. */
  abstract static sealed class OfNetwork extends ListCommand {
    @Option(names = "--network", paramLabel = "NETWORK", description = "Of this network only.")
    @Nullable String network;

    private OfNetwork(String resource, String... columns) {
      super(resource, columns);
    }

    @Override
    String query() {
      return network == null ? "" : "?network=" + Api.encode(network);
    }
  }

  /** {@code lanyard network ls}. */
  @Command(name = "ls", description = "Lists the networks.")
  static final class Networks extends ListCommand {
    Networks() {
      super(
          "networks",
          "name",
          "mode",
          "state",
          "subnet",
          "gateway",
          "hostAdapter",
          "ports",
          "leases",
          "flows",
          "problems" + Output.COUNT);
    }
  }

  /** {@code lanyard port ls}. */
  @Command(name = "ls", description = "Lists the ports with their counters.")
  static final class Ports extends OfNetwork {
    Ports() {
      super(
          "ports",
          "network",
          "name",
          "kind",
          "state",
          "receivedFrames",
          "receivedBytes",
          "transmittedFrames",
          "transmittedBytes",
          "loopNanos",
          "problem");
    }
  }

  /** {@code lanyard lease ls}. */
  @Command(name = "ls", description = "Lists the DHCP leases.")
  static final class Leases extends OfNetwork {
    Leases() {
      super("leases", "network", "address", "mac", "hostname", "state", "expires");
    }
  }

  /** {@code lanyard flow ls}. */
  @Command(name = "ls", description = "Lists the flows through the NAT.")
  static final class Flows extends OfNetwork {
    Flows() {
      super(
          "flows",
          "network",
          "port",
          "protocol",
          "direction",
          "guest",
          "remote",
          "state",
          "fromGuestBytes",
          "toGuestBytes",
          "ageSeconds",
          "idleSeconds");
    }
  }

  /** {@code lanyard forward ls}. */
  @Command(name = "ls", description = "Lists the port forwards.")
  static final class Forwards extends OfNetwork {
    Forwards() {
      super(
          "forwards",
          "network",
          "name",
          "protocol",
          "listen",
          "to",
          "state",
          "connections",
          "problem");
    }
  }

  /** {@code lanyard network show}. */
  @Command(name = "show", description = "Shows all about a network.")
  static final class ShowNetwork implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Parameters(paramLabel = "NETWORK")
    String network = "";

    @Override
    public Integer call() {
      output.properties(api.get(Api.path("networks", network)));
      return Lanyard.DONE;
    }
  }

  /** {@code lanyard port show}. */
  @Command(name = "show", description = "Shows all about a port, what it dropped included.")
  static final class ShowPort implements Callable<Integer> {
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
          output.properties(known);
          return Lanyard.DONE;
        }
      }
      throw new Failure(
          "network " + network + " has no port " + port,
          "\"lanyard port ls --network " + network + "\" lists the ports");
    }
  }

  /** {@code lanyard network}. */
  @Command(
      name = "network",
      description = "Networks.",
      subcommands = {Networks.class, ShowNetwork.class})
  static final class NetworkNoun {}

  /** {@code lanyard port}. */
  @Command(
      name = "port",
      description = "Ports of the networks' switches.",
      subcommands = {Ports.class, ShowPort.class})
  static final class PortNoun {}

  /** {@code lanyard lease}. */
  @Command(name = "lease", description = "DHCP leases.", subcommands = Leases.class)
  static final class LeaseNoun {}

  /** {@code lanyard flow}. */
  @Command(name = "flow", description = "Flows through the NAT.", subcommands = Flows.class)
  static final class FlowNoun {}

  /** {@code lanyard forward}. */
  @Command(name = "forward", description = "Port forwards.", subcommands = Forwards.class)
  static final class ForwardNoun {}
}
