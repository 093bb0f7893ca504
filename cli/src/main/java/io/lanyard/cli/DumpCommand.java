package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.lanyard.base.PrintableText;
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
    JsonNode tree = api.get("/v1/dump");
    if (output.json()) {
      output.print(tree);
    } else {
      print(tree, "", "");
    }
    return 0;
  }

  private void print(JsonNode node, String first, String rest) {
    StringBuilder line = new StringBuilder(first).append(node.path("name").asText());
    node.path("properties")
        .properties()
        .forEach(property ->
            line.append(' ')
                .append(property.getKey())
                .append('=')
                .append(property.getValue().asText()));
    output.line(PrintableText.of(line.toString()));
    JsonNode children = node.path("children");
    for (int i = 0; i < children.size(); i++) {
      boolean last = i == children.size() - 1;
      print(children.get(i), rest + (last ? "└─ " : "├─ "), rest + (last ? "   " : "│  "));
    }
  }
}
