package io.lanyard.vswitch.policy;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.frame.Ethernet;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The IP addresses of one network, as its guards know them: <em>bound</em> to a MAC address (a
 * lease, a reservation, the gateway's own), <em>given</em> to a guarded port by the configuration,
 * or <em>claimed</em> by the guarded port that was the first to use them.
 *
 * <p>The gateway asks here, too ({@link #permits}): it does not believe a port without a guard that
 * it has the address of one that has.
 *
 * <p>DHCP binds and releases; guards claim. A bound address is nobody else's, and one that the
 * configuration gives to a port is claimed by nobody.
 *
 * <p>Thread: the network's loop only.
 */
public final class PortAddresses {
  private final AddressMap bound;
  private final AddressMap claimed;

  /** How many guards' ports the configuration gives an address to. */
  private final AddressMap given;

  /** The guards of the ports that have sent a frame. A port is itself. */
  private final IdentityHashMap<Port, Guard> judging = new IdentityHashMap<>();

  private @Nullable Subnet chosen;

  /** Grows with each change of a binding, so that guards may keep what they have found. */
  int version;

  /**
   * Makes a network's addresses; none is known.
   *
   * @param seed random bits that guests do not know
   */
  public PortAddresses(long seed) {
    bound = new AddressMap(seed);
    given = new AddressMap(seed);
    claimed = new AddressMap(~seed);
  }

  /**
   * Binds an address to a MAC address, whose it was before.
   *
   * @param address the address
   * @param mac in the low 48 bits
   */
  public void bind(Address address, long mac) {
    bound.put(address.high(), address.low(), mac & Ethernet.BROADCAST);
    version++;
  }

  /**
   * Releases an address, if that MAC address has it.
   *
   * @param address the address
   * @param mac in the low 48 bits
   */
  public void release(Address address, long mac) {
    if (bound.get(address.high(), address.low()) == mac) {
      bound.remove(address.high(), address.low());
      version++;
    }
  }

  /**
   * Lets guests choose addresses of a subnet: there is nobody who gives them away (stateless
   * address configuration, RFC 4862). An address belongs to the guarded port that was the first to
   * use it, as RFC 6620 has it.
   *
   * @param subnet a subnet of 64 bits; null for none
   */
  public void letChoose(@Nullable Subnet subnet) {
    chosen = subnet;
    version++;
  }

  /** Whether guests choose an address themselves. */
  boolean isChosen(long high, long low) {
    Subnet subnet = chosen;
    return subnet != null && subnet.contains(high, low);
  }

  /** Whether the configuration gives an address to a port. */
  boolean isGiven(long high, long low) {
    return given.get(high, low) != AddressMap.NOBODY;
  }

  /**
   * Whether a station may have an address: nobody else is known to. Allocates nothing.
   *
   * @param address the address
   * @param mac the station's MAC address, in the low 48 bits
   * @param port the port that it is behind; null if that is not known
   * @return false if the address is bound to another MAC address, or, if it is bound to none, given
   *     to or claimed by another port
   */
  public boolean permits(Address address, long mac, @Nullable Port port) {
    long high = address.high();
    long low = address.low();
    if (isBound(high, low)) {
      return holds(mac, high, low);
    }
    Guard own = port == null ? null : judging.get(port);
    if (isGiven(high, low)) {
      return own != null && own.isGiven(high, low);
    }
    long claimant = claimant(high, low);
    return claimant == AddressMap.NOBODY || (own != null && own.isNumbered(claimant));
  }

  /** Notes which port a guard judges. */
  void judges(Port port, Guard guard) {
    judging.put(port, guard);
  }

  /** Forgets what {@link #judges} has noted. */
  void ends(Port port, Guard guard) {
    judging.remove(port, guard);
  }

  /** Whether an address is bound to a MAC address. */
  boolean holds(long mac, long high, long low) {
    return bound.get(high, low) == mac;
  }

  /** Whether an address is bound, to whatever MAC address. */
  boolean isBound(long high, long low) {
    return bound.get(high, low) != AddressMap.NOBODY;
  }

  /** The guard that has claimed an address, or {@link AddressMap#NOBODY}. */
  long claimant(long high, long low) {
    return claimed.get(high, low);
  }

  void claim(long high, long low, long guard) {
    claimed.put(high, low, guard);
  }

  /** Keeps an address from being claimed, because the configuration gives it to a guard's port. */
  void give(long high, long low) {
    given.put(high, low, Math.max(0, given.get(high, low)) + 1);
    version++;
  }

  /** Takes back what one guard's {@link #give} has done. */
  void ungive(long high, long low) {
    long others = given.get(high, low) - 1;
    if (others > 0) {
      given.put(high, low, others);
    } else {
      given.remove(high, low);
    }
    version++;
  }

  void unclaim(long high, long low, long guard) {
    if (claimed.get(high, low) == guard) {
      claimed.remove(high, low);
    }
  }

  private long guards;

  /** A number for a guard that no other guard of the network has. */
  long nextGuard() {
    return guards++;
  }
}
