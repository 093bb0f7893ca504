package io.lanyard.dns;

import io.lanyard.nat.gateway.Gateway;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tells which IPv6 addresses a name's owner has besides the IPv4 address that the name leads to.
 * Guests choose them and tell nobody; but the gateway knows a station's addresses of both families.
 *
 * <p>Thread: the network's loop only.
 */
public interface Ipv6Names {
  /** A network without IPv6. */
  Ipv6Names NONE =
      new Ipv6Names() {
        @Override
        public @Nullable Subnet subnet() {
          return null;
        }

        @Override
        public List<Address> beside(Address ipv4) {
          return List.of();
        }

        @Override
        public @Nullable Address ipv4Beside(Address ipv6) {
          return null;
        }
      };

  /**
   * The names of a gateway's network.
   *
   * @param gateway knows the stations
   * @return a live object
   */
  static Ipv6Names of(Gateway gateway) {
    return gateway.addresses().ipv6() == null ? NONE : new StationIpv6Names(gateway);
  }

  /**
   * The network's IPv6 subnet, whose reverse names are answered here.
   *
   * @return a prefix of 64 bits; null for none
   */
  @Nullable Subnet subnet();

  /**
   * The IPv6 addresses of the host that has an IPv4 address.
   *
   * @param ipv4 an address of the network
   * @return addresses of the subnet, as far as they are known at present
   */
  List<Address> beside(Address ipv4);

  /**
   * The IPv4 address of the host that has an IPv6 address.
   *
   * @param ipv6 an address of the subnet
   * @return the address; null if it is not known
   */
  @Nullable Address ipv4Beside(Address ipv6);
}
