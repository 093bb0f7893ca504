package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lanyard NOUN ls}. */
abstract class ListCommand implements Callable<Integer> {
  @Mixin Api api = new Api();
  @Mixin Output output = new Output();

  @Option(names = "--watch", description = "Show it anew every second, until q or Ctrl-C.")
  boolean watch;

  private final List<String> columns;

  ListCommand(String... columns) {
    this.columns = List.of(columns);
  }

  /** The objects that are listed. */
  abstract JsonNode list();

  /** The objects with their values as a table shows them. */
  JsonNode shown(JsonNode list) {
    return list;
  }

  @Override
  public Integer call() {
    if (watch) {
      return Screen.everySecond(output.json()).show(this::picture);
    }
    JsonNode list = list();
    if (output.json()) {
      output.print(list);
    } else {
      table(list).forEach(output::line);
    }
    return Lanyard.DONE;
  }

  private List<String> table(JsonNode list) {
    return Table.lines(shown(list), columns, Terminal.columns());
  }

  private List<String> picture() {
    JsonNode list = list();
    return output.json() ? List.of(Output.lineOf(list)) : table(list);
  }

  /** A list of the API's, with {@code --network}. */
  abstract static class OfNetwork extends ListCommand {
    @Option(names = "--network", paramLabel = "NETWORK", description = "Of this network only.")
    @Nullable String network;

    private final String resource;

    OfNetwork(String resource, String... columns) {
      super(columns);
      this.resource = resource;
    }

    @Override
    JsonNode list() {
      return api.get(
          "/v1/" + resource + (network == null ? "" : "?network=" + Api.encode(network)));
    }
  }
}
