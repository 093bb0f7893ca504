package io.lanyard.config;

import io.lanyard.net.Endpoint;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A port that the file declares on a network's switch. */
public sealed interface PortConfig {
  /**
   * The port's name.
   *
   * @return unique in the network
   */
  String name();

  /**
   * The largest IP packet on the port.
   *
   * @return bytes; the network's MTU unless said
   */
  int mtu();

  /**
   * The port's policy on its network.
   *
   * @return as the file says
   */
  PortPolicy policy();

  /**
   * QEMU's stream framing over a UNIX or TCP socket.
   *
   * @param name the port's name
   * @param at which socket
   * @param guests how many guests share the socket; only one that listens has many
   * @param mostGuests how many there are at most where they are many
   * @param mtu the largest IP packet, in bytes
   * @param policy what it may do on its network; with many guests, what each of them may do
   */
  record QemuStream(
      String name, StreamSocket at, PortGuests guests, int mostGuests, int mtu, PortPolicy policy)
      implements PortConfig {
    /**
     * How many clients the port has at a time.
     *
     * @return at least 1
     */
    public int mostClients() {
      return guests == PortGuests.MANY ? mostGuests : 1;
    }
  }

  /**
   * A TAP device.
   *
   * @param name the port's name
   * @param device the device's name, at most 15 characters
   * @param netns the network namespace to create it in: a name under {@code /run/netns}, a path, or
   *     null for the daemon's own
   * @param offloads whether to ask the kernel for super-frames and unfinished checksums
   * @param mtu the largest IP packet, in bytes
   * @param policy what it may do on its network
   */
  record Tap(
      String name,
      String device,
      @Nullable String netns,
      boolean offloads,
      int mtu,
      PortPolicy policy)
      implements PortConfig {}

  /** Which socket a stream port has. */
  sealed interface StreamSocket {
    /**
     * Listens on a path.
     *
     * @param path a relative one is below the runtime directory
     */
    record ListenUnix(Path path) implements StreamSocket {}

    /**
     * Listens on TCP.
     *
     * @param endpoint the local address and port
     */
    record ListenTcp(Endpoint endpoint) implements StreamSocket {}

    /**
     * Connects to a path.
     *
     * @param path a relative one is below the runtime directory
     */
    record ConnectUnix(Path path) implements StreamSocket {}

    /**
     * Connects by TCP.
     *
     * @param endpoint the remote address and port
     */
    record ConnectTcp(Endpoint endpoint) implements StreamSocket {}
  }
}
