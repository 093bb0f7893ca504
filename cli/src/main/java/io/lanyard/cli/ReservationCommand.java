package io.lanyard.cli;

import io.lanyard.control.client.Reply;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanyard reservation}. */
final class ReservationCommand {
  private ReservationCommand() {}

  static Noun noun() {
    return Noun.of(
        "reservation",
        "Addresses that DHCP keeps for a MAC address.",
        Noun.verb("ls", Ls.class),
        Noun.verb("add", Add.class),
        Noun.verb("set", Set.class),
        Noun.verb("rm", Rm.class));
  }

  /** A reservation, as the list has it. */
  record Reservation(
      String network, String mac, String address, String ipv6, String hostname, String origin) {}

  /** {@code lanyard reservation ls}. */
  @Command(name = "ls", description = "Lists the reservations.")
  static final class Ls extends ListCommand {
    private static final int STEPS = 6;

    @ArgGroup ListCommand.OfNetwork.Asked asked = new ListCommand.OfNetwork.Asked();

    Ls() {
      super("network", "mac", "address", "ipv6", "hostname", "origin");
    }

    @Override
    Reply<List<Reservation>> list() {
      String network = asked.network();
      Map<List<String>, Reservation> found = new LinkedHashMap<>();
      for (Effective.Value value : Effective.of(api, false).values()) {
        List<String> steps = value.path().steps();
        if (steps.size() == STEPS
            && steps.get(0).equals("networks")
            && steps.get(2).equals("dhcp")
            && steps.get(3).equals("reservations")
            && (network.isEmpty() || network.equals(steps.get(1)))) {
          var _ =
              found.merge(
                  steps.subList(0, STEPS - 1),
                  reservation(steps, value),
                  ReservationCommand.Ls::merged);
        }
      }
      return Reply.of(List.copyOf(found.values()));
    }

    /** A reservation of which one setting is known. */
    private static Reservation reservation(List<String> steps, Effective.Value value) {
      String key = steps.getLast();
      String text = Edits.text(value.text());
      return new Reservation(
          steps.get(1),
          steps.get(4),
          key.equals("address") ? text : "",
          key.equals("ipv6") ? text : "",
          key.equals("hostname") ? text : "",
          value.origin());
    }

    private static Reservation merged(Reservation before, Reservation more) {
      return new Reservation(
          before.network(),
          before.mac(),
          before.address() + more.address(),
          before.ipv6() + more.ipv6(),
          before.hostname() + more.hostname(),
          more.origin());
    }
  }

  /** {@code lanyard reservation add}. */
  @Command(
      name = "add",
      description = {
        "Keeps an address for a MAC address.",
        "For example: lanyard reservation add vmnet8 52:54:00:00:00:10 192.168.127.10 web",
        "An IPv6 address in its place, where dhcp.ipv6 is stateful, keeps that alone."
      })
  static final class Add implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "MAC", converter = MacWord.class)
    String mac = "";

    @Parameters(index = "2", paramLabel = "ADDRESS", converter = AddressWord.class)
    String address = "";

    @Parameters(index = "3", arity = "0..1", paramLabel = "HOSTNAME")
    @Nullable String hostname;

    @Option(
        names = "--ipv6",
        paramLabel = "ADDRESS",
        converter = AddressWord.class,
        description = "Its IPv6 address, where dhcp.ipv6 is stateful.")
    @Nullable String ipv6;

    @Override
    public Integer call() {
      Target target = Target.reservation(network, mac);
      return change.add(
          target, new Edits().set(target.path(), value(mac, address, ipv6, hostname)));
    }
  }

  static Map<String, String> value(
      String mac, String address, @Nullable String ipv6, @Nullable String hostname) {
    Map<String, String> value = new LinkedHashMap<>();
    value.put("mac", mac);
    value.put(address.contains(":") ? "ipv6" : "address", address);
    if (ipv6 != null) {
      value.put("ipv6", ipv6);
    }
    if (hostname != null) {
      value.put("hostname", hostname);
    }
    return value;
  }

  /** {@code lanyard reservation set}. */
  @Command(
      name = "set",
      description = {
        "Changes a reservation. Keys are address, ipv6 and hostname.",
        "For example: lanyard reservation set vmnet8 52:54:00:00:00:10 address=192.168.127.11"
      })
  static final class Set extends SetCommand.OfNetwork {
    @Parameters(index = "1", paramLabel = "MAC", converter = MacWord.class)
    String mac = "";

    @Override
    Target target() {
      return Target.reservation(network, mac);
    }
  }

  /** {@code lanyard reservation rm}. */
  @Command(name = "rm", description = "Removes a reservation.")
  static final class Rm implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "MAC", converter = MacWord.class)
    String mac = "";

    @Override
    public Integer call() {
      return change.remove(Target.reservation(network, mac));
    }
  }
}
