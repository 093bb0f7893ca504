package io.lanyard.linux;

import io.lanyard.net.Address;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Configures a network interface by {@code struct ifreq} (netdevice(7)), in the namespace of the
 * calling thread.
 */
public final class Ifreq {
  /** Longest name of an interface: IFNAMSIZ less the terminator. */
  public static final int LONGEST_NAME = 15;

  /** The name takes 16 bytes, the union behind it 24. */
  static final int SIZE = 40;

  private static final String PRIVILEGE =
      "the daemon needs the capability CAP_NET_ADMIN to configure an interface; run it as root or"
          + " as the system service";

  private static final int VALUE = 16;
  private static final int SIOCGIFFLAGS = 0x8913;
  private static final int SIOCSIFFLAGS = 0x8914;
  private static final int SIOCSIFADDR = 0x8916;
  private static final int SIOCSIFNETMASK = 0x891c;
  private static final int SIOCSIFMTU = 0x8922;
  private static final int SIOCSIFHWADDR = 0x8924;
  private static final int ARPHRD_ETHER = 1;
  private static final int IFF_UP = 1;
  private static final int IFF_NOARP = 0x80;
  private static final ValueLayout.OfInt BIG_ENDIAN =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private Ifreq() {}

  /** Makes a structure with the name filled in and the rest zero. */
  static MemorySegment allocate(Arena arena, String name) {
    MemorySegment ifreq = arena.allocate(SIZE, 8);
    byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
    if (bytes.length == 0 || bytes.length > LONGEST_NAME) {
      throw new IllegalArgumentException(
          "\"" + name + "\" is no name for an interface: it takes 1 to 15 characters");
    }
    Libc.copy(bytes, ifreq);
    return ifreq;
  }

  /** The name in a structure: that of the interface which the kernel has chosen. */
  static String name(MemorySegment ifreq) {
    StringBuilder name = new StringBuilder(LONGEST_NAME);
    for (int i = 0; i < LONGEST_NAME && ifreq.get(ValueLayout.JAVA_BYTE, i) != 0; i++) {
      name.append((char) (ifreq.get(ValueLayout.JAVA_BYTE, i) & 0xff));
    }
    return name.toString();
  }

  /**
   * Sets an interface's MTU.
   *
   * @param name the interface
   * @param mtu bytes of IP packet
   * @throws ErrnoException if the kernel refuses
   */
  public static void setMtu(String name, int mtu) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ifreq = allocate(arena, name);
      ifreq.set(ValueLayout.JAVA_INT, VALUE, mtu);
      call(SIOCSIFMTU, "SIOCSIFMTU " + name + " " + mtu, ifreq, "choose an MTU of 68 to 65521");
    }
  }

  /**
   * Gives an interface an IPv4 address.
   *
   * @param name the interface
   * @param address an IPv4 address
   * @param prefixLength bits of the netmask
   * @throws ErrnoException if the kernel refuses
   * @throws IllegalArgumentException if the address is of IPv6, which {@code struct ifreq} has no
   *     room for
   */
  public static void setAddress(String name, Address address, int prefixLength)
      throws ErrnoException {
    if (!address.isIpv4()) {
      throw new IllegalArgumentException("an IPv4 address is needed, not " + address);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ifreq = allocate(arena, name);
      ifreq.set(ValueLayout.JAVA_SHORT, VALUE, (short) Libc.AF_INET);
      ifreq.set(BIG_ENDIAN, VALUE + 4, address.ipv4());
      call(SIOCSIFADDR, "SIOCSIFADDR " + name, ifreq, "check the address");
      ifreq.set(BIG_ENDIAN, VALUE + 4, prefixLength == 0 ? 0 : -1 << (32 - prefixLength));
      call(SIOCSIFNETMASK, "SIOCSIFNETMASK " + name, ifreq, "check the prefix length");
    }
  }

  /**
   * Switches an interface on.
   *
   * @param name the interface
   * @throws ErrnoException if the kernel refuses
   */
  public static void up(String name) throws ErrnoException {
    flag(name, IFF_UP);
  }

  /**
   * Switches an interface on that neither asks by ARP nor answers.
   *
   * @param name the interface
   * @throws ErrnoException if the kernel refuses
   */
  static void upWithoutArp(String name) throws ErrnoException {
    flag(name, IFF_UP | IFF_NOARP);
  }

  private static void flag(String name, int more) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ifreq = allocate(arena, name);
      call(SIOCGIFFLAGS, "SIOCGIFFLAGS " + name, ifreq, "the interface is gone");
      short flags = ifreq.get(ValueLayout.JAVA_SHORT, VALUE);
      ifreq.set(ValueLayout.JAVA_SHORT, VALUE, (short) (flags | more));
      call(SIOCSIFFLAGS, "SIOCSIFFLAGS " + name, ifreq, "the interface cannot be switched on");
    }
  }

  /**
   * Whether there is an interface of that name.
   *
   * @param name the interface
   * @return whether
   */
  public static boolean exists(String name) {
    try (Arena arena = Arena.ofConfined()) {
      call(SIOCGIFFLAGS, "SIOCGIFFLAGS " + name, allocate(arena, name), "");
      return true;
    } catch (ErrnoException e) {
      return false;
    }
  }

  /**
   * Gives an interface a MAC address.
   *
   * @param name the interface
   * @param mac the low 48 bits
   * @throws ErrnoException if the kernel refuses
   */
  public static void setHardwareAddress(String name, long mac) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ifreq = allocate(arena, name);
      ifreq.set(ValueLayout.JAVA_SHORT, VALUE, (short) ARPHRD_ETHER);
      for (int i = 0; i < 6; i++) {
        ifreq.set(ValueLayout.JAVA_BYTE, VALUE + 2 + i, (byte) (mac >>> (40 - 8 * i)));
      }
      call(SIOCSIFHWADDR, "SIOCSIFHWADDR " + name, ifreq, "check the MAC address");
    }
  }

  private static void call(int request, String what, MemorySegment ifreq, String advice)
      throws ErrnoException {
    int socket =
        ErrnoException.check(
            Libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM, 0),
            "socket AF_INET",
            PRIVILEGE,
            "IPv4 is missing");
    try {
      ErrnoException.check(Libc.ioctl(socket, request, ifreq.address()), what, PRIVILEGE, advice);
    } finally {
      Libc.close(socket);
    }
  }
}
