package io.lanyard.nat.egress;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The destinations that are denied unless a rule names them: the host's own addresses, other
 * networks of the daemon, link-local and metadata addresses. What the daemon publishes on the
 * host's addresses is excepted.
 *
 * <p>Thread: the network's loop only, unless a method says otherwise.
 */
public final class Protection {
  private final PublishedPorts published;

  /** The published ports that have decided, by protocol and port. */
  private final Set<Integer> reliedOn = ConcurrentHashMap.newKeySet();

  private SubnetTable others4 = SubnetTable.of(List.of(), true);
  private SubnetTable others6 = SubnetTable.of(List.of(), false);
  private @Nullable SubnetTable own4;
  private @Nullable SubnetTable own6;

  /**
   * Makes a protection that does not know the host's addresses yet: all is protected.
   *
   * @param published what this daemon serves on the host's addresses
   */
  public Protection(PublishedPorts published) {
    this.published = published;
  }

  /**
   * Takes the host's own addresses.
   *
   * @param own the addresses, as subnets
   */
  public void hostAddresses(List<Subnet> own) {
    own4 = SubnetTable.of(own, true);
    own6 = SubnetTable.of(own, false);
  }

  /**
   * Takes the subnets of other networks.
   *
   * @param others the subnets
   */
  public void otherNetworks(List<Subnet> others) {
    others4 = SubnetTable.of(others, true);
    others6 = SubnetTable.of(others, false);
  }

  /**
   * The number of the host's addresses.
   *
   * @return subnets; -1 while they are not known
   */
  public int size() {
    return own4 == null || own6 == null ? -1 : own4.size() + own6.size();
  }

  /**
   * The reason why a destination needs a rule of its own.
   *
   * @param high the upper long of the destination
   * @param low its lower long
   * @return words for people; empty if it needs none
   */
  public String reason(long high, long low) {
    boolean ipv4 = Address.isIpv4(high, low);
    SubnetTable own = ipv4 ? own4 : own6;
    if (own == null) {
      return "the host's own addresses are not known yet";
    }
    if (own.find(high, low) != SubnetTable.NONE) {
      return "an address of the host itself";
    }
    if ((ipv4 ? others4 : others6).find(high, low) != SubnetTable.NONE) {
      return "another network";
    }
    return SpecialAddresses.METADATA.contains(high, low) ? "a link-local or metadata address" : "";
  }

  /**
   * Whether the daemon publishes a service. What is admitted because of that lasts no longer.
   *
   * @param protocol the IP protocol number
   * @param high the upper long of the destination
   * @param low its lower long
   * @param port the port
   * @return true if it does
   */
  public boolean isPublished(int protocol, long high, long low, int port) {
    if (!published.contains(protocol, high, low, port)) {
      return false;
    }
    reliedOn.add(service(protocol, port));
    return published.contains(protocol, high, low, port); // it may have ended before the note
  }

  private static int service(int protocol, int port) {
    return protocol << 16 | port;
  }

  /**
   * Whether a flow was admitted because a port was published, and is to be looked at again now that
   * it is published no more.
   *
   * @param protocol the IP protocol number
   * @param port the port
   * @return true once for each time that flows have relied on it; any thread may ask
   */
  public boolean reliedOn(int protocol, int port) {
    return reliedOn.remove(service(protocol, port));
  }
}
