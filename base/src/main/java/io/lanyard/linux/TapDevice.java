package io.lanyard.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * A TAP device with virtio-net headers of 12 bytes (Linux, Documentation/networking/tuntap.rst and
 * include/uapi/linux/if_tun.h).
 *
 * <p>Reads and writes never wait. Thread: one at a time.
 */
public final class TapDevice {
  private static final String CONTROL = "/dev/net/tun";
  private static final long TUNSETIFF = 0x400454caL;
  private static final long TUNSETOFFLOAD = 0x400454d0L;
  private static final long TUNSETPERSIST = 0x400454cbL;
  private static final long TUNSETVNETHDRSZ = 0x400454d8L;
  private static final int SIOCGIFHWADDR = 0x8927;

  /** Of struct ifreq: behind the name and the address's family. */
  private static final int HARDWARE_ADDRESS = 18;

  private static final int IFF_TAP = 0x0002;
  private static final int IFF_NO_PI = 0x1000;
  private static final int IFF_VNET_HDR = 0x4000;
  private static final int TUN_F_CSUM = 0x01;
  private static final int TUN_F_TSO4 = 0x02;
  private static final int TUN_F_TSO6 = 0x04;
  private static final int TUN_F_TSO_ECN = 0x08;
  private static final int TUN_F_USO4 = 0x20;
  private static final int TUN_F_USO6 = 0x40;
  private static final int VNET_HEADER = 12;

  private static final String PRIVILEGE =
      "the daemon needs the capability CAP_NET_ADMIN for TAP devices; run it as root or as the"
          + " system service, or use a port kind that needs no privilege";

  private final String name;
  private final int fd;
  private final boolean offloads;
  private final boolean uso;
  private boolean closed;

  private TapDevice(String name, int fd, boolean offloads, boolean uso) {
    this.name = name;
    this.fd = fd;
    this.offloads = offloads;
    this.uso = uso;
  }

  /**
   * Creates a device, or takes over a persistent one of that name.
   *
   * @param name the device's name; may hold one {@code %d}, for which the kernel finds a number
   * @param namespace a network namespace's name or path, or null for the daemon's own
   * @param offloads whether to ask for checksum and segmentation offloads
   * @return the device; it goes when it is closed, unless it is persistent
   * @throws IOException if it cannot be had; the message says what to do
   */
  public static TapDevice open(String name, @Nullable String namespace, boolean offloads)
      throws IOException {
    return NetworkNamespace.run(namespace, () -> open(name, offloads));
  }

  /**
   * Whether the kernel's tun driver is there and this user may open it.
   *
   * @return whether; a device needs CAP_NET_ADMIN as well, unless it was made for this user before
   */
  public static boolean isOffered() {
    int fd = Libc.open(CONTROL, Libc.O_RDWR | Libc.O_NONBLOCK);
    if (fd < 0) {
      return false;
    }
    Libc.close(fd);
    return true;
  }

  private static TapDevice open(String name, boolean offloads) throws ErrnoException {
    int fd =
        ErrnoException.check(
            Libc.open(CONTROL, Libc.O_RDWR | Libc.O_NONBLOCK),
            "open " + CONTROL,
            PRIVILEGE,
            "the kernel's tun driver is missing; load it by `modprobe tun`");
    boolean done = false;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ifreq = Ifreq.allocate(arena, name);
      ifreq.set(ValueLayout.JAVA_SHORT, 16, (short) (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR));
      ErrnoException.check(
          Libc.ioctl(fd, TUNSETIFF, ifreq.address()),
          "TUNSETIFF " + name,
          PRIVILEGE,
          "the name is taken by another interface, or by another process; choose another name");
      MemorySegment size = arena.allocate(ValueLayout.JAVA_INT);
      size.set(ValueLayout.JAVA_INT, 0, VNET_HEADER);
      ErrnoException.check(
          Libc.ioctl(fd, TUNSETVNETHDRSZ, size.address()),
          "TUNSETVNETHDRSZ " + name,
          PRIVILEGE,
          "the kernel is too old for 12-byte virtio-net headers");
      boolean uso = setOffloads(fd, name, offloads);
      done = true;
      return new TapDevice(Ifreq.name(ifreq), fd, offloads, uso);
    } finally {
      if (!done) {
        Libc.close(fd);
      }
    }
  }

  /** Whether UDP segmentation was granted, which Linux has from 6.2 on. */
  private static boolean setOffloads(int fd, String name, boolean wanted) throws ErrnoException {
    int tcp = wanted ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN : 0;
    if (wanted && Libc.ioctl(fd, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) >= 0) {
      return true;
    }
    ErrnoException.check(
        Libc.ioctl(fd, TUNSETOFFLOAD, tcp),
        "TUNSETOFFLOAD " + name,
        PRIVILEGE,
        "switch the port's offloads off");
    return false;
  }

  /**
   * The device's name.
   *
   * @return the kernel's choice, where it had one
   */
  public String name() {
    return name;
  }

  /**
   * Whether checksum and TCP segmentation offloads are on.
   *
   * @return as asked for
   */
  public boolean offloads() {
    return offloads;
  }

  /**
   * Whether UDP segmentation offload is on.
   *
   * @return whether the kernel granted it
   */
  public boolean uso() {
    return uso;
  }

  /**
   * Lets the device stay when it is closed, or go again.
   *
   * @param stays whether it stays; one that somebody else has made persistent does already
   * @throws ErrnoException if the kernel refuses
   */
  public void persist(boolean stays) throws ErrnoException {
    ErrnoException.check(
        Libc.ioctl(fd, TUNSETPERSIST, stays ? 1 : 0),
        "TUNSETPERSIST " + name,
        PRIVILEGE,
        "the device is gone");
  }

  /**
   * The MAC address of the device: the host's, or the container's that has the device.
   *
   * @return the low 48 bits
   * @throws ErrnoException if the device is gone
   */
  public long hardwareAddress() throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ifreq = Ifreq.allocate(arena, name);
      ErrnoException.check(
          Libc.ioctl(fd, SIOCGIFHWADDR, ifreq.address()),
          "SIOCGIFHWADDR " + name,
          PRIVILEGE,
          "the device is gone");
      long mac = 0;
      for (int i = 0; i < 6; i++) {
        mac = mac << 8 | (ifreq.get(ValueLayout.JAVA_BYTE, HARDWARE_ADDRESS + i) & 0xff);
      }
      return mac;
    }
  }

  /**
   * Whether the interface is set up: the kernel takes no frame for one that is down (tun_chr_poll
   * in drivers/net/tun.c).
   *
   * @return whether; true too for a device that is gone, which a read says
   */
  public boolean isUp() {
    return closed || !Libc.refusesWrites(fd);
  }

  /**
   * The descriptor, for the loop to watch.
   *
   * @return its number
   */
  public int fd() {
    return fd;
  }

  /**
   * Reads one frame with its header, into several places one after the other.
   *
   * @param vectors where {@code struct iovec}s lie that say where to (readv(2))
   * @param count how many
   * @return bytes, or -errno; EAGAIN when there is none
   */
  public int read(long vectors, int count) {
    return closed ? -Errno.EBADFD : (int) Libc.readv(fd, vectors, count);
  }

  /**
   * Writes one frame with its header.
   *
   * @param address where from
   * @param length bytes
   * @return bytes, or -errno
   */
  public int write(long address, int length) {
    return closed ? -Errno.EBADFD : (int) Libc.write(fd, address, length);
  }

  /** Closes the device; a second call does nothing. */
  public void close() {
    if (!closed) {
      closed = true;
      Libc.close(fd);
    }
  }
}
