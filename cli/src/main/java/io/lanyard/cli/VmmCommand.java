package io.lanyard.cli;

import io.lanyard.control.client.LanyardClient;
import io.lanyard.control.client.Reply;
import java.util.List;
import picocli.CommandLine.Command;

/** {@code lanyard vmm}. */
final class VmmCommand {
  private VmmCommand() {}

  static Noun noun() {
    return Noun.of("vmm", "VMMs that can run guests.", Noun.verb("ls", Ls.class));
  }

  /** {@code lanyard vmm ls}. */
  @Command(name = "ls", description = "Lists the VMMs: the bundled one, and those of plug-ins.")
  static final class Ls extends ListCommand {
    Ls() {
      super("name", "capabilities", "module?");
    }

    @Override
    Reply<? extends List<?>> list() {
      return api.ask(LanyardClient::vmms);
    }
  }
}
