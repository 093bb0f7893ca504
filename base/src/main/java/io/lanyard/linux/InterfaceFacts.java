package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The properties of an interface that its driver knows (ethtool(8), wireless extensions), in the
 * namespace of the calling thread.
 *
 * @param speed its speed in Mbit/s; 0 if nobody says it, as without a link
 * @param wireless whether it is a radio: an access point takes frames of its own MAC address only
 */
public record InterfaceFacts(int speed, boolean wireless) {
  private static final int SIOCETHTOOL = 0x8946;

  /** Wireless extensions, which mac80211 and cfg80211 both answer: the protocol's name. */
  private static final int SIOCGIWNAME = 0x8b01;

  private static final int ETHTOOL_GSET = 1;

  /** {@code struct ethtool_cmd} (linux/ethtool.h); the speed's halves are at 12 and 28. */
  private static final int ETHTOOL_CMD = 44;

  private static final int SPEED = 12;
  private static final int SPEED_HIGH = 28;
  private static final int DATA = 16;

  /**
   * Asks an interface.
   *
   * @param name its name
   * @return what it says; nothing known for one that does not exist
   * @throws ErrnoException if the process has no descriptor for it
   */
  public static InterfaceFacts read(String name) throws ErrnoException {
    int socket =
        ErrnoException.check(
            Libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM, 0), "socket AF_INET", "", "IPv4 is missing");
    try (Arena arena = Arena.ofConfined()) {
      boolean wireless =
          Libc.ioctl(socket, SIOCGIWNAME, Ifreq.allocate(arena, name).address()) >= 0;
      MemorySegment ifreq = Ifreq.allocate(arena, name);
      MemorySegment command = arena.allocate(ETHTOOL_CMD, 8);
      command.set(ValueLayout.JAVA_INT, 0, ETHTOOL_GSET);
      ifreq.set(ValueLayout.JAVA_LONG, DATA, command.address());
      int speed = 0;
      if (Libc.ioctl(socket, SIOCETHTOOL, ifreq.address()) >= 0) {
        int low = command.get(ValueLayout.JAVA_SHORT, SPEED) & 0xffff;
        int high = command.get(ValueLayout.JAVA_SHORT, SPEED_HIGH) & 0xffff;
        speed = Math.max(0, high << 16 | low); // all ones: unknown
      }
      return new InterfaceFacts(speed == 0xffff ? 0 : speed, wireless);
    } finally {
      Libc.close(socket);
    }
  }
}
