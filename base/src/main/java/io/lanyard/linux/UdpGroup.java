package io.lanyard.linux;

import io.lanyard.net.Endpoint;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * UDP sockets of this process that share a local address and port. Each gets the datagrams in which
 * the upper 24 bits of the second word are its key, as of VXLAN's network identifier: a program of
 * BPF tells the kernel which socket that is (SO_REUSEPORT and SO_ATTACH_REUSEPORT_CBPF, socket(7)).
 * A datagram with another key goes to any of them.
 *
 * <p>The program names sockets by their numbers in the kernel's list: a new one is the last, and
 * the last takes the place of one that is closed (net/core/sock_reuseport.c). The list here does
 * the same. While a socket comes or goes, a few datagrams may reach another.
 *
 * <p>Thread: any.
 */
final class UdpGroup {
  /** Two instructions each: the kernel takes 4,096. */
  private static final int MOST = 1024;

  private static final int SOL_SOCKET = 1;
  private static final int SO_REUSEPORT = 15;
  private static final int SO_ATTACH_REUSEPORT_CBPF = 51;

  private static final int LOAD_WORD = 0x20;
  private static final int SHIFT_RIGHT = 0x74;
  private static final int JUMP_IF_EQUAL = 0x15;
  private static final int RETURN = 0x06;

  /** Behind the UDP header, where the program's counting begins. */
  private static final int WORD = 4;

  private static final Map<Endpoint, UdpGroup> GROUPS = new HashMap<>();

  private record Member(int fd, int key) {}

  private final List<Member> members = new ArrayList<>();

  private UdpGroup() {}

  /**
   * Binds a socket, as one more of its group.
   *
   * @param fd the socket
   * @param at the local address and port
   * @param key 24 bits
   * @return 0, or an error number negated; the socket is in no group then
   */
  static synchronized int join(int fd, Endpoint at, int key) {
    UdpGroup group = GROUPS.computeIfAbsent(at, endpoint -> new UdpGroup());
    int result = group.add(fd, SocketName.of(at), key);
    if (group.members.isEmpty()) {
      GROUPS.remove(at);
    }
    return result;
  }

  /** Closes a socket of a group. */
  static synchronized void leave(int fd, Endpoint at) {
    int _ = Libc.close(fd);
    UdpGroup group = GROUPS.get(at);
    if (group != null) {
      group.remove(fd);
      if (group.members.isEmpty()) {
        GROUPS.remove(at);
      }
    }
  }

  private int add(int fd, SocketName name, int key) {
    if (members.size() == MOST) {
      return -Errno.ENOBUFS;
    }
    int result = option(fd, SO_REUSEPORT);
    result = result < 0 ? result : InetCalls.bind(fd, name.address(), name.length());
    if (result < 0) {
      return result;
    }
    members.add(new Member(fd, key));
    return attach(fd);
  }

  private void remove(int fd) {
    for (int i = 0; i < members.size(); i++) {
      if (members.get(i).fd() == fd) {
        Member last = members.removeLast();
        if (i < members.size()) {
          members.set(i, last);
        }
        break;
      }
    }
    if (!members.isEmpty()) {
      int _ = attach(members.getFirst().fd());
    }
  }

  private static int option(int fd, int name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
      value.set(ValueLayout.JAVA_INT, 0, 1);
      return InetCalls.setsockopt(fd, SOL_SOCKET, name, value.address(), Integer.BYTES);
    }
  }

  /** Gives the group its program, by any of its sockets. */
  private int attach(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      int length = 2 + 2 * members.size() + 1;
      MemorySegment code = arena.allocate(8L * length, 8);
      code.setAtIndex(ValueLayout.JAVA_LONG, 0, instruction(LOAD_WORD, 0, 0, WORD));
      code.setAtIndex(ValueLayout.JAVA_LONG, 1, instruction(SHIFT_RIGHT, 0, 0, 8));
      int at = 2;
      for (int i = 0; i < members.size(); i++) {
        int key = members.get(i).key();
        code.setAtIndex(ValueLayout.JAVA_LONG, at++, instruction(JUMP_IF_EQUAL, 0, 1, key));
        code.setAtIndex(ValueLayout.JAVA_LONG, at++, instruction(RETURN, 0, 0, i));
      }
      code.setAtIndex(ValueLayout.JAVA_LONG, at, instruction(RETURN, 0, 0, -1));
      MemorySegment whole = arena.allocate(16, 8); // struct sock_fprog
      whole.set(ValueLayout.JAVA_SHORT, 0, (short) length);
      whole.set(ValueLayout.JAVA_LONG, 8, code.address());
      return InetCalls.setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, whole.address(), 16);
    }
  }

  private static long instruction(int code, int ifTrue, int ifFalse, int operand) {
    return code | (long) ifTrue << 16 | (long) ifFalse << 24 | (long) operand << 32;
  }
}
