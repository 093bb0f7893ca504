package io.lanyard.cli;

import io.lanyard.control.api.TopologyInfo;
import io.lanyard.control.client.LanyardClient;
import io.lanyard.control.client.Reply;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lanyard topology}. */
@Command(
    name = "topology",
    description = {
      "Draws what is connected to what: switches, ports, uplinks, guests and patches.",
      "For example: lanyard topology --svg > lab.svg",
      "             lanyard topology --dot | dot -Tpdf > lab.pdf"
    })
final class TopologyCommand implements Callable<Integer> {
  @Mixin Api api = new Api();
  @ArgGroup Form form = new Form();

  /** One of them; a tree of text for people if none is asked for. */
  static final class Form {
    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Option(names = "--dot", description = "Print a graph for Graphviz.")
    boolean dot;

    @Option(names = "--svg", description = "Print a picture, which any browser shows.")
    boolean svg;
  }

  @Override
  public Integer call() {
    Reply<TopologyInfo> topology = api.ask(LanyardClient::topology);
    Output output = new Output();
    if (form.json) {
      output.print(topology);
    } else {
      lines(topology.value()).forEach(output::line);
    }
    return Lanyard.DONE;
  }

  private List<String> lines(TopologyInfo topology) {
    if (form.dot) {
      return TopologyDot.lines(topology);
    }
    return form.svg ? TopologySvg.lines(topology) : TopologyTree.lines(topology);
  }
}
