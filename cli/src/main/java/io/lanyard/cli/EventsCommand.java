package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.base.Signals;
import io.lanyard.control.api.EventInfo;
import io.lanyard.control.api.SnapshotInfo;
import io.lanyard.control.client.DaemonEvent;
import io.lanyard.control.client.EventStream;
import io.lanyard.control.json.JsonText;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lanyard events}. */
@Command(
    name = "events",
    description = {
      "Shows what there is, then every change as it happens, until Ctrl-C.",
      "A connection that breaks is made anew; what happened meanwhile is shown then."
    })
final class EventsCommand implements Callable<Integer> {
  @Mixin Api api = new Api();
  @Mixin Output output = new Output();

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "Only events whose type begins so, such as lease or port-changed.")
  @Nullable String type;

  @Option(names = "--network", paramLabel = "NETWORK", description = "Of this network only.")
  @Nullable String network;

  @Override
  public Integer call() throws IOException {
    Signals.on("INT", () -> System.exit(Lanyard.DONE));
    String ofType = type == null ? "" : type;
    String ofNetwork = network == null ? "" : network;
    try (EventStream events = api.ask(daemon -> daemon.events(ofType, ofNetwork))) {
      events.onBreak(
          () -> System.err.println("lanyard: the connection to the daemon broke; waiting for it"));
      while (!Output.isGone()) {
        print(api.ask(daemon -> events.next()));
      }
    }
    return Lanyard.DONE;
  }

  private void print(DaemonEvent event) {
    if (output.json()) {
      output.line(Output.lineOf(json(event)));
    } else {
      output.line(
          PrintableText.of(
              switch (event) {
                case DaemonEvent.Snapshot snapshot -> line(snapshot.all());
                case DaemonEvent.Change change -> line(change.event());
                case DaemonEvent.Gap gap -> gap.type() + "  " + gap.json();
              }));
    }
  }

  private static Object json(DaemonEvent event) {
    Object data = Output.plain(event.json());
    return switch (event) {
      case DaemonEvent.Change _ -> data;
      case DaemonEvent.Snapshot snapshot -> new Other(snapshot.id(), "snapshot", data);
      case DaemonEvent.Gap gap -> new Other(gap.id(), gap.type(), data);
    };
  }

  /** An event that is no change, as JSON has it. */
  record Other(String id, String type, Object data) {}

  private static String line(EventInfo event) {
    StringBuilder line = new StringBuilder(event.at()).append("  ").append(event.type());
    String network = event.network();
    String subject = event.subject();
    if (!network.isEmpty() && !subject.startsWith("networks.")) {
      line.append("  ").append(network);
      subject = subject.equals(network) ? "" : subject;
      line.append(subject.isEmpty() ? "" : "/");
    } else {
      line.append("  ");
    }
    line.append(subject);
    event
        .data()
        .forEach((name, value) ->
            line.append(line.charAt(line.length() - 1) == ' ' ? "" : "  ")
                .append(name)
                .append('=')
                .append(quoted(value)));
    return line.toString();
  }

  private static String quoted(String text) {
    boolean isPlain = !text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c != '"');
    return isPlain ? text : '"' + text.replace("\"", "\\\"") + '"';
  }

  /** A snapshot in a line: how much there is. */
  private static String line(SnapshotInfo all) {
    StringBuilder line = new StringBuilder("snapshot");
    JsonText.members(all)
        .forEach((name, value) ->
            line.append("  ").append(name).append('=').append(((List<?>) value).size()));
    return line.toString();
  }
}
