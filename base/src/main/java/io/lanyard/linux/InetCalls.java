package io.lanyard.linux;

import java.lang.foreign.MemorySegment;

/**
 * The socket calls of this package's sockets. Each returns the call's result, or {@code -errno}.
 *
 * <p>Thread: any.
 */
final class InetCalls {
  private static final MemorySegment BIND = NativeCall.function("bind");
  private static final MemorySegment CONNECT = NativeCall.function("connect");
  private static final MemorySegment GETSOCKNAME = NativeCall.function("getsockname");
  private static final MemorySegment GETPEERNAME = NativeCall.function("getpeername");
  private static final MemorySegment SETSOCKOPT = NativeCall.function("setsockopt");
  private static final MemorySegment GETSOCKOPT = NativeCall.function("getsockopt");
  private static final MemorySegment RECVFROM = NativeCall.function("recvfrom");
  private static final MemorySegment SENDTO = NativeCall.function("sendto");
  private static final MemorySegment SENDMSG = NativeCall.function("sendmsg");
  private static final MemorySegment RECVMSG = NativeCall.function("recvmsg");
  private static final MemorySegment RECVMMSG = NativeCall.function("recvmmsg");
  private static final MemorySegment SENDMMSG = NativeCall.function("sendmmsg");
  private static final MemorySegment LISTEN = NativeCall.function("listen");
  private static final MemorySegment ACCEPT4 = NativeCall.function("accept4");

  private InetCalls() {}

  static int bind(int fd, long address, int length) {
    return NativeCall.toInt(BIND, fd, address, length, 0, 0, 0);
  }

  static int connect(int fd, long address, int length) {
    return NativeCall.toInt(CONNECT, fd, address, length, 0, 0, 0);
  }

  static int getsockname(int fd, long address, long length) {
    return NativeCall.toInt(GETSOCKNAME, fd, address, length, 0, 0, 0);
  }

  static int getpeername(int fd, long address, long length) {
    return NativeCall.toInt(GETPEERNAME, fd, address, length, 0, 0, 0);
  }

  static int setsockopt(int fd, int level, int name, long value, int length) {
    return NativeCall.toInt(SETSOCKOPT, fd, level, name, value, length, 0);
  }

  static int getsockopt(int fd, int level, int name, long value, long length) {
    return NativeCall.toInt(GETSOCKOPT, fd, level, name, value, length, 0);
  }

  /** Receives without the sender's address. */
  static int recv(int fd, long data, long length, int flags) {
    return (int) NativeCall.toLong(RECVFROM, fd, data, length, flags, 0, 0);
  }

  static int sendto(int fd, long data, long length, int flags, long address, int addressLength) {
    return (int) NativeCall.toLong(SENDTO, fd, data, length, flags, address, addressLength);
  }

  static int sendmsg(int fd, long message, int flags) {
    return (int) NativeCall.toLong(SENDMSG, fd, message, flags, 0, 0, 0);
  }

  static int recvmsg(int fd, long message, int flags) {
    return (int) NativeCall.toLong(RECVMSG, fd, message, flags, 0, 0, 0);
  }

  static int recvmmsg(int fd, long messages, int count, int flags) {
    return NativeCall.toInt(RECVMMSG, fd, messages, count, flags, 0, 0);
  }

  static int sendmmsg(int fd, long messages, int count, int flags) {
    return NativeCall.toInt(SENDMMSG, fd, messages, count, flags, 0, 0);
  }

  static int listen(int fd, int backlog) {
    return NativeCall.toInt(LISTEN, fd, backlog, 0, 0, 0, 0);
  }

  /** Accepts a connection, whose peer's address is not asked for. */
  static int accept4(int fd, int flags) {
    return NativeCall.toInt(ACCEPT4, fd, 0, 0, flags, 0, 0);
  }
}
