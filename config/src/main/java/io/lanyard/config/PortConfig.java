package io.lanyard.config;

import io.lanyard.base.EnumText;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** A port that the file declares on a network's switch. */
public sealed interface PortConfig {
  /**
   * The words of all kinds.
   *
   * @return in the order of the reference, such as {@code qemu-stream}
   */
  static List<String> kinds() {
    return PortKeys.sections().stream().map(Section::name).toList();
  }

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
   * The port's kind.
   *
   * @return the word of the file, as {@code tap}
   */
  String kind();

  /**
   * The same port with another policy.
   *
   * @param other the policy
   * @return equal but for that
   */
  PortConfig with(PortPolicy other);

  /**
   * The things that the port has, and that no other may have at the same time.
   *
   * @return none for a port that only uses what others have
   */
  List<Held> holds();

  /**
   * Describes what only this kind has.
   *
   * @param parts gets the keys of the file with their values, in order
   */
  void describe(BiConsumer<String, Object> parts);

  /**
   * How many clients the port has at a time.
   *
   * @return at least 1
   */
  default int mostClients() {
    return 1;
  }

  /** A thing that one port has at a time. */
  sealed interface Held {
    /**
     * A network device.
     *
     * @param name its name
     * @param netns its namespace; null for the daemon's own
     */
    record Device(String name, @Nullable String netns) implements Held {}

    /**
     * A path that a socket is bound to.
     *
     * @param path normalized; a relative one is below the runtime directory
     */
    record SocketPath(Path path) implements Held {}

    /**
     * An endpoint that the port listens on, or receives at.
     *
     * @param transport TCP or UDP
     * @param endpoint the local address and port
     */
    record Listening(Transport transport, Endpoint endpoint) implements Held {}

    /**
     * A VXLAN at an endpoint, which several share.
     *
     * @param endpoint the local address and UDP port
     * @param vni the VXLAN network identifier
     */
    record Vni(Endpoint endpoint, int vni) implements Held {}
  }

  /**
   * QEMU's stream framing over a UNIX or TCP socket.
   *
   * @param name the port's name
   * @param at which socket
   * @param rights who may connect to it, where it is a path
   * @param guests how many guests share the socket; only one that listens has many
   * @param mostGuests how many there are at most where they are many
   * @param mtu the largest IP packet, in bytes
   * @param policy what it may do on its network; with many guests, what each of them may do
   */
  record QemuStream(
      String name,
      StreamSocket at,
      SocketRights rights,
      PortGuests guests,
      int mostGuests,
      int mtu,
      PortPolicy policy)
      implements PortConfig {
    @Override
    public int mostClients() {
      return guests == PortGuests.MANY ? mostGuests : 1;
    }

    @Override
    public String kind() {
      return PortKeys.QemuStream.WORD;
    }

    @Override
    public QemuStream with(PortPolicy other) {
      return new QemuStream(name, at, rights, guests, mostGuests, mtu, other);
    }

    @Override
    public List<Held> holds() {
      return switch (at) {
        case StreamSocket.ListenUnix unix -> List.of(new Held.SocketPath(unix.path().normalize()));
        case StreamSocket.ListenTcp tcp ->
            List.of(new Held.Listening(Transport.TCP, tcp.endpoint()));
        case StreamSocket.ConnectUnix _, StreamSocket.ConnectTcp _ -> List.of();
      };
    }

    @Override
    public void describe(BiConsumer<String, Object> parts) {
      switch (at) {
        case StreamSocket.ListenUnix unix -> parts.accept("path", unix.path());
        case StreamSocket.ListenTcp tcp -> parts.accept("listen", tcp.endpoint());
        case StreamSocket.ConnectUnix unix -> parts.accept("connect", "unix:" + unix.path());
        case StreamSocket.ConnectTcp tcp -> parts.accept("connect", tcp.endpoint());
      }
      rights.describe(parts);
      if (guests == PortGuests.MANY) {
        parts.accept("guests", EnumText.word(guests));
        parts.accept("most-guests", mostGuests);
      }
    }
  }

  /**
   * A raw frame a UNIX datagram, between two paths that are known: QEMU's {@code -netdev dgram}.
   *
   * @param name the port's name
   * @param path the port's socket; a relative one is below the runtime directory
   * @param peer the guest's socket, likewise
   * @param rights who may send to the port's socket
   * @param mtu the largest IP packet, in bytes
   * @param policy what it may do on its network
   */
  record QemuDgram(
      String name, Path path, Path peer, SocketRights rights, int mtu, PortPolicy policy)
      implements PortConfig {
    @Override
    public String kind() {
      return PortKeys.QemuDgram.WORD;
    }

    @Override
    public QemuDgram with(PortPolicy other) {
      return new QemuDgram(name, path, peer, rights, mtu, other);
    }

    @Override
    public List<Held> holds() {
      return List.of(new Held.SocketPath(path.normalize()), new Held.SocketPath(peer.normalize()));
    }

    @Override
    public void describe(BiConsumer<String, Object> parts) {
      parts.accept("path", path);
      parts.accept("peer", peer);
      rights.describe(parts);
    }
  }

