package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The socket calls of {@link InetDatagram}. Each returns the call's result, or the error number
 * negated.
 *
 * <p>Pointers travel as {@code long}, so that a call makes no object. On the 64-bit ABIs of Linux a
 * pointer and a {@code long} are passed alike.
 *
 * <p>Thread: any; the error number is captured into memory of the calling thread.
 */
final class InetCalls {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CAPTURE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private static final MethodHandle SOCKET = call("socket", INT, INT, INT, INT);
  private static final MethodHandle BIND = call("bind", INT, INT, LONG, INT);
  private static final MethodHandle CONNECT = call("connect", INT, INT, LONG, INT);
  private static final MethodHandle GETSOCKNAME = call("getsockname", INT, INT, LONG, LONG);
  private static final MethodHandle SETSOCKOPT = call("setsockopt", INT, INT, INT, INT, LONG, INT);
  private static final MethodHandle SENDTO = call("sendto", LONG, INT, LONG, LONG, INT, LONG, INT);
  private static final MethodHandle SENDMSG = call("sendmsg", LONG, INT, LONG, INT);
  private static final MethodHandle RECVMSG = call("recvmsg", LONG, INT, LONG, INT);
  private static final MethodHandle RECVMMSG = call("recvmmsg", INT, INT, LONG, INT, INT, LONG);
  private static final MethodHandle CLOSE = call("close", INT, INT);

  private static final ThreadLocal<MemorySegment> STATE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE));

  private InetCalls() {}

  @SuppressWarnings("restricted") // the daemon is given native access on its command line
  private static MethodHandle call(String name, MemoryLayout result, MemoryLayout... arguments) {
    MemorySegment symbol = LINKER.defaultLookup().findOrThrow(name);
    return LINKER.downcallHandle(
        symbol, FunctionDescriptor.of(result, arguments), Linker.Option.captureCallState("errno"));
  }

  private static int errno(MemorySegment state) {
    return -(int) ERRNO.get(state, 0L);
  }

  static int socket(int family, int type, int protocol) {
    MemorySegment state = STATE.get();
    try {
      int result = (int) SOCKET.invokeExact(state, family, type, protocol);
      return result >= 0 ? result : errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int bind(int fd, long address, int length) {
    MemorySegment state = STATE.get();
    try {
      int result = (int) BIND.invokeExact(state, fd, address, length);
      return result >= 0 ? result : errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int connect(int fd, long address, int length) {
    MemorySegment state = STATE.get();
    try {
      int result = (int) CONNECT.invokeExact(state, fd, address, length);
      return result >= 0 ? result : errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int getsockname(int fd, long address, long length) {
    MemorySegment state = STATE.get();
    try {
      int result = (int) GETSOCKNAME.invokeExact(state, fd, address, length);
      return result >= 0 ? result : errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int setsockopt(int fd, int level, int name, long value, int length) {
    MemorySegment state = STATE.get();
    try {
      int result = (int) SETSOCKOPT.invokeExact(state, fd, level, name, value, length);
      return result >= 0 ? result : errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int sendto(int fd, long data, long length, int flags, long address, int addressLength) {
    MemorySegment state = STATE.get();
    try {
      long result =
          (long) SENDTO.invokeExact(state, fd, data, length, flags, address, addressLength);
      return result >= 0 ? (int) result : errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int sendmsg(int fd, long message, int flags) {
    MemorySegment state = STATE.get();
    try {
      long result = (long) SENDMSG.invokeExact(state, fd, message, flags);
      return result >= 0 ? (int) result : errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int recvmsg(int fd, long message, int flags) {
    MemorySegment state = STATE.get();
    try {
      long result = (long) RECVMSG.invokeExact(state, fd, message, flags);
      return result >= 0 ? (int) result : errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int recvmmsg(int fd, long messages, int count, int flags) {
    MemorySegment state = STATE.get();
    try {
      int result = (int) RECVMMSG.invokeExact(state, fd, messages, count, flags, 0L);
      return result >= 0 ? result : errno(state);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void close(int fd) {
    try {
      int _ = (int) CLOSE.invokeExact(STATE.get(), fd);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static IllegalStateException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return new IllegalStateException("a system call could not be made", e);
  }
}
