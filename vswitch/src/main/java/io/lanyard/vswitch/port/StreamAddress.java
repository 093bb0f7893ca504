package io.lanyard.vswitch.port;

import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;

/** Where a stream port's client comes from. */
public sealed interface StreamAddress {
  /**
   * The address.
   *
   * @return a {@link DomainSocketAddress}, or an {@link InetSocketAddress} that is resolved
   */
  SocketAddress address();

  /**
   * The port waits for the VMM.
   *
   * @param address a {@link DomainSocketAddress}, or an {@link InetSocketAddress} that is resolved
   */
  record Listen(SocketAddress address) implements StreamAddress {
    /** Refuses an address of another kind. */
    public Listen {
      check(address);
    }

    /**
     * Waits at a UNIX socket.
     *
     * @param path the socket's
     */
    public Listen(Path path) {
      this(new DomainSocketAddress(path.toString()));
    }
  }

  /**
   * The port connects to the VMM, again and again.
   *
   * @param address a {@link DomainSocketAddress}, or an {@link InetSocketAddress} that is resolved
   */
  record Connect(SocketAddress address) implements StreamAddress {
    /** Refuses an address of another kind. */
    public Connect {
      check(address);
    }

    /**
     * Connects to a UNIX socket.
     *
     * @param path the socket's
     */
    public Connect(Path path) {
      this(new DomainSocketAddress(path.toString()));
    }
  }

  private static void check(SocketAddress address) {
    if (!(address instanceof DomainSocketAddress)
        && !(address instanceof InetSocketAddress inet && !inet.isUnresolved())) {
      throw new IllegalArgumentException(
          "a stream port needs the path of a socket, or an IP address and port, not " + address);
    }
  }
}