  /**
   * A raw frame a UNIX datagram, with the client that sends first: vfkit and libkrun.
   *
   * @param name the port's name
   * @param path the port's socket; a relative one is below the runtime directory
   * @param rights who may send to it
   * @param mtu the largest IP packet, in bytes
   * @param policy what it may do on its network
   */
  record Vfkit(String name, Path path, SocketRights rights, int mtu, PortPolicy policy)
      implements PortConfig {
    @Override
    public String kind() {
      return PortKeys.Vfkit.WORD;
    }

    @Override
    public Vfkit with(PortPolicy other) {
      return new Vfkit(name, path, rights, mtu, other);
    }

    @Override
    public List<Held> holds() {
      return List.of(new Held.SocketPath(path.normalize()));
    }

    @Override
    public void describe(BiConsumer<String, Object> parts) {
      parts.accept("path", path);
      rights.describe(parts);
    }
  }

  /**
   * A raw frame a UDP datagram: QEMU, VirtualBox's UDPTunnel, GNS3 and VPCS.
   *
   * @param name the port's name
   * @param local where the port receives
   * @param remote where its peer does, and sends from
   * @param mtu the largest IP packet, in bytes
   * @param policy what it may do on its network
   */
  record Udp(String name, Endpoint local, Endpoint remote, int mtu, PortPolicy policy)
      implements PortConfig {
    @Override
    public String kind() {
      return PortKeys.Udp.WORD;
    }

    @Override
    public Udp with(PortPolicy other) {
      return new Udp(name, local, remote, mtu, other);
    }

    @Override
    public List<Held> holds() {
      return List.of(new Held.Listening(Transport.UDP, local));
    }

    @Override
    public void describe(BiConsumer<String, Object> parts) {
      parts.accept("local", local);
      parts.accept("remote", remote);
    }
  }

  /**
   * An interface of the host that is there already: a pair's end, a virtual machine's, a
   * container's.
   *
   * @param name the port's name
   * @param device the interface's name, at most 15 characters
   * @param netns the network namespace that has it: a name under {@code /run/netns}, a path, or
   *     null for the daemon's own
   * @param mtu the largest IP packet, in bytes
   * @param policy what it may do on its network
   */
  record Interface(String name, String device, @Nullable String netns, int mtu, PortPolicy policy)
      implements PortConfig {
    @Override
    public String kind() {
      return PortKeys.Interface.WORD;
    }

    @Override
    public Interface with(PortPolicy other) {
      return new Interface(name, device, netns, mtu, other);
    }

    @Override
    public List<Held> holds() {
      return List.of(new Held.Device(device, netns));
    }

    @Override
    public void describe(BiConsumer<String, Object> parts) {
      parts.accept("interface", device);
      if (netns != null) {
        parts.accept("netns", netns);
      }
    }
  }

  /**
   * A raw frame a message of a UNIX seqpacket socket: BESS and User-Mode Linux.
   *
   * @param name the port's name
   * @param path the port's socket; a relative one is below the runtime directory
   * @param rights who may connect to it
   * @param mtu the largest IP packet, in bytes
   * @param policy what it may do on its network
   */
  record Bess(String name, Path path, SocketRights rights, int mtu, PortPolicy policy)
      implements PortConfig {
    @Override
    public String kind() {
      return PortKeys.Bess.WORD;
    }

    @Override
    public Bess with(PortPolicy other) {
      return new Bess(name, path, rights, mtu, other);
    }

    @Override
    public List<Held> holds() {
      return List.of(new Held.SocketPath(path.normalize()));
    }

    @Override
    public void describe(BiConsumer<String, Object> parts) {
      parts.accept("path", path);
      rights.describe(parts);
    }
  }

  /**
   * HyperKit's handshake and framing over a UNIX socket.
   *
   * @param name the port's name
   * @param path the port's socket; a relative one is below the runtime directory
   * @param rights who may connect to it
   * @param mtu the largest IP packet, in bytes
   * @param policy what it may do on its network
   */
  record Hyperkit(String name, Path path, SocketRights rights, int mtu, PortPolicy policy)
      implements PortConfig {
    @Override
    public String kind() {
      return PortKeys.Hyperkit.WORD;
    }

    @Override
    public Hyperkit with(PortPolicy other) {
      return new Hyperkit(name, path, rights, mtu, other);
    }

    @Override
    public List<Held> holds() {
      return List.of(new Held.SocketPath(path.normalize()));
    }

    @Override
    public void describe(BiConsumer<String, Object> parts) {
      parts.accept("path", path);
      rights.describe(parts);
    }
  }

