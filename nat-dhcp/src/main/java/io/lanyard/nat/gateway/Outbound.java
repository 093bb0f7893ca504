package io.lanyard.nat.gateway;

import io.lanyard.config.NatConfig;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.InetDatagram;
import io.lanyard.linux.SocketDevice;
import io.lanyard.net.Address;
import org.jspecify.annotations.Nullable;

/**
 * Where the sockets of a network's flows are bound: to addresses and an interface of the host, or
 * to whatever the host's routes choose.
 *
 * <p>Immutable.
 */
public final class Outbound {
  /** The host's routes choose. */
  public static final Outbound ANY = new Outbound(NatConfig.Outbound.ANY);

  private final NatConfig.Outbound config;

  Outbound(NatConfig.Outbound config) {
    this.config = config;
  }

  /**
   * Whether something is said, so that sockets which lead to the host's loopback are others than
   * those that lead out.
   *
   * @return false where the host's routes choose
   */
  public boolean isSaid() {
    return !config.equals(NatConfig.Outbound.ANY);
  }

  /**
   * The address that sockets are bound to.
   *
   * @param towards an address of the family that is meant, to which the socket leads; of the host's
   *     loopback they are not bound
   * @return all addresses of the family unless one is said
   */
  public Address local(Address towards) {
    boolean ipv4 = towards.isIpv4();
    Address said = towards.isLoopback() ? null : ipv4 ? config.ipv4() : config.ipv6();
    return said != null ? said : ipv4 ? Address.ANY_IPV4 : Address.ANY_IPV6;
  }

  /**
   * The host's own address that sockets are bound to, without which they lead nowhere.
   *
   * @param towards as of {@link #local}
   * @return the address; null unless one is said
   */
  public @Nullable Address bound(Address towards) {
    Address local = local(towards);
    return local.isAny() ? null : local;
  }

  /**
   * Holds a socket to the interface, if there is one.
   *
   * @param socket the socket; closed if there is no such interface
   * @param towards where it leads; to the host's loopback it is not held
   * @return the socket
   * @throws ErrnoException if there is no such interface
   */
  public InetDatagram hold(InetDatagram socket, Address towards) throws ErrnoException {
    try {
      hold(socket.fd(), towards);
      return socket;
    } catch (ErrnoException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Holds a socket to the interface, if there is one.
   *
   * @param fd the socket's descriptor
   * @param towards where it leads; to the host's loopback it is not held
   * @throws ErrnoException if there is no such interface
   */
  public void hold(int fd, Address towards) throws ErrnoException {
    String device = config.device();
    if (device != null && !towards.isLoopback()) {
      SocketDevice.bind(fd, device);
    }
  }
}
