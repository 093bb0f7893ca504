package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.base.Signals;
import io.lanyard.control.api.ForwardInfo;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.api.LeaseInfo;
import io.lanyard.control.client.LentForward;
import io.lanyard.control.client.Reply;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Pattern;
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
  /** A port for both sides, or where the host listens and the guest's port. */
  private static final Pattern MAPPING =
      Pattern.compile("((.+:)?PORTS:)?PORTS".replace("PORTS", "[0-9]{1,5}(-[0-9]{1,5})?"));

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
              + " both. A range is FIRST-LAST.")
  List<String> mappings = new ArrayList<>();

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
    Signals.on("INT", () -> System.exit(Lanyard.DONE));
    mappings.forEach(mapping -> hold(mapping, destination));
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
    for (GuestInfo guest : api.ask(daemon -> daemon.guests().list()).value()) {
      if (guest.name().equals(name)) {
        if (guest.nics().isEmpty()) {
          throw new Failure("guest " + name + " has no NIC", hint);
        }
        return new Destination(guest.nics().getFirst().network(), name);
      }
    }
    Map<String, String> hosts = hosts(name);
    if (hosts.isEmpty()) {
      throw new Failure(
          "no guest, reservation, lease or DNS host has the name " + name,
          "\"lanyard guest ls\" and \"lanyard lease ls\" show the names that there are");
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
    for (LeaseInfo lease : api.ask(daemon -> daemon.networks().leases("")).value()) {
      if (lease.hostname().equalsIgnoreCase(name)) {
        hosts.put(lease.network(), lease.address());
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
              && Edits.text(value.text()).equalsIgnoreCase(name);
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

  private void hold(String mapping, Destination destination) {
    int colon = mapping.lastIndexOf(':');
    String listen = colon < 0 ? mapping : mapping.substring(0, colon);
    String to = destination.host() + ":" + mapping.substring(colon + 1);
    LentForward forward;
    try {
      forward =
          api.ask(daemon ->
              daemon
                  .networks()
                  .lendForward(
                      destination.network(),
                      udp ? "udp" : "tcp",
                      listen.contains(":") ? listen : "127.0.0.1:" + listen,
                      to));
    } catch (Failure e) {
      throw e.isOfContent() ? e.ofThisChange() : e;
    }
    report(forward.info());
    Thread.ofPlatform().daemon().name("forward").start(() -> ended.add(await(forward)));
  }

  private void report(Reply<ForwardInfo> answer) {
    if (output.json()) {
      output.line(Output.lineOf(Output.plain(answer.json())));
    } else {
      ForwardInfo forward = answer.value();
      output.line(
          PrintableText.of(
              "Forwarding " + forward.listen() + " to " + forward.to() + " until Ctrl-C"));
    }
  }

  private static String await(LentForward forward) {
    try (forward) {
      forward.await();
    } catch (IOException e) {
      // It is closed all the same.
    }
    return "the daemon has closed the connection";
  }
}
