package io.lanyard.dns;

import io.lanyard.config.Ipv4Config;
import io.lanyard.nat.gateway.Gateway;
import io.lanyard.nat.gateway.GatewayAddresses;
import io.lanyard.nat.gateway.Ipv6Addresses;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.Neighbours;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The addresses of both families that stations have shown to a gateway, and its own. */
final class StationIpv6Names implements Ipv6Names {
  /** More than a host needs; each is a record in the answer. */
  private static final int MOST = 8;

  private final GatewayAddresses addresses;
  private final Ipv6Addresses own;
  private final Neighbours neighbours;

  StationIpv6Names(Gateway gateway) {
    addresses = gateway.addresses();
    own = Objects.requireNonNull(addresses.ipv6(), "the network has no IPv6");
    neighbours = gateway.stations().neighbours();
  }

  @Override
  public Subnet subnet() {
    return own.subnet();
  }

  @Override
  public List<Address> beside(Address ipv4) {
    Ipv4Config four = addresses.ipv4();
    if (four != null && ipv4.equals(four.gateway())) {
      return List.of(own.gateway());
    }
    if (four != null && addresses.hostLoopback() && ipv4.equals(four.host())) {
      return List.of(own.host());
    }
    return others(ipv4).filter(own.subnet()::contains).sorted().limit(MOST).toList();
  }

  @Override
  public @Nullable Address ipv4Beside(Address ipv6) {
    Ipv4Config four = addresses.ipv4();
    if (ipv6.equals(own.gateway())) {
      return four == null ? null : four.gateway();
    }
    if (addresses.hostLoopback() && ipv6.equals(own.host())) {
      return four == null ? null : four.host();
    }
    return others(ipv6).filter(Address::isIpv4).findFirst().orElse(null);
  }

  /** All addresses of the station that has one. */
  private Stream<Address> others(Address address) {
    Neighbour known = neighbours.get(address);
    Station station = known == null ? null : known.station();
    return station == null
        ? Stream.empty()
        : neighbours.of(station).stream().map(Neighbour::address);
  }
}
