package io.lanyard.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.lanyard.base.PrintableText;
import io.lanyard.base.Signals;
import io.lanyard.control.client.EventReader;
import io.lanyard.control.client.HttpClient;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
  private static final ObjectMapper JSON = new ObjectMapper();

  /** From a connection that broke to the next attempt. */
  private static final long RETRY_MILLIS = 500;

  @Mixin Api api = new Api();
  @Mixin Output output = new Output();

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "Only events whose type begins so, such as lease or port-changed.")
  @Nullable String type;

  @Option(names = "--network", paramLabel = "NETWORK", description = "Of this network only.")
  @Nullable String network;

  private String lastId = "";

  @Override
  public Integer call() throws InterruptedException {
    Signals.on("INT", () -> System.exit(Lanyard.DONE));
    HttpClient.Answer answer = open();
    while (true) {
      try (HttpClient.Answer current = answer) {
        if (!copy(new EventReader(new BufferedInputStream(current.body())))) {
          return Lanyard.DONE;
        }
      } catch (IOException e) {
        // As the end of the stream: it is opened anew.
      }
      System.err.println("lanyard: the connection to the daemon broke; waiting for it");
      answer = reopen();
    }
  }

  private HttpClient.Answer open() {
    List<String> query = new ArrayList<>();
    if (type != null) {
      query.add("type=" + Api.encode(type));
    }
    if (network != null) {
      query.add("network=" + Api.encode(network));
    }
    String target = "/v1/events" + (query.isEmpty() ? "" : "?" + String.join("&", query));
    Map<String, String> headers =
        lastId.isEmpty()
            ? Map.of("Accept", "text/event-stream")
            : Map.of("Accept", "text/event-stream", "Last-Event-ID", lastId);
    return api.open("GET", target, headers, new byte[0]);
  }

  private HttpClient.Answer reopen() throws InterruptedException {
    while (true) {
      Thread.sleep(RETRY_MILLIS);
      try {
        return open();
      } catch (Failure e) {
        if (e.isRefusal()) {
          throw e;
        }
        // Until the daemon is there again, or Ctrl-C.
      }
    }
  }

  /** Prints events until the stream ends; false if nobody reads them any more. */
  private boolean copy(EventReader events) throws IOException {
    for (EventReader.Event event = events.next(); event != null; event = events.next()) {
      lastId = event.id();
      print(event);
      if (Output.isGone()) {
        return false;
      }
    }
    return true;
  }

  private void print(EventReader.Event event) {
    JsonNode data;
    try {
      data = JSON.readTree(event.data());
    } catch (JsonProcessingException e) {
      throw new Failure("what answers at " + api.socket() + " is not a Lanyard daemon");
    }
    boolean isChange = data.has("type");
    if (output.json()) {
      output.printLine(
          isChange
              ? data
              : JsonNodeFactory.instance
                  .objectNode()
                  .put("id", event.id())
                  .put("type", event.type())
                  .set("data", data));
    } else {
      output.line(PrintableText.of(isChange ? change(data) : other(event.type(), data)));
    }
  }

  private static String change(JsonNode event) {
    StringBuilder line = new StringBuilder(event.path("at").asText());
    line.append("  ").append(event.path("type").asText());
    String network = event.path("network").asText();
    String subject = event.path("subject").asText();
    if (!network.isEmpty() && !subject.startsWith("networks.")) {
      line.append("  ").append(network);
      subject = subject.equals(network) ? "" : subject;
      line.append(subject.isEmpty() ? "" : "/");
    } else {
      line.append("  ");
    }
    line.append(subject);
    event
        .path("data")
        .properties()
        .forEach(member ->
            line.append(line.charAt(line.length() - 1) == ' ' ? "" : "  ")
                .append(member.getKey())
                .append('=')
                .append(quoted(member.getValue().asText())));
    return line.toString();
  }

  private static String quoted(String text) {
    boolean isPlain = !text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c != '"');
    return isPlain ? text : '"' + text.replace("\"", "\\\"") + '"';
  }

  /** A snapshot in a line: how much there is. */
  private static String other(String type, JsonNode data) {
    StringBuilder line = new StringBuilder(type);
    data.properties()
        .forEach(member -> {
          JsonNode value = member.getValue();
          line.append("  ").append(member.getKey()).append('=');
          line.append(value.isContainerNode() ? Integer.toString(value.size()) : value.asText());
        });
    return line.toString();
  }
}
