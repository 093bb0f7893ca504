package io.lanyard.linux;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;

/**
 * Configures a network interface by rtnetlink(7), in the namespace of the calling thread.
 *
 * <p>Thread: any that may wait.
 */
public final class HostLink {
  private static final int RTM_NEWLINK = 16;
  private static final int RTM_NEWADDR = 20;
  private static final int RTM_DELADDR = 21;

  // Of a struct ifinfomsg: flags, and the attributes behind it (linux/if_link.h).
  private static final int IFF_UP = 0x1;
  private static final int IFF_NOARP = 0x80;
  private static final int IFLA_ADDRESS = 1;
  private static final int IFLA_MTU = 4;
  private static final int IFLA_IFALIAS = 20;
  private static final int IFLA_AF_SPEC = 26;
  private static final int IFLA_INET6_ADDR_GEN_MODE = 8;
  private static final int IN6_ADDR_GEN_MODE_EUI64 = 0;
  private static final int IN6_ADDR_GEN_MODE_NONE = 1;

  // Of a struct ifaddrmsg (linux/if_addr.h).
  private static final int IFA_ADDRESS = 1;
  private static final int IFA_LOCAL = 2;
  private static final int IFA_BROADCAST = 4;

  /** Nobody else has the address: the daemon keeps it for the host. */
  private static final int IFA_F_NODAD = 0x02;

  private static final int REPLACE = 0x100;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;

  /** In a smaller subnet there is no broadcast address (RFC 3021). */
  private static final int LONGEST_WITH_BROADCAST = 30;

  private final String name;
  private final int index;

  private HostLink(String name, int index) {
    this.name = name;
    this.index = index;
  }

  /**
   * Finds an interface.
   *
   * @param name its name
   * @return the interface as it is now: another one that is made of the same name is not meant
   * @throws ErrnoException if there is none of that name
   */
  public static HostLink of(String name) throws ErrnoException {
    return new HostLink(name, HostInterface.read(name).index());
  }

  /**
   * Sets the MTU.
   *
   * @param mtu bytes of IP packet
   * @throws ErrnoException if the kernel refuses
   */
  public void mtu(int mtu) throws ErrnoException {
    NetlinkRequest request = link(0, 0);
    int attribute = request.begin(IFLA_MTU);
    request.with(mtu).end(attribute);
    request.call("set the MTU of " + name + " to " + mtu, "choose an MTU of 68 to 65521");
  }

  /**
   * Sets the MAC address.
   *
   * @param mac the low 48 bits
   * @throws ErrnoException if the kernel refuses
   */
  public void hardwareAddress(long mac) throws ErrnoException {
    NetlinkRequest request = link(0, 0);
    int attribute = request.begin(IFLA_ADDRESS);
    for (int i = 0; i < 6; i++) {
      request.withByte((int) (mac >>> (40 - 8 * i)));
    }
    request.end(attribute);
    request.call("give " + name + " a MAC address", "check the MAC address");
  }

  /**
   * Sets what people read beside the interface in {@code ip link}.
   *
   * @param text at most 255 characters of ASCII
   * @throws ErrnoException if the kernel refuses
   */
  public void alias(String text) throws ErrnoException {
    link(0, 0).text(IFLA_IFALIAS, text).call("describe " + name, "the text is too long");
  }

  /**
   * Sets whether the kernel makes IPv6 addresses for the interface by itself: the link-local one,
   * when the interface is switched on, and those of router advertisements. A host without IPv6
   * makes none.
   *
   * @param makes whether it does; addresses that are there stay
   * @throws ErrnoException if the kernel refuses
   */
  public void makesIpv6Addresses(boolean makes) throws ErrnoException {
    NetlinkRequest request = link(0, 0);
    int families = request.begin(IFLA_AF_SPEC);
    int family = request.begin(AF_INET6);
    int mode = request.begin(IFLA_INET6_ADDR_GEN_MODE);
    request.withByte(makes ? IN6_ADDR_GEN_MODE_EUI64 : IN6_ADDR_GEN_MODE_NONE);
    request.end(mode).end(family).end(families);
    try {
      request.call("say who makes the IPv6 addresses of " + name, "the kernel has no such switch");
    } catch (ErrnoException e) {
      if (e.number() != Errno.EAFNOSUPPORT && e.number() != Errno.EINVAL) {
        throw e;
      }
    }
  }

  /**
   * Switches the interface on.
   *
   * @throws ErrnoException if the kernel refuses
   */
  public void up() throws ErrnoException {
    link(IFF_UP, IFF_UP).call("set " + name + " up", "the interface cannot be switched on");
  }

  /**
   * Switches the interface on; it neither asks by ARP nor answers.
   *
   * @throws ErrnoException if the kernel refuses
   */
  void upWithoutArp() throws ErrnoException {
    link(IFF_UP | IFF_NOARP, IFF_UP | IFF_NOARP)
        .call("set " + name + " up", "the interface cannot be switched on");
  }

  /** A struct ifinfomsg: family and type, index, flags, and which of them are meant. */
  private NetlinkRequest link(int flags, int change) {
    return new NetlinkRequest(RTM_NEWLINK, 0).with(0).with(index).with(flags).with(change);
  }

  /**
   * Gives the interface an address besides those that it has.
   *
   * @param address of either family
   * @param prefixLength bits of its subnet
   * @throws ErrnoException if the kernel refuses: EACCES where it has IPv6 switched off
   */
  public void address(Address address, int prefixLength) throws ErrnoException {
    addressed(RTM_NEWADDR, NetlinkRequest.CREATE | REPLACE, address, prefixLength)
        .call("give " + name + " the address " + address, "check the address");
  }

  /**
   * Takes an address from the interface.
   *
   * @param address of either family
   * @param prefixLength bits of its subnet
   * @throws ErrnoException if the kernel refuses: EADDRNOTAVAIL if it has no such address
   */
  public void removeAddress(Address address, int prefixLength) throws ErrnoException {
    addressed(RTM_DELADDR, 0, address, prefixLength)
        .call("take the address " + address + " from " + name, "look at `ip address`");
  }

  private NetlinkRequest addressed(int type, int flags, Address address, int prefixLength) {
    boolean ipv4 = address.isIpv4();
    NetlinkRequest request =
        new NetlinkRequest(type, flags)
            .withByte(ipv4 ? AF_INET : AF_INET6)
            .withByte(prefixLength)
            .withByte(ipv4 ? 0 : IFA_F_NODAD)
            .withByte(0) // of the whole world's scope
            .with(index);
    bytes(request, IFA_LOCAL, address);
    bytes(request, IFA_ADDRESS, address);
    if (ipv4 && prefixLength <= LONGEST_WITH_BROADCAST) {
      bytes(request, IFA_BROADCAST, Subnet.of(address, prefixLength).last());
    }
    return request;
  }

  private static void bytes(NetlinkRequest request, int type, Address address) {
    int attribute = request.begin(type);
    for (byte one : address.toBytes()) {
      request.withByte(one);
    }
    request.end(attribute);
  }
}
