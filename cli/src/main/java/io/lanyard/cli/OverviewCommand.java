package io.lanyard.cli;

import io.lanyard.control.api.ForwardInfo;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.api.NetworkInfo;
import io.lanyard.control.api.PortInfo;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lanyard ls}. */
@Command(name = "ls", description = "Lists the networks, ports, forwards and guests at a glance.")
final class OverviewCommand implements Callable<Integer> {
  /** Everything that is shown. */
  record Overview(
      List<NetworkInfo> networks,
      List<PortInfo> ports,
      List<ForwardInfo> forwards,
      List<GuestInfo> guests) {}

  @Mixin Api api = new Api();
  @Mixin Output output = new Output();

  @Option(names = "--watch", description = "Show it anew every second, until q or Ctrl-C.")
  boolean watch;

  @Override
  public Integer call() {
    if (watch) {
      return Screen.everySecond(output.json()).show(() -> lines(all()));
    }
    Overview all = all();
    if (output.json()) {
      output.print(all);
    } else {
      lines(all).forEach(output::line);
    }
    return Lanyard.DONE;
  }

  private Overview all() {
    return api.ask(daemon ->
        new Overview(
            daemon.networks().list().value(),
            daemon.networks().ports("").value(),
            daemon.networks().forwards("").value(),
            daemon.guests().list().value()));
  }

  private List<String> lines(Overview all) {
    if (output.json()) {
      return List.of(Output.lineOf(all));
    }
    Sections sections = new Sections();
    sections.add(all.networks(), "name=NETWORK", "mode", "state", "subnet", "flows", "problems#");
    sections.add(
        all.ports(),
        "name=PORT",
        "network",
        "kind",
        "state",
        "receivedBytes=RX",
        "transmittedBytes=TX");
    sections.add(all.forwards(), "listen=FORWARD", "network", "protocol", "to", "state");
    sections.add(
        all.guests().stream().map(GuestCommand::withAddresses).toList(),
        "name=GUEST",
        "vmm",
        "state",
        "memory",
        "addresses");
    return sections.lines();
  }
}
