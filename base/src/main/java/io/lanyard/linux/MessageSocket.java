package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A connected UNIX stream socket whose data has descriptors with it (unix(7), SCM_RIGHTS). Calls
 * never wait.
 *
 * <p>Thread: one at a time.
 */
public final class MessageSocket {
  /** The most descriptors that one read takes. */
  public static final int MOST_DESCRIPTORS = 8;

  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_CTRUNC = 0x8;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;

  // struct msghdr and struct iovec of the 64-bit ABIs (recvmsg(2)).
  private static final int HEADER = 56;
  private static final int IOV_AT = 16;
  private static final int IOV_COUNT_AT = 24;
  private static final int CONTROL_AT = 32;
  private static final int CONTROL_LENGTH_AT = 40;
  private static final int FLAGS_AT = 48;
  private static final int VECTOR_AT = HEADER;
  private static final int RIGHTS_AT = VECTOR_AT + 16;
  private static final int RIGHTS = ControlMessages.HEADER + MOST_DESCRIPTORS * Integer.BYTES;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

  private static final MemorySegment RECVMSG = NativeCall.function("recvmsg");
  private static final MemorySegment SENDMSG = NativeCall.function("sendmsg");

  private final int fd;
  private final MemorySegment memory = Arena.ofAuto().allocate(RIGHTS_AT + RIGHTS, 8);
  private final int[] descriptors = new int[MOST_DESCRIPTORS];
  private int count;

  /**
   * Makes one.
   *
   * @param fd the socket's descriptor, which stays the caller's
   */
  public MessageSocket(int fd) {
    this.fd = fd;
    memory.set(LONG, IOV_AT, memory.address() + VECTOR_AT);
    memory.set(LONG, IOV_COUNT_AT, 1);
  }

  private void prepare(MemorySegment bytes, long at, long length, long control) {
    memory.set(LONG, CONTROL_AT, control == 0 ? 0 : memory.address() + RIGHTS_AT);
    memory.set(LONG, CONTROL_LENGTH_AT, control);
    memory.set(INT, FLAGS_AT, 0);
    memory.set(LONG, VECTOR_AT, bytes.asSlice(at, length).address());
    memory.set(LONG, VECTOR_AT + 8, length);
  }

  /**
   * Reads.
   *
   * @param into native memory that takes the bytes
   * @param at where in it
   * @param length most bytes
   * @return bytes; 0 at the stream's end; -errno: EAGAIN if there is nothing now, EMSGSIZE if more
   *     descriptors came than are taken, or than the process has room for: none of them is kept
   */
  public int receive(MemorySegment into, long at, int length) {
    count = 0;
    prepare(into, at, length, RIGHTS);
    int bytes =
        (int)
            NativeCall.toLong(
                RECVMSG, fd, memory.address(), MSG_DONTWAIT | MSG_CMSG_CLOEXEC, 0, 0, 0);
    if (bytes < 0) {
      return bytes;
    }
    takeRights();
    if ((memory.get(INT, FLAGS_AT) & MSG_CTRUNC) != 0) {
      for (int i = 0; i < count; i++) {
        Libc.close(descriptors[i]);
      }
      count = 0;
      return -Errno.EMSGSIZE;
    }
    return bytes;
  }

  private void takeRights() {
    long length = Math.min(memory.get(LONG, CONTROL_LENGTH_AT), RIGHTS);
    long data =
        ControlMessages.find(memory, RIGHTS_AT, length, SOL_SOCKET, SCM_RIGHTS, Integer.BYTES);
    if (data >= 0) {
      long size = memory.get(LONG, data - ControlMessages.HEADER) - ControlMessages.HEADER;
      for (; count < size / Integer.BYTES; count++) {
        descriptors[count] = memory.get(INT, data + (long) count * Integer.BYTES);
      }
    }
  }

  /**
   * How many descriptors came with the last read.
   *
   * @return at most {@link #MOST_DESCRIPTORS}
   */
  public int descriptors() {
    return count;
  }

  /**
   * A descriptor that came with the last read. The caller closes it.
   *
   * @param index from 0 on
   * @return its number
   */
  public int descriptor(int index) {
    return descriptors[index];
  }

  /**
   * Writes.
   *
   * @param from native memory with the bytes
   * @param length how many, from its beginning on
   * @param with descriptors that go with the first byte, at most {@link #MOST_DESCRIPTORS}
   * @return bytes, or -errno; EAGAIN if the other side does not read
   */
  public int send(MemorySegment from, int length, int... with) {
    int control = with.length == 0 ? 0 : ControlMessages.HEADER + with.length * Integer.BYTES;
    prepare(from, 0, length, control);
    if (control != 0) {
      memory.set(LONG, RIGHTS_AT, control);
      memory.set(INT, RIGHTS_AT + 8, SOL_SOCKET);
      memory.set(INT, RIGHTS_AT + 12, SCM_RIGHTS);
      for (int i = 0; i < with.length; i++) {
        memory.set(INT, RIGHTS_AT + ControlMessages.HEADER + (long) i * Integer.BYTES, with[i]);
      }
    }
    return (int)
        NativeCall.toLong(SENDMSG, fd, memory.address(), MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0, 0);
  }
}