  /**
   * A VDE switch: a directory with the socket {@code ctl}, and a port for each client.
   *
   * @param name the port's name
   * @param path the directory; a relative one is below the runtime directory
   * @param rights who may connect to it
   * @param mostGuests how many clients there are at most
   * @param mtu the largest IP packet, in bytes
   * @param policy what it may do on its network
   */
  record Vde(
      String name, Path path, SocketRights rights, int mostGuests, int mtu, PortPolicy policy)
      implements PortConfig {
    @Override
    public String kind() {
      return PortKeys.Vde.WORD;
    }

    @Override
    public Vde with(PortPolicy other) {
      return new Vde(name, path, rights, mostGuests, mtu, other);
    }

    @Override
    public List<Held> holds() {
      return List.of(new Held.SocketPath(path.normalize()));
    }

    @Override
    public void describe(BiConsumer<String, Object> parts) {
      parts.accept("path", path);
      rights.describe(parts);
      parts.accept("most-guests", mostGuests);
    }

    @Override
    public int mostClients() {
      return mostGuests;
    }
  }

  /**
   * Other hosts, by VXLAN (RFC 7348).
   *
   * @param name the port's name
   * @param vni the VXLAN network identifier
   * @param remotes the other hosts
   * @param local the address of this host that it receives at
   * @param port the UDP port of all of them
   * @param mtu the largest IP packet, in bytes
   * @param policy what it may do on its network
   */
  record Vxlan(
      String name,
      int vni,
      List<Address> remotes,
      Address local,
      int port,
      int mtu,
      PortPolicy policy)
      implements PortConfig {
    @Override
    public String kind() {
      return PortKeys.Vxlan.WORD;
    }

    @Override
    public Vxlan with(PortPolicy other) {
      return new Vxlan(name, vni, remotes, local, port, mtu, other);
    }

    @Override
    public List<Held> holds() {
      return List.of(new Held.Vni(new Endpoint(local, port), vni));
    }

    @Override
    public void describe(BiConsumer<String, Object> parts) {
      parts.accept("vni", vni);
      parts.accept("remotes", remotes);
      parts.accept("local", local);
      parts.accept("port", port);
    }
  }

  /**
   * One end of a patch to another network of the daemon.
   *
   * @param name the port's name
   * @param network the other network
   * @param peer the patch port there that leads to this one
   * @param mtu the largest IP packet, in bytes
   * @param policy what it may do on its network
   */
  record Patch(String name, String network, String peer, int mtu, PortPolicy policy)
      implements PortConfig {
    @Override
    public String kind() {
      return PortKeys.Patch.WORD;
    }

    @Override
    public Patch with(PortPolicy other) {
      return new Patch(name, network, peer, mtu, other);
    }

    @Override
    public List<Held> holds() {
      return List.of();
    }

    @Override
    public void describe(BiConsumer<String, Object> parts) {
      parts.accept("network", network);
      parts.accept("peer", peer);
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
   * @param hostShield whether what configures a host is kept from the device
   * @param mtu the largest IP packet, in bytes
   * @param policy what it may do on its network
   */
  record Tap(
      String name,
      String device,
      @Nullable String netns,
      boolean offloads,
      boolean hostShield,
      int mtu,
      PortPolicy policy)
      implements PortConfig {
    @Override
    public String kind() {
      return PortKeys.Tap.WORD;
    }

    @Override
    public Tap with(PortPolicy other) {
      return new Tap(name, device, netns, offloads, hostShield, mtu, other);
    }

    @Override
    public List<Held> holds() {
      return List.of(new Held.Device(device, netns));
    }

    @Override
    public void describe(BiConsumer<String, Object> parts) {
      parts.accept("device", device);
      if (netns != null) {
        parts.accept("netns", netns);
      }
      parts.accept("offloads", offloads);
      parts.accept("host-shield", hostShield);
    }
  }

  /**
   * A guest's virtqueues, shared by its VMM (vhost-user).
   *
   * @param name the port's name
   * @param at a UNIX socket, to listen on or to connect to
   * @param rights who may connect to a socket that it listens on
   * @param queues how many pairs of queues the guest may have
   * @param mtu the largest IP packet, in bytes
   * @param policy what it may do on its network
   */
  record VhostUser(
      String name, StreamSocket at, SocketRights rights, int queues, int mtu, PortPolicy policy)
      implements PortConfig {
    @Override
    public String kind() {
      return PortKeys.VhostUser.WORD;
    }

    @Override
    public VhostUser with(PortPolicy other) {
      return new VhostUser(name, at, rights, queues, mtu, other);
    }

    @Override
    public List<Held> holds() {
      return at instanceof StreamSocket.ListenUnix unix
          ? List.of(new Held.SocketPath(unix.path().normalize()))
          : List.of();
    }

    @Override
    public void describe(BiConsumer<String, Object> parts) {
      if (at instanceof StreamSocket.ListenUnix unix) {
        parts.accept("path", unix.path());
      } else if (at instanceof StreamSocket.ConnectUnix unix) {
        parts.accept("connect", unix.path());
      }
      rights.describe(parts);
      parts.accept("queues", queues);
    }
  }

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
