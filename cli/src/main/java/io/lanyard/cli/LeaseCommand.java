package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanyard lease}. */
final class LeaseCommand {
  private LeaseCommand() {}

  static Noun noun() {
    return Noun.of(
        "lease",
        "DHCP leases.",
        Noun.verb("ls", Ls.class),
        Noun.verb("release", Release.class),
        Noun.verb("pin", Pin.class));
  }

  /** {@code lanyard lease ls}. */
  @Command(name = "ls", description = "Lists the DHCP leases.")
  static final class Ls extends ListCommand.OfNetwork {
    Ls() {
      super("leases", "network", "address", "mac", "hostname", "state", "expires");
    }
  }

  /** {@code lanyard lease release}. */
  @Command(
      name = "release",
      description = {
        "Ends a lease, so that the address can be given to others.",
        "The guest is not told: it goes on using the address until it renews."
      })
  static final class Release implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "ADDRESS")
    String address = "";

    @Override
    public Integer call() {
      output.done(
          api.delete(Api.path("networks", network, "leases", address)),
          "released " + address + " on network " + network);
      return Lanyard.DONE;
    }
  }

  /** {@code lanyard lease pin}. */
  @Command(
      name = "pin",
      description = {
        "Makes a lease a reservation: the address stays with the guest's MAC address.",
        "The guest's own name goes with it, where it is one, unless --hostname says another."
      })
  static final class Pin implements Callable<Integer> {
    /** A guest names itself as it likes. */
    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

    @Mixin Change change = new Change();

    @Option(names = "--hostname", paramLabel = "HOSTNAME", description = "Its name in DNS.")
    @Nullable String hostname;

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "ADDRESS")
    String address = "";

    @Override
    public Integer call() {
      JsonNode lease = find();
      String mac = lease.path("mac").asText();
      var path = ReservationCommand.path(network, mac);
      return change.add(
          "the reservation",
          path,
          new Edits().set(path, ReservationCommand.value(mac, address, name(lease))));
    }

    private @Nullable String name(JsonNode lease) {
      if (hostname != null) {
        return hostname;
      }
      String own = lease.path("hostname").asText().toLowerCase(Locale.ROOT);
      return LABEL.matcher(own).matches() ? own : null;
    }

    private JsonNode find() {
      for (JsonNode lease : change.api.get("/v1/leases?network=" + Api.encode(network))) {
        if (lease.path("address").asText().equals(address)) {
          return lease;
        }
      }
      throw new Failure(
          "network " + network + " has no lease of " + address,
          "\"lanyard lease ls --network " + network + "\" lists the leases");
    }
  }
}
