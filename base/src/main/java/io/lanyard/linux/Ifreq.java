package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * The {@code struct ifreq} by which the kernel is asked about a network interface (netdevice(7)),
 * in the namespace of the calling thread.
 */
public final class Ifreq {
  /** Longest name of an interface: IFNAMSIZ less the terminator. */
  public static final int LONGEST_NAME = 15;

  /** The name takes 16 bytes, the union behind it 24. */
  static final int SIZE = 40;

  private static final int SIOCGIFFLAGS = 0x8913;

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
   * Whether there is an interface of that name.
   *
   * @param name the interface
   * @return whether
   */
  public static boolean exists(String name) {
    int socket = Libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM, 0);
    if (socket < 0) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      return Libc.ioctl(socket, SIOCGIFFLAGS, allocate(arena, name).address()) >= 0;
    } finally {
      Libc.close(socket);
    }
  }
}
