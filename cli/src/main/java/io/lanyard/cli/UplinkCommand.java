package io.lanyard.cli;

import io.lanyard.control.client.LanyardClient;
import io.lanyard.control.client.Reply;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lanyard uplink}. */
final class UplinkCommand {
  private UplinkCommand() {}

  static Noun noun() {
    return Noun.of(
        "uplink",
        "Interfaces of the host that a bridged network can lead by.",
        Noun.verb("ls", Ls.class));
  }

  /** {@code lanyard uplink ls}. */
  @Command(
      name = "ls",
      description = {
        "Lists the host's interfaces: whether a bridged network can have each, and why not.",
        "For example: lanyard network add lan --mode bridged uplink.interface=eth0"
      })
  static final class Ls extends ListCommand {
    @Option(
        names = "--netns",
        paramLabel = "NAME",
        description = "Those of this network namespace, a name below /run/netns.")
    String netns = "";

    Ls() {
      super(
          "name",
          "usable",
          "link",
          "isDefault=DEFAULT",
          "speed?=MBIT/S",
          "wireless?",
          "drivers?",
          "addresses?",
          "problem");
    }

    @Override
    Reply<? extends List<?>> list() {
      return api.ask((LanyardClient daemon) -> daemon.uplinks(netns));
    }
  }
}
