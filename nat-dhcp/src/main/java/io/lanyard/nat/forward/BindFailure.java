package io.lanyard.nat.forward;

import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.netty.channel.unix.Errors;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Says in words why a forward's listen address cannot be had, and what to do about it. */
final class BindFailure {
  private static final Path FIRST_UNPRIVILEGED =
      Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  private static final int USUAL_FIRST_UNPRIVILEGED = 1024;

  private BindFailure() {}

  /** The error number of a failed bind; 0 if it has none. */
  static int number(Throwable cause) {
    return switch (cause) {
      case ErrnoException e -> e.number();
      case Errors.NativeIoException e -> -e.expectedErr();
      default -> 0;
    };
  }

  /**
   * Describes a failure.
   *
   * @param endpoint what could not be had
   * @param cause why
   * @param owner the process that holds it, in words; null if that is not known
   * @return a sentence without a full stop
   */
  static String describe(InetSocketAddress endpoint, Throwable cause, @Nullable String owner) {
    int port = endpoint.getPort();
    return switch (number(cause)) {
      case Errno.EADDRINUSE ->
          "port "
              + port
              + " is taken by "
              + (owner == null ? "another process" : owner)
              + ": end it, or listen on another port or address";
      case Errno.EACCES -> notPermitted(port, firstUnprivileged());
      case Errno.EADDRNOTAVAIL ->
          "the host has no address " + endpoint.getAddress().getHostAddress() + " at present";
      case Errno.EAFNOSUPPORT ->
          "the host's kernel has no " + (isIpv6(endpoint) ? "IPv6" : "IPv4") + " sockets";
      case Errno.EMFILE, Errno.ENFILE ->
          "no descriptors are left: raise the limit of open files (LimitNOFILE= of the service,"
              + " ulimit -n)";
      case 0 -> {
        String message = cause.getMessage();
        yield message == null ? cause.toString() : message;
      }
      default -> "the kernel refuses the address with " + Errno.name(number(cause));
    };
  }

  private static boolean isIpv6(InetSocketAddress endpoint) {
    return endpoint.getAddress() instanceof java.net.Inet6Address;
  }

  static String notPermitted(int port, int first) {
    return port < first
        ? "port "
            + port
            + " is privileged: give the daemon CAP_NET_BIND_SERVICE, or set"
            + " net.ipv4.ip_unprivileged_port_start to "
            + port
            + " (it is "
            + first
            + "), or listen on a port from "
            + first
            + " on"
        : "the kernel does not permit port " + port + ": see the service's sandbox";
  }

  private static int firstUnprivileged() {
    try {
      return Integer.parseInt(Files.readString(FIRST_UNPRIVILEGED).strip());
    } catch (IOException | NumberFormatException e) {
      return USUAL_FIRST_UNPRIVILEGED;
    }
  }
}
