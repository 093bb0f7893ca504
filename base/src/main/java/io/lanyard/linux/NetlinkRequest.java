package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A request to rtnetlink(7) that the kernel carries out and acknowledges: a header, a structure,
 * and attributes of which some hold others.
 *
 * <p>Thread: one; the namespace is that of the thread that makes the {@link #call}.
 */
final class NetlinkRequest {
  /** Makes something new. */
  static final int CREATE = 0x400;

  /** Fails where it is there already. */
  static final int EXCLUSIVE = 0x200;

  private static final int REQUEST = 0x1;
  private static final int ACKNOWLEDGE = 0x4;
  private static final int ERROR = 2;
  private static final int HEADER = 16;
  private static final int ROOM = 1024;
  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW = 3;
  private static final int NETLINK_ROUTE = 0;
  private static final int NAME_LENGTH = 12;
  private static final String PRIVILEGE =
      "the daemon needs the capability CAP_NET_ADMIN to configure an interface; run it as root or"
          + " as the system service";

  private final ByteBuffer message = ByteBuffer.allocate(ROOM).order(ByteOrder.nativeOrder());

  /**
   * Begins a request.
   *
   * @param type the message's type
   * @param flags {@link #CREATE} and {@link #EXCLUSIVE}, or 0
   */
  NetlinkRequest(int type, int flags) {
    message.putInt(0).putShort((short) type).putShort((short) (flags | REQUEST | ACKNOWLEDGE));
    message.putInt(1).putInt(0);
  }

  /** Appends what the structure behind the header, or an attribute, holds next. */
  NetlinkRequest with(int value) {
    message.putInt(value);
    return this;
  }

  /** Appends sixteen bits. */
  NetlinkRequest withShort(int value) {
    message.putShort((short) value);
    return this;
  }

  /** Appends eight bits. */
  NetlinkRequest withByte(int value) {
    message.put((byte) value);
    return this;
  }

  /** Appends an attribute that holds a text. */
  NetlinkRequest text(int type, String text) {
    int at = begin(type);
    message.put(text.getBytes(StandardCharsets.US_ASCII)).put((byte) 0);
    return end(at);
  }

  /**
   * Begins an attribute.
   *
   * @return where it begins, for {@link #end}
   */
  int begin(int type) {
    int at = message.position();
    message.putShort((short) 0).putShort((short) type);
    return at;
  }

  /** Ends an attribute: writes its length, and appends what is missing to a multiple of four. */
  NetlinkRequest end(int at) {
    message.putShort(at, (short) (message.position() - at));
    while ((message.position() & 3) != 0) {
      message.put((byte) 0);
    }
    return this;
  }

  /**
   * Has the kernel carry the request out.
   *
   * @param what what is being done, for the message of an error
   * @param advice what to do about an error
   * @throws ErrnoException if the kernel refuses
   */
  void call(String what, String advice) throws ErrnoException {
    int fd =
        ErrnoException.check(
            Libc.socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE),
            "open a netlink socket",
            PRIVILEGE,
            "let the sandbox permit AF_NETLINK");
    try (Arena arena = Arena.ofConfined()) {
      int length = message.position();
      message.putInt(0, length);
      MemorySegment memory = arena.allocate(ROOM, 8);
      for (int i = 0; i < length; i++) {
        memory.set(ValueLayout.JAVA_BYTE, i, message.get(i));
      }
      MemorySegment kernel = arena.allocate(NAME_LENGTH, 4);
      kernel.set(ValueLayout.JAVA_SHORT, 0, (short) AF_NETLINK);
      ErrnoException.check(
          InetCalls.sendto(fd, memory.address(), length, 0, kernel.address(), NAME_LENGTH),
          what,
          PRIVILEGE,
          advice);
      // The answer is there when the call returns: the kernel works within it.
      MemorySegment header = arena.allocate(56, 8); // struct msghdr
      MemorySegment vector = arena.allocate(16, 8); // struct iovec
      header.set(ValueLayout.JAVA_LONG, 16, vector.address());
      header.set(ValueLayout.JAVA_LONG, 24, 1);
      vector.set(ValueLayout.JAVA_LONG, 0, memory.address());
      vector.set(ValueLayout.JAVA_LONG, 8, ROOM);
      int got =
          ErrnoException.check(InetCalls.recvmsg(fd, header.address(), 0), what, PRIVILEGE, advice);
      boolean isAnswer =
          got >= HEADER + Integer.BYTES && memory.get(ValueLayout.JAVA_SHORT, 4) == ERROR;
      int result = isAnswer ? memory.get(ValueLayout.JAVA_INT, HEADER) : -Errno.EINVAL;
      ErrnoException.check(result, what, PRIVILEGE, advice);
    } finally {
      Libc.close(fd);
    }
  }
}
