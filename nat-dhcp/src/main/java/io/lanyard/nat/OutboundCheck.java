package io.lanyard.nat;

import io.lanyard.base.LogEvent;
import io.lanyard.config.NatConfig;
import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.HostInterface;
import io.lanyard.linux.InetDatagram;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.lang.System.Logger;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A check that the host has the addresses and the interface that a network's flows are bound to
 * ({@code nat.outbound}). Without them no flow begins.
 *
 * <p>Thread, unless a method says otherwise: the network's loop only, which is in the network
 * namespace that the host's sockets are in.
 */
public final class OutboundCheck {
  private static final Logger LOG = System.getLogger(OutboundCheck.class.getName());

  private final String network;
  private NatConfig.Outbound outbound;
  private @Nullable List<Subnet> own;
  private String told = "";

  OutboundCheck(String network, NatConfig.Outbound outbound) {
    this.network = network;
    this.outbound = outbound;
  }

  /**
   * The missing part of a place to leave from, as the host is now. Thread: any in the network
   * namespace that the host's sockets are in.
   *
   * @param outbound the place
   * @return the missing part with what to do about it; empty if nothing is missing
   */
  public static String missing(NatConfig.Outbound outbound) {
    return new OutboundCheck("", outbound).problem();
  }

  /** Takes another place to leave from. */
  void configure(NatConfig.Outbound next) {
    outbound = next;
    tell();
  }

  /** Takes the host's addresses as they are now. */
  void hostAddresses(List<Subnet> present) {
    own = present;
    tell();
  }

  private void tell() {
    String now = problem();
    if (now.equals(told)) {
      return;
    }
    if (now.isEmpty()) {
      LogEvent.of("outbound-back").with("network", network).log(LOG, Logger.Level.INFO);
    } else {
      LogEvent.of("outbound-missing")
          .with("network", network)
          .with("cause", now)
          .log(LOG, Logger.Level.WARNING);
    }
    told = now;
  }

  /** The missing part with what to do about it; empty if nothing is missing. */
  String problem() {
    return problem(outbound.ipv4(), outbound.ipv6());
  }

  /** The same for flows to an address of the world. */
  String problemTo(Address destination) {
    return problem(destination.isIpv4() ? outbound.ipv4() : outbound.ipv6(), null);
  }

  private String problem(@Nullable Address one, @Nullable Address other) {
    String device = outbound.device();
    if (device != null) {
      try {
        if (!HostInterface.read(device).isUp()) {
          return text("interface", device, "is down", "set it up");
        }
      } catch (ErrnoException e) {
        return text("interface", device, "is not there", "make it");
      }
    }
    Address lost =
        Stream.of(one, other)
            .filter(said -> said != null && !isOfHost(said))
            .findFirst()
            .orElse(null);
    return lost == null
        ? ""
        : text(
            lost.isIpv4() ? "address" : "ipv6-address",
            lost.toString(),
            "is no address of the host",
            "give it to an interface");
  }

  private static String text(String key, String value, String what, String remedy) {
    return "nat.outbound."
        + key
        + ": "
        + value
        + " "
        + what
        + ", so nothing leaves the network: "
        + remedy
        + ", or change the key";
  }

  private boolean isOfHost(Address address) {
    List<Subnet> present = own;
    if (present != null) {
      return present.stream().anyMatch(subnet -> subnet.contains(address));
    }
    try {
      InetDatagram.udpOfFamily(address, 0).close();
      return true;
    } catch (ErrnoException e) {
      return e.number() != Errno.EADDRNOTAVAIL;
    }
  }
}
