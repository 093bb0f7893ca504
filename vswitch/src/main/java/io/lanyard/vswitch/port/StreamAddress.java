package io.lanyard.vswitch.port;

import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

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
   * @param file the UNIX socket's file; null for TCP
   */
  record Listen(SocketAddress address, @Nullable SocketFile file) implements StreamAddress {
    /** Refuses an address of another kind. */
    public Listen {
      check(address);
    }

    /**
     * Waits for TCP.
     *
     * @param address an address that is resolved
     */
    public Listen(InetSocketAddress address) {
      this(address, null);
    }

    /**
     * Waits at a UNIX socket.
     *
     * @param file the socket's
     */
    public Listen(SocketFile file) {
      this(new DomainSocketAddress(file.path().toString()), file);
    }

    /**
     * Waits at a UNIX socket of the daemon's user.
     *
     * @param path the socket's
     */
    public Listen(Path path) {
      this(new SocketFile(path));
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
