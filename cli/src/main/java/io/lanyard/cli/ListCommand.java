package io.lanyard.cli;

import io.lanyard.control.client.NetworkClient;
import io.lanyard.control.client.Reply;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

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

  /** The records that are listed. */
  abstract Reply<? extends List<?>> list();

  /** The records as a table shows them. */
  List<?> shown(List<?> list) {
    return list;
  }

  @Override
  public Integer call() {
    if (watch) {
      return Screen.everySecond(output.json()).show(this::picture);
    }
    Reply<? extends List<?>> list = list();
    if (output.json()) {
      output.print(list);
    } else {
      table(list).forEach(output::line);
    }
    return Lanyard.DONE;
  }

  private List<String> table(Reply<? extends List<?>> list) {
    return Table.lines(shown(list.value()), columns, Terminal.columns());
  }

  private List<String> picture() {
    Reply<? extends List<?>> list = list();
    return output.json() ? List.of(Output.lineOf(Output.plain(list.json()))) : table(list);
  }

  /** A list of the API's, with {@code --network}. */
  abstract static class OfNetwork extends ListCommand {
    @ArgGroup Asked asked = new Asked();

    /** The network, with or without the option's name. */
    static final class Asked {
      @Option(
          names = "--network",
          paramLabel = "NETWORK",
          description = "The same as NETWORK without the option.")
      @Nullable String network;

      @Parameters(paramLabel = "NETWORK", description = "Of this network only.")
      @Nullable String named;

      String network() {
        String one = network == null ? named : network;
        return one == null ? "" : one;
      }
    }

    /** A request for the things of a network, or of all where its name is empty. */
    @FunctionalInterface
    interface Request {
      Reply<? extends List<?>> to(NetworkClient networks, String network) throws IOException;
    }

    private final Request request;

    OfNetwork(Request request, String... columns) {
      super(columns);
      this.request = request;
    }

    @Override
    Reply<? extends List<?>> list() {
      return api.ask(daemon -> request.to(daemon.networks(), asked.network()));
    }
  }
}
