package io.lanyard.nat.egress;

import io.lanyard.net.Address;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/**
 * The ports that this daemon itself serves on the host's addresses: forwards, and the outer ends of
 * mappings. A guest reaches those as the world does, although the address is the host's own
 * (hairpinning, RFC 4787 REQ-9, RFC 5382 REQ-8).
 *
 * <p>Thread: any.
 */
public final class PublishedPorts {
  /** Its methods are written out: the JVM would spin a record's own when the first flow begins. */
  private record Key(int protocol, long high, long low, int port) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Key that
          && protocol == that.protocol
          && high == that.high
          && low == that.low
          && port == that.port;
    }

    @Override
    public int hashCode() {
      return 31 * (31 * Long.hashCode(31 * high + low) + port) + protocol;
    }
  }

  /** A bit beside the protocol: all IPv6 addresses and none of IPv4. */
  private static final int IPV6_ALONE = 1 << 8;

  /** Hears of ports that are published no more. Called on the thread that has removed them. */
  @FunctionalInterface
  public interface Listener {
    /**
     * A port is published no more on an address.
     *
     * @param protocol the IP protocol number
     * @param port the port
     * @param on whether it was published on an address of the host
     */
    void removed(int protocol, int port, Predicate<Address> on);
  }

  private final ConcurrentHashMap<Key, Integer> ports = new ConcurrentHashMap<>();
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();

  /** Makes a set without ports. */
  public PublishedPorts() {}

  /**
   * Publishes a port.
   *
   * @param protocol the IP protocol number of TCP or UDP
   * @param address the address that it is bound to, perhaps all of a family; {@code ::} has the
   *     IPv4 ones, too
   * @param port the port
   */
  public void add(int protocol, Address address, int port) {
    ports.merge(new Key(protocol, address.high(), address.low(), port), 1, Integer::sum);
  }

  /**
   * Ends what {@link #add} began.
   *
   * @param protocol as given
   * @param address as given
   * @param port as given
   */
  public void remove(int protocol, Address address, int port) {
    Key removed = new Key(protocol, address.high(), address.low(), port);
    if (ports.computeIfPresent(removed, (key, n) -> n == 1 ? null : n - 1) == null) {
      for (Listener listener : listeners) {
        listener.removed(protocol & ~IPV6_ALONE, port, on(protocol, address));
      }
    }
  }

  private static Predicate<Address> on(int protocol, Address address) {
    if (!address.isAny()) {
      return address::equals;
    }
    boolean ipv4 = address.isIpv4();
    boolean alone = ipv4 || (protocol & IPV6_ALONE) != 0;
    return host -> !alone || host.isIpv4() == ipv4;
  }

  /**
   * The protocol to publish a port of all addresses of one family with.
   *
   * @param protocol the IP protocol number of TCP or UDP
   * @param any the family's unspecified address
   * @return a number for {@link #add} and {@link #remove}
   */
  public static int ofFamily(int protocol, Address any) {
    return any.isIpv4() ? protocol : protocol | IPV6_ALONE;
  }

  /**
   * Tells a listener of ports that are published no more.
   *
   * @param listener called on any thread
   */
  public void addListener(Listener listener) {
    listeners.add(listener);
  }

  /**
   * Ends what {@link #addListener} began.
   *
   * @param listener the same object
   */
  public void removeListener(Listener listener) {
    listeners.remove(listener);
  }

  /**
   * Whether a port of an address of the host's is published.
   *
   * @param protocol the IP protocol number
   * @param high the upper long of the address
   * @param low its lower long
   * @param port the port
   * @return true if one was added for that address, or for all of its family
   */
  public boolean contains(int protocol, long high, long low, int port) {
    return ports.containsKey(new Key(protocol, high, low, port))
        || isOnAll(protocol, Address.ANY_IPV6, port)
        || (Address.isIpv4(high, low)
            ? isOnAll(protocol, Address.ANY_IPV4, port)
            : isOnAll(protocol | IPV6_ALONE, Address.ANY_IPV6, port));
  }

  private boolean isOnAll(int protocol, Address any, int port) {
    return ports.containsKey(new Key(protocol, any.high(), any.low(), port));
  }
}
