package io.lanyard.cli;

import io.lanyard.control.client.NetworkClient;
import picocli.CommandLine.Command;

/** {@code lanyard mac}. */
final class MacCommand {
  private MacCommand() {}

  static Noun noun() {
    return Noun.of("mac", "MAC addresses that the switches know.", Noun.verb("ls", Ls.class));
  }

  /** {@code lanyard mac ls}. */
  @Command(
      name = "ls",
      description = {
        "Lists which MAC address is behind which port, and since when it is silent.",
        "An address is learned from its frames, held by a guarded port, or pinned by the daemon."
      })
  static final class Ls extends ListCommand.OfNetwork {
    Ls() {
      super(
          NetworkClient::macs,
          "network",
          "mac",
          "vlan?",
          "port",
          "hold",
          "ageSeconds",
          "addresses?");
    }
  }
}
