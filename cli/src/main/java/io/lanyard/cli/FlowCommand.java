package io.lanyard.cli;

import io.lanyard.control.client.NetworkClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code lanyard flow}. */
final class FlowCommand {
  private FlowCommand() {}

  static Noun noun() {
    return Noun.of(
        "flow", "Flows through the NAT.", Noun.verb("ls", Ls.class), Noun.verb("end", End.class));
  }

  /** {@code lanyard flow ls}. */
  @Command(name = "ls", description = "Lists the flows through the NAT.")
  static final class Ls extends ListCommand.OfNetwork {
    Ls() {
      super(
          NetworkClient::flows,
          "network",
          "id",
          "port?",
          "protocol",
          "direction?=DIR",
          "guest",
          "remote",
          "client?",
          "forward?",
          "state",
          "fromGuestBytes?",
          "toGuestBytes?",
          "ageSeconds",
          "idleSeconds?");
    }
  }

  /** {@code lanyard flow end}. */
  @Command(name = "end", description = "Ends a flow: both sides see a broken connection.")
  static final class End implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "ID", description = "As \"lanyard flow ls\" shows it.")
    String id = "";

    @Override
    public Integer call() {
      api.order(daemon -> daemon.networks().endFlow(network, id));
      output.done("ended flow " + id + " of network " + network);
      return Lanyard.DONE;
    }
  }
}
