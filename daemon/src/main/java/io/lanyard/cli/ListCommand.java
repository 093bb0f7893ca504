package io.lanyard.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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
          "problems");
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

  /** {@code lanyard network}. */
  @Command(name = "network", description = "Networks.", subcommands = Networks.class)
  static final class NetworkNoun {}

  /** {@code lanyard port}. */
  @Command(
      name = "port",
      description = "Ports of the networks' switches.",
      subcommands = Ports.class)
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
