package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lanyard ls}. */
@Command(name = "ls", description = "Lists the networks, ports, forwards and guests at a glance.")
final class OverviewCommand implements Callable<Integer> {
  private record Section(String resource, List<String> columns) {}

  private static final List<Section> SECTIONS =
      List.of(
          new Section(
              "networks", List.of("name=NETWORK", "mode", "state", "subnet", "flows", "problems#")),
          new Section(
              "ports",
              List.of(
                  "name=PORT",
                  "network",
                  "kind",
                  "state",
                  "receivedBytes=RX",
                  "transmittedBytes=TX")),
          new Section("forwards", List.of("listen=FORWARD", "network", "protocol", "to", "state")),
          new Section("guests", List.of("name=GUEST", "vmm", "state", "memory", "addresses")));

  @Mixin Api api = new Api();
  @Mixin Output output = new Output();

  @Option(names = "--watch", description = "Show it anew every second, until q or Ctrl-C.")
  boolean watch;

  @Override
  public Integer call() {
    if (watch) {
      return Screen.everySecond(output.json()).show(() -> lines(all()));
    }
    ObjectNode all = all();
    if (output.json()) {
      output.print(all);
    } else {
      lines(all).forEach(output::line);
    }
    return Lanyard.DONE;
  }

  private ObjectNode all() {
    ObjectNode all = JsonNodeFactory.instance.objectNode();
    SECTIONS.forEach(section -> all.set(section.resource(), api.get("/v1/" + section.resource())));
    return all;
  }

  private List<String> lines(ObjectNode all) {
    if (output.json()) {
      return List.of(Output.lineOf(all));
    }
    var _ = GuestCommand.withAddresses(all.path("guests"));
    List<String> lines = new ArrayList<>();
    int width = Terminal.columns();
    for (Section section : SECTIONS) {
      JsonNode list = all.path(section.resource());
      if (!list.isEmpty()) {
        if (!lines.isEmpty()) {
          lines.add("");
        }
        lines.addAll(Table.lines(list, section.columns(), width));
      }
    }
    return lines;
  }
}
