package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Holds a socket to one interface of the host: what it sends leaves there, and what it receives has
 * come in there (SO_BINDTODEVICE of socket(7)).
 */
public final class SocketDevice {
  private static final int SOL_SOCKET = 1;
  private static final int SO_BINDTODEVICE = 25;

  private SocketDevice() {}

  /**
   * Holds a socket to an interface.
   *
   * @param fd the socket's descriptor
   * @param device the interface's name
   * @throws ErrnoException ENODEV if there is none of that name; EPERM on kernels before 5.7
   *     without CAP_NET_RAW
   */
  public static void bind(int fd, String device) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(device);
      int result =
          InetCalls.setsockopt(
              fd, SOL_SOCKET, SO_BINDTODEVICE, name.address(), (int) name.byteSize());
      if (result < 0) {
        throw new ErrnoException("hold a socket to interface " + device, -result);
      }
    }
  }
}
