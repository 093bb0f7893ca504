package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lanyard.config.DocumentPath;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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

  static DocumentPath path(String network, String mac) {
    return DocumentPath.of("networks", network, "dhcp", "reservations", mac);
  }

  /** {@code lanyard reservation ls}. */
  @Command(name = "ls", description = "Lists the reservations.")
  static final class Ls extends ListCommand {
    private static final int STEPS = 6;

    @Option(names = "--network", paramLabel = "NETWORK", description = "Of this network only.")
    @Nullable String network;

    Ls() {
      super("network", "mac", "address", "hostname", "origin");
    }

    @Override
    JsonNode list() {
      Map<List<String>, ObjectNode> found = new LinkedHashMap<>();
      for (Effective.Value value : Effective.of(api, false).values()) {
        List<String> steps = value.path().steps();
        if (steps.size() == STEPS
            && steps.get(0).equals("networks")
            && steps.get(2).equals("dhcp")
            && steps.get(3).equals("reservations")
            && (network == null || network.equals(steps.get(1)))) {
          ObjectNode one =
              found.computeIfAbsent(
                  steps.subList(0, STEPS - 1),
                  path ->
                      JsonNodeFactory.instance
                          .objectNode()
                          .put("network", path.get(1))
                          .put("mac", path.get(4)));
          one.put("origin", value.origin());
          if (!steps.getLast().equals("mac")) {
            one.set(steps.getLast(), Edits.value(value.text()));
          }
        }
      }
      ArrayNode list = JsonNodeFactory.instance.arrayNode();
      found.values().forEach(list::add);
      return list;
    }
  }

  /** {@code lanyard reservation add}. */
  @Command(
      name = "add",
      description = {
        "Keeps an address for a MAC address.",
        "For example: lanyard reservation add vmnet8 52:54:00:00:00:10 192.168.127.10 web"
      })
  static final class Add implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "MAC")
    String mac = "";

    @Parameters(index = "2", paramLabel = "ADDRESS")
    String address = "";

    @Parameters(index = "3", arity = "0..1", paramLabel = "HOSTNAME")
    @Nullable String hostname;

    @Override
    public Integer call() {
      DocumentPath path = path(network, mac);
      return change.add(
          "the reservation", path, new Edits().set(path, value(mac, address, hostname)));
    }
  }

  static ObjectNode value(String mac, String address, @Nullable String hostname) {
    ObjectNode value =
        JsonNodeFactory.instance.objectNode().put("mac", mac).put("address", address);
    return hostname == null ? value : value.put("hostname", hostname);
  }

  /** {@code lanyard reservation set}. */
  @Command(
      name = "set",
      description = {
        "Changes a reservation.",
        "For example: lanyard reservation set vmnet8 52:54:00:00:00:10 address=192.168.127.11"
      })
  static final class Set implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Option(names = "--unset", paramLabel = "KEY", description = "Take this key out: hostname.")
    List<String> unset = new ArrayList<>();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "MAC")
    String mac = "";

    @Parameters(
        index = "2..*",
        arity = "0..*",
        paramLabel = "KEY=VALUE",
        description = "address, hostname.")
    List<String> keys = new ArrayList<>();

    @Override
    public Integer call() {
      DocumentPath path = path(network, mac);
      return change.change(
          "reservation for " + mac + " on network " + network,
          path,
          new Edits().setAll(path, change.pairs(keys)).unsetAll(path, unset));
    }
  }

  /** {@code lanyard reservation rm}. */
  @Command(name = "rm", description = "Removes a reservation.")
  static final class Rm implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "MAC")
    String mac = "";

    @Override
    public Integer call() {
      DocumentPath path = path(network, mac);
      return change.change(
          "reservation for " + mac + " on network " + network, path, new Edits().remove(path));
    }
  }
}
