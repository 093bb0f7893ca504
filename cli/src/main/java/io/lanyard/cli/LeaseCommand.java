package io.lanyard.cli;

import io.lanyard.control.api.LeaseInfo;
import io.lanyard.control.client.NetworkClient;
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
      super(NetworkClient::leases, "network", "address", "mac", "hostname", "state", "expires");
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

    @Parameters(index = "1", paramLabel = "ADDRESS", converter = AddressWord.class)
    String address = "";

    @Override
    public Integer call() {
      api.order(daemon -> daemon.networks().releaseLease(network, address));
      output.done("released " + address + " on network " + network);
      return Lanyard.DONE;
    }
  }

  /** {@code lanyard lease pin}. */
  @Command(
      name = "pin",
      description = {
        "Makes a lease a reservation: the address stays with the guest's MAC address.",
        "The guest's own name goes with it, where it is one, unless --hostname says another.",
        "With an IPv6 address the guest keeps the IPv4 address that it has, too."
      })
  static final class Pin implements Callable<Integer> {
    /** A guest names itself as it likes. */
    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

    @Mixin Change change = new Change();

    @Option(names = "--hostname", paramLabel = "HOSTNAME", description = "Its name in DNS.")
    @Nullable String hostname;

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "ADDRESS", converter = AddressWord.class)
    String address = "";

    @Override
    public Integer call() {
      LeaseInfo lease = find();
      String four = ipv4(lease);
      Target target = Target.reservation(network, lease.mac());
      return change.add(
          target,
          new Edits()
              .set(
                  target.path(),
                  four == null
                      ? ReservationCommand.value(lease.mac(), address, null, name(lease))
                      : ReservationCommand.value(lease.mac(), four, ipv6(), name(lease))));
    }

    private boolean isIpv6() {
      return address.contains(":");
    }

    private @Nullable String ipv6() {
      return isIpv6() ? address : null;
    }

    /** The IPv4 address that the guest keeps, too; null where it has none. */
    private @Nullable String ipv4(LeaseInfo lease) {
      if (!isIpv6()) {
        return address;
      }
      return change.api.ask(daemon -> daemon.networks().leases(network)).value().stream()
          .filter(other -> other.mac().equals(lease.mac()) && !other.address().contains(":"))
          .map(LeaseInfo::address)
          .findFirst()
          .orElse(null);
    }

    private @Nullable String name(LeaseInfo lease) {
      if (hostname != null) {
        return hostname;
      }
      String own = lease.hostname().toLowerCase(Locale.ROOT);
      return LABEL.matcher(own).matches() ? own : null;
    }

    private LeaseInfo find() {
      for (LeaseInfo lease : change.api.ask(daemon -> daemon.networks().leases(network)).value()) {
        if (lease.address().equals(address)) {
          return lease;
        }
      }
      throw new Failure(
          "network " + network + " has no lease of " + address,
          "\"lanyard lease ls --network " + network + "\" lists the leases");
    }
  }
}
