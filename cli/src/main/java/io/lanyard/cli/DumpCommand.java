package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.control.api.ComponentInfo;
import io.lanyard.control.client.LanyardClient;
import io.lanyard.control.client.Reply;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lanyard dump}. */
@Command(name = "dump", description = "Prints every component and its counters, as a tree.")
final class DumpCommand implements Callable<Integer> {
  @Mixin Api api = new Api();
  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    Reply<ComponentInfo> tree = api.ask(LanyardClient::dump);
    if (output.json()) {
      output.print(tree);
    } else {
      print(tree.value(), "", "");
    }
    return Lanyard.DONE;
  }

  private void print(ComponentInfo node, String first, String rest) {
    StringBuilder line = new StringBuilder(first).append(node.name());
    node.properties()
        .forEach((name, value) -> line.append(' ').append(name).append('=').append(value));
    output.line(PrintableText.of(line.toString()));
    List<ComponentInfo> children = node.children();
    for (int i = 0; i < children.size(); i++) {
      boolean last = i == children.size() - 1;
      print(children.get(i), rest + (last ? "└─ " : "├─ "), rest + (last ? "   " : "│  "));
    }
  }
}
