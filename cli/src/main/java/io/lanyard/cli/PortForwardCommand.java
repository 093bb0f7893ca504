package io.lanyard.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.lanyard.base.PrintableText;
import io.lanyard.base.Signals;
import io.lanyard.control.client.HttpClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lanyard port-forward}. */
@Command(
    name = "port-forward",
    description = {
      "Forwards ports of the host to a guest for as long as the command runs.",
      "For example: lanyard port-forward web 8080:80",
      "             lanyard port-forward web:vmnet8 0.0.0.0:8443:443"
    })
final class PortForwardCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A port for both sides, or where the host listens and the guest's port. */
  private static final Pattern MAPPING = Pattern.compile("((.+:)?[0-9]{1,5}:)?[0-9]{1,5}");

  private static final List<String> RESERVATIONS = List.of("dhcp", "reservations");
  private static final List<String> HOSTS = List.of("dns", "hosts");

  @Mixin Api api = new Api();
  @Mixin Output output = new Output();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(names = "--udp", description = "UDP instead of TCP.")
  boolean udp;

  @Parameters(
      index = "0",
      paramLabel = "GUEST[:NETWORK]",
      description =
          "A guest, or the name of a reservation, a lease or a DNS host; with NETWORK an address"
              + " too. Default: the network of the guest's first NIC, or the one that has the"
              + " name.")
  String target = "";

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "[ADDRESS:]PORT:PORT",
      description =
          "Where the host listens, on 127.0.0.1 unless said, and the guest's port; one PORT for"
              + " both.")
  List<String> mappings = new ArrayList<>();

  /** A forward that is there while its connection is. */
  private record Held(HttpClient.Answer answer, BufferedReader lines) {}

  /** The end of one of the forwards, by the daemon or because the connection broke. */
  private final LinkedBlockingQueue<String> ended = new LinkedBlockingQueue<>();

  /**
   * Where a forward leads.
   *
   * @param host a name that the network has, or an address
   */
  private record Destination(String network, String host) {}

  @Override
  public Integer call() throws InterruptedException {
    mappings.forEach(this::check);
    Destination destination = destination();
    List<byte[]> bodies = new ArrayList<>();
    mappings.forEach(mapping -> bodies.add(body(mapping, destination.host())));
    Signals.on("INT", () -> System.exit(Lanyard.DONE));
    for (byte[] body : bodies) {
      hold(destination.network(), body);
    }
    throw new Failure("the forward has ended: " + ended.take());
  }

  private Destination destination() {
    int colon = target.indexOf(':');
    String name = colon < 0 ? target : target.substring(0, colon);
    if (colon >= 0) {
      String network = target.substring(colon + 1);
      return new Destination(network, hosts(name).getOrDefault(network, name));
    }
    String hint = "name a network: " + name + ":NETWORK";
    for (JsonNode guest : api.get("/v1/guests")) {
      if (guest.path("name").asText().equals(name)) {
        JsonNode nics = guest.path("nics");
        if (nics.isEmpty()) {
          throw new Failure("guest " + name + " has no NIC", hint);
        }
        return new Destination(nics.path(0).path("network").asText(), name);
      }
    }
    Map<String, String> hosts = hosts(name);
    if (hosts.isEmpty()) {
      throw new Failure("no guest, reservation, lease or DNS host has the name " + name, hint);
    }
    if (hosts.size() > 1) {
      throw new Failure(
          "several networks have the name " + name + ": " + String.join(", ", hosts.keySet()),
          hint);
    }
    Map.Entry<String, String> only = hosts.entrySet().iterator().next();
    return new Destination(only.getKey(), only.getValue());
  }

  /**
   * The networks with a reservation, a lease or a DNS host of a name, and the host that a forward
   * of each leads to. A forward has no names of leases: it has the lease's address.
   */
  private Map<String, String> hosts(String name) {
    Map<String, String> hosts = new TreeMap<>();
    for (JsonNode lease : api.get("/v1/leases")) {
      if (lease.path("hostname").asText().equalsIgnoreCase(name)) {
        hosts.put(lease.path("network").asText(), lease.path("address").asText());
      }
    }
    for (Effective.Value value : Effective.of(api, false).values()) {
      List<String> steps = value.path().steps();
      if (steps.size() < 5 || !steps.getFirst().equals("networks")) {
        continue;
      }
      List<String> key = steps.subList(2, 4);
      boolean isReservation =
          key.equals(RESERVATIONS)
              && steps.getLast().equals("hostname")
              && Edits.value(value.text()).asText().equalsIgnoreCase(name);
      boolean isHost = key.equals(HOSTS) && steps.get(4).equalsIgnoreCase(name);
      if (isReservation || isHost) {
        hosts.put(steps.get(1), name);
      }
    }
    return hosts;
  }

  private void check(String mapping) {
    if (!MAPPING.matcher(mapping).matches()) {
      throw new ParameterException(
          spec.commandLine(), "expected [ADDRESS:]PORT:PORT: \"" + mapping + "\"");
    }
  }

  private byte[] body(String mapping, String guest) {
    int colon = mapping.lastIndexOf(':');
    String listen = colon < 0 ? mapping : mapping.substring(0, colon);
    String port = mapping.substring(colon + 1);
    return JsonNodeFactory.instance
        .objectNode()
        .put("protocol", udp ? "udp" : "tcp")
        .put("listen", listen.contains(":") ? listen : "127.0.0.1:" + listen)
        .put("to", guest + ":" + port)
        .toString()
        .getBytes(StandardCharsets.UTF_8);
  }

  private void hold(String network, byte[] body) {
    HttpClient.Answer answer =
        api.open(
            "POST",
            Api.path("networks", network, "port-forward"),
            Map.of("Content-Type", "application/json"),
            body);
    Held held =
        new Held(
            answer,
            new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8)));
    String first = next(held);
    if (first == null) {
      throw new Failure("the daemon has ended the forward");
    }
    report(first);
    Thread.ofPlatform().daemon().name("forward").start(() -> ended.add(await(held)));
  }

  private void report(String line) {
    JsonNode forward;
    try {
      forward = JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new Failure("what answers at " + api.socket() + " is not a Lanyard daemon");
    }
    if (output.json()) {
      output.printLine(forward);
    } else {
      output.line(
          PrintableText.of(
              "Forwarding "
                  + forward.path("listen").asText()
                  + " to "
                  + forward.path("to").asText()
                  + " until Ctrl-C"));
    }
  }

  private static @Nullable String next(Held held) {
    try {
      return held.lines().readLine();
    } catch (IOException e) {
      return null;
    }
  }

  private static String await(Held held) {
    try (HttpClient.Answer _ = held.answer()) {
      while (next(held) != null) {
        // Nothing is said while it is there.
      }
    } catch (IOException e) {
      // It is closed all the same.
    }
    return "the daemon has closed the connection";
  }
}
