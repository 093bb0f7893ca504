package io.lanyard.config;

import io.lanyard.base.EnumText;
import io.lanyard.config.PortConfig.StreamSocket;
import io.lanyard.net.Endpoint;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The keys of the ports of a network: those of {@link PortConfig}, by kind. */
final class PortKeys {
  private static final Kind<String> PORT_NAME_FORM =
      Kind.shortName(
          "port-name", "a port's name of letters, digits, dots", "A-Za-z0-9._-", "qemu1");

  /** Ports that a network has by itself; those of guests' NICs are named {@code GUEST.nicN}. */
  private static final List<String> OWN_PORTS = List.of("gateway", "host");

  private static final Kind<String> PORT_NAME =
      Kind.of(
          PORT_NAME_FORM.name(),
          PORT_NAME_FORM.what(),
          "^(?!("
              + String.join("|", OWN_PORTS)
              + ")$)(?!.*\\.nic[0-9]+$)"
              + PORT_NAME_FORM.pattern().substring(1),
          PortKeys::portName,
          "qemu1");

  private static final Kind<StreamSocket> PEER =
      Kind.such(
          "peer",
          "an address and port, or unix: and a path",
          "^(unix:.+|([0-9.]+|localhost|\\[[0-9a-fA-F:.]+\\]):[0-9]{1,5})$",
          PortKeys::peer,
          "127.0.0.1:9000",
          "unix:/run/peer.sock");

  private static final Kind<String> NAMESPACE =
      Kind.of(
          "netns",
          "the name or absolute path of a network namespace",
          "^(/.*|[^./][^/]*)$",
          PortKeys::namespace,
          "ns-a",
          "/run/netns/ns-a");

  static final Key<String> NAME =
      Key.required("name", PORT_NAME, "The port's name, unique in the network.");

  static final Key<Integer> MTU =
      Key.optional(
          "mtu",
          new Form.Whole(NetworkConfig.Keys.LEAST_MTU, NetworkConfig.Keys.MOST_MTU),
          "the network's mtu",
          "The largest IP packet on the port, at most the network's.");

  private static final Map<String, String> LATER = Map.of("port-group", "port groups are");

  /** The keys of {@link PortConfig.QemuStream}. */
  static final class QemuStream {
    static final Key<String> KIND =
        Key.required("kind", Choice.only("qemu-stream"), "The kind of the port.");

    static final Key<Path> PATH =
        Key.optional(
            "path",
            Kind.SOCKET_PATH,
            "none",
            "Listens on a UNIX socket; a relative path is below the runtime directory.");

    static final Key<Endpoint> LISTEN =
        Key.optional("listen", Kind.ENDPOINT, "none", "Listens on TCP.");

    static final Key<StreamSocket> CONNECT =
        Key.optional("connect", PEER, "none", "Connects by TCP or to a UNIX socket.");

    static final Key<PortGuests> GUESTS =
        Key.defaulted(
            "guests",
            Choice.of(PortGuests.class),
            PortGuests.ONE,
            "How many guests share the socket. many: each client that connects gets a port of its"
                + " own, named after this one (NAME.1, NAME.2), with this one's policy, for as long"
                + " as it is connected.");

    static final Key<Integer> MOST_GUESTS =
        Key.defaulted(
            "most-guests",
            new Form.Whole(1, 256),
            32,
            "How many clients there are at most with guests: many; another is sent away.");

    static final Section SECTION =
        new Section(
            "qemu-stream",
            "QEMU's stream framing (-netdev stream) over a UNIX or TCP socket.",
            List.of(
                NAME,
                KIND,
                PATH,
                LISTEN,
                CONNECT,
                GUESTS,
                MOST_GUESTS,
                MTU,
                PortPolicy.Keys.GUARD,
                PortPolicy.Keys.ISOLATED,
                PortPolicy.Keys.MAC_LIMIT,
                PortPolicy.Keys.ADDRESSES),
            List.of(
                new KeyRule.ExactlyOne(PATH, LISTEN, CONNECT),
                new KeyRule.NotWhere(
                    CONNECT,
                    GUESTS,
                    EnumText.word(PortGuests.MANY),
                    "many guests connect to a port that listens (path or listen)"),
                new KeyRule.OnlyWith(
                    MOST_GUESTS, GUESTS, "most-guests goes with guests: many only"),
                new KeyRule.NotWhere(
                    MOST_GUESTS,
                    GUESTS,
                    EnumText.word(PortGuests.ONE),
                    "most-guests goes with guests: many only")),
            LATER);

    private QemuStream() {}
  }

  /** The keys of {@link PortConfig.Tap}. */
  static final class Tap {
    static final Key<String> KIND =
        Key.required("kind", Choice.only("tap"), "The kind of the port.");

    static final Key<String> DEVICE = Key.required("device", Kind.DEVICE, "The device's name.");

    static final Key<String> NETNS =
        Key.optional(
            "netns",
            NAMESPACE,
            "the daemon's own",
            "The network namespace to create it in: a name below /run/netns, or an absolute path.");

    static final Key<Boolean> OFFLOADS =
        Key.defaulted(
            "offloads",
            new Form.Flag(),
            true,
            "Whether to ask the kernel for super-frames and unfinished checksums.");

    static final Section SECTION =
        new Section(
            "tap",
            "A TAP device. Needs CAP_NET_ADMIN.",
            List.of(
                NAME,
                KIND,
                DEVICE,
                NETNS,
                OFFLOADS,
                MTU,
                PortPolicy.Keys.GUARD,
                PortPolicy.Keys.ISOLATED,
                PortPolicy.Keys.MAC_LIMIT,
                PortPolicy.Keys.ADDRESSES),
            List.of(),
            LATER);

    private Tap() {}
  }

  private PortKeys() {}

  /** Kinds that the format has names for and this version does not have, with a message each. */
  static Map<String, String> laterKinds() {
    Map<String, String> messages = new HashMap<>();
    for (String kind :
        List.of(
            "qemu-dgram",
            "vfkit",
            "bess",
            "hyperkit",
            "vde",
            "udp-tunnel",
            "vhost-user",
            "packet",
            "vxlan",
            "geneve")) {
      messages.put(kind, kind + " ports are not supported by this version");
    }
    return messages;
  }

  private static String portName(String text) {
    if (OWN_PORTS.contains(text) || text.matches(".*\\.nic[0-9]+")) {
      throw new IllegalArgumentException("the daemon names a port of its own so");
    }
    return PORT_NAME_FORM.parser().apply(text);
  }

  private static StreamSocket peer(String text) {
    String unix = "unix:";
    return text.startsWith(unix)
        ? new StreamSocket.ConnectUnix(
            Kind.SOCKET_PATH.parser().apply(text.substring(unix.length())))
        : new StreamSocket.ConnectTcp(Kind.server(Endpoint.parse(text)));
  }

  private static String namespace(String text) {
    Path path = Kind.PATH.parser().apply(text);
    if (!path.isAbsolute() && (path.getNameCount() != 1 || text.startsWith("."))) {
      throw new IllegalArgumentException("it is neither");
    }
    return text;
  }
}
