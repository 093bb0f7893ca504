package io.lanyard.linux;

import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Says in words why a socket cannot listen on an address and port, and what to do about it: one
 * text for forwards, ports and endpoints of every kind.
 *
 * <p>Thread: any.
 */
public final class BindFailure {
  /** The text for a process that cannot make a socket, whatever for. */
  public static final String NO_DESCRIPTORS =
      "no descriptors are left: raise the limit of open files (LimitNOFILE= of the service,"
          + " ulimit -n)";

  private static final Path FIRST_UNPRIVILEGED =
      Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  private static final int USUAL_FIRST_UNPRIVILEGED = 1024;

  /** More than any number of the kernel's has. */
  private static final int NUMBER_LENGTH = 64;

  private BindFailure() {}

  /**
   * Describes a failure, and names the process that has the port where {@code /proc} tells.
   *
   * <p>Reads some files for each process of the host where a port is taken: not for an event loop.
   *
   * @param transport TCP or UDP
   * @param endpoint what the socket was to be bound to
   * @param number the error number; 0 if there is none
   * @param cause says what happened where there is no number
   * @return a sentence without a full stop
   */
  public static String explain(
      Transport transport, Endpoint endpoint, int number, Throwable cause) {
    String owner = number == Errno.EADDRINUSE ? SocketOwner.find(transport, endpoint) : null;
    return describe(endpoint, number, cause, owner);
  }

  /**
   * Describes a failure.
   *
   * @param endpoint what the socket was to be bound to
   * @param number the error number; 0 if there is none
   * @param cause says what happened where there is no number
   * @param owner the process that has the port, in words; null if that is not known
   * @return a sentence without a full stop
   */
  public static String describe(
      Endpoint endpoint, int number, Throwable cause, @Nullable String owner) {
    int port = endpoint.port();
    return switch (number) {
      case Errno.EADDRINUSE ->
          "port "
              + port
              + " is taken by "
              + (owner == null ? "another process" : owner)
              + ": end it, or listen on another port or address";
      case Errno.EACCES -> notPermitted(port, firstUnprivileged());
      case Errno.EADDRNOTAVAIL -> "the host has no address " + endpoint.address() + " at present";
      case Errno.EAFNOSUPPORT ->
          "the host's kernel has no "
              + (endpoint.address().isIpv4() ? "IPv4" : "IPv6")
              + " sockets";
      case Errno.EMFILE, Errno.ENFILE -> NO_DESCRIPTORS;
      case 0 -> {
        String message = cause.getMessage();
        yield message == null ? cause.toString() : message;
      }
      default -> "the kernel refuses the address with " + Errno.name(number);
    };
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
        : "the kernel does not permit port "
            + port
            + (port < USUAL_FIRST_UNPRIVILEGED
                ? ", though net.ipv4.ip_unprivileged_port_start is "
                    + first
                    + ": give the daemon CAP_NET_BIND_SERVICE, or listen on a port from "
                    + USUAL_FIRST_UNPRIVILEGED
                    + " on"
                : "; look at the sandbox that the daemon runs in: its service's or container's");
  }

  static int firstUnprivileged() {
    try {
      return Integer.parseInt(Sysctl.read(FIRST_UNPRIVILEGED, NUMBER_LENGTH));
    } catch (IOException | NumberFormatException e) {
      return USUAL_FIRST_UNPRIVILEGED;
    }
  }
}
