package io.lanyard.config;

import io.lanyard.base.EnumText;
import io.lanyard.config.PortConfig.StreamSocket;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The keys of the ports of a network: those of {@link PortConfig}, by kind. */
final class PortKeys {
  private static final Kind<String> PORT_NAME_FORM =
      Kind.shortName(
          "port-name", "a port's name of letters, digits, dots", "A-Za-z0-9._-", "qemu1");

  /** Ports that a network has by itself; those of guests' NICs are named {@code GUEST.nicN}. */
  private static final List<String> OWN_PORTS = List.of("gateway", "host", "uplink", "connect");

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

  /** Each copies every broadcast. */
  private static final int MOST_REMOTES = 32;

  private static final Kind<Address> HOST =
      Kind.such(
          "host-address",
          "an IPv4 or IPv6 address",
          "^[0-9a-fA-F:.]+$",
          PortKeys::host,
          "192.0.2.7",
          "2001:db8::7");

  private static final Kind<Endpoint> REMOTE_ENDPOINT =
      Kind.such(
          "remote",
          "an address and port",
          "^([0-9.]+|localhost|\\[[0-9a-fA-F:.]+\\]):[0-9]{1,5}$",
          text -> Kind.server(Endpoint.parse(text)),
          "127.0.0.1:4444");

  static final Kind<String> NAMESPACE =
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
          "the port group's, else the network's",
          "The largest IP packet on the port, at most the network's.");

  /** The sections of all kinds, in the order of the reference. */
  static List<Section> sections() {
    return List.of(
        QemuStream.SECTION,
        QemuDgram.SECTION,
        Vfkit.SECTION,
        Udp.SECTION,
        Bess.SECTION,
        Hyperkit.SECTION,
        Vde.SECTION,
        Vxlan.SECTION,
        Patch.SECTION,
        Tap.SECTION,
        VhostUser.SECTION,
        Interface.SECTION);
  }

  private static Key<String> kind(String word) {
    return Key.required("kind", Choice.only(word), "The kind of the port.");
  }

  /** The section of a kind: its own keys, and behind them those that every kind has. */
  private static Section section(
      String word, String meaning, List<Key<?>> own, List<KeyRule> rules) {
    List<Key<?>> all = new ArrayList<>();
    all.add(NAME);
    all.addAll(own);
    all.addAll(
        List.of(
            PortPolicy.Keys.PORT_GROUP,
            MTU,
            PortPolicy.Keys.GUARD,
            PortPolicy.Keys.ISOLATED,
            PortPolicy.Keys.MAC_LIMIT,
            PortPolicy.Keys.STORM_CONTROL,
            PortPolicy.Keys.ADDRESSES,
            PortPolicy.Keys.LIMITS,
            PortPolicy.Keys.EGRESS));
    return new Section(word, meaning, List.copyOf(all), rules, Map.of());
  }

  private static List<Key<?>> withRights(Key<?>... own) {
    List<Key<?>> all = new ArrayList<>(List.of(own));
    all.addAll(SocketRights.Keys.ALL);
    return all;
  }

  /** The keys of {@link PortConfig.QemuStream}. */
  static final class QemuStream {
    static final String WORD = "qemu-stream";
    static final Key<String> KIND = kind(WORD);

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
        section(
            WORD,
            "QEMU's stream framing (-netdev stream) over a UNIX or TCP socket.",
            List.of(
                KIND,
                PATH,
                LISTEN,
                CONNECT,
                SocketRights.Keys.OWNER,
                SocketRights.Keys.GROUP,
                SocketRights.Keys.MODE_OF,
                GUESTS,
                MOST_GUESTS),
            List.of(
                new KeyRule.ExactlyOne(PATH, LISTEN, CONNECT),
                onlyAPath(SocketRights.Keys.OWNER),
                onlyAPath(SocketRights.Keys.GROUP),
                onlyAPath(SocketRights.Keys.MODE_OF),
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
                    "most-guests goes with guests: many only")));

    private static KeyRule onlyAPath(Key<?> key) {
      return new KeyRule.OnlyWith(key, PATH, "only a socket at a path has a file");
    }

    private QemuStream() {}
  }

  /** The keys of {@link PortConfig.QemuDgram}. */
  static final class QemuDgram {
    static final String WORD = "qemu-dgram";
    static final Key<String> KIND = kind(WORD);

    static final Key<Path> PATH =
        Key.required(
            "path",
            Kind.SOCKET_PATH,
            "The port's socket, QEMU's remote.path; a relative path is below the runtime"
                + " directory.");

    static final Key<Path> PEER =
        Key.required(
            "peer",
            Kind.SOCKET_PATH,
            "The guest's socket, QEMU's local.path, letter by letter as QEMU is given it; a"
                + " relative path is below the runtime directory.");

    static final Section SECTION =
        section(
            WORD,
            "A raw frame per UNIX datagram (QEMU's -netdev dgram), between two paths.",
            withRights(KIND, PATH, PEER),
            List.of());

    private QemuDgram() {}
  }

  /** The keys of {@link PortConfig.Vfkit}. */
  static final class Vfkit {
    static final String WORD = "vfkit";
    static final Key<String> KIND = kind(WORD);

    static final Key<Path> PATH =
        Key.required(
            "path",
            Kind.SOCKET_PATH,
            "The port's socket; a relative path is below the runtime directory.");

    static final Section SECTION =
        section(
            WORD,
            "A raw frame per UNIX datagram, with the client that sends first (vfkit, libkrun).",
            withRights(KIND, PATH),
            List.of());

    private Vfkit() {}
  }

  /** The keys of {@link PortConfig.Udp}. */
  static final class Udp {
    static final String WORD = "udp";
    static final Key<String> KIND = kind(WORD);

    static final Key<Endpoint> LOCAL =
        Key.required("local", Kind.ENDPOINT, "The address and port where the port receives.");

    static final Key<Endpoint> REMOTE =
        Key.required(
            "remote",
            REMOTE_ENDPOINT,
            "The peer's address and port; frames from any other are refused.");

    static final Section SECTION =
        section(
            WORD,
            "A raw frame per UDP datagram (QEMU's -netdev dgram, VirtualBox's UDPTunnel, GNS3,"
                + " VPCS).",
            List.of(KIND, LOCAL, REMOTE),
            List.of());

    private Udp() {}
  }

  /** The keys of {@link PortConfig.Bess}. */
  static final class Bess {
    static final String WORD = "bess";
    static final Key<String> KIND = kind(WORD);

    static final Key<Path> PATH =
        Key.required(
            "path",
            Kind.SOCKET_PATH,
            "The port's socket; a relative path is below the runtime directory.");

    static final Section SECTION =
        section(
            WORD,
            "A raw frame per message of a UNIX seqpacket socket (BESS, User-Mode Linux).",
            withRights(KIND, PATH),
            List.of());

    private Bess() {}
  }

  /** The keys of {@link PortConfig.Hyperkit}. */
  static final class Hyperkit {
    static final String WORD = "hyperkit";
    static final Key<String> KIND = kind(WORD);

    static final Key<Path> PATH =
        Key.required(
            "path",
            Kind.SOCKET_PATH,
            "The port's socket; a relative path is below the runtime directory.");

    static final Section SECTION =
        section(
            WORD,
            "HyperKit's handshake and framing (VPNKit) over a UNIX socket.",
            withRights(KIND, PATH),
            List.of());

    private Hyperkit() {}
  }

  /** The keys of {@link PortConfig.Vde}. */
  static final class Vde {
    static final String WORD = "vde";
    static final Key<String> KIND = kind(WORD);

    static final Key<Path> PATH =
        Key.required(
            "path",
            Kind.SOCKET_PATH,
            "The directory with the socket ctl, made where it is not there; a relative path is"
                + " below the runtime directory.");

    static final Key<Integer> MOST_GUESTS =
        Key.defaulted(
            "most-guests",
            new Form.Whole(1, 256),
            32,
            "How many clients there are at most; another is sent away.");

    static final Section SECTION =
        section(
            WORD,
            "A VDE switch (vde_plug, QEMU's -netdev vde): each client gets a port of its own, named"
                + " after this one (NAME.1, NAME.2).",
            withRights(KIND, PATH, MOST_GUESTS),
            List.of());

    private Vde() {}
  }

  /** The keys of {@link PortConfig.Vxlan}. */
  static final class Vxlan {
    static final String WORD = "vxlan";
    static final Key<String> KIND = kind(WORD);

    static final Key<Integer> VNI =
        Key.required(
            "vni",
            new Form.Whole(1, 0xff_ffff),
            "The VXLAN network identifier, alike on all hosts.");

    static final Key<List<Address>> REMOTES =
        Key.required(
            "remotes",
            new Form.ListOf<>(HOST, MOST_REMOTES, "hosts"),
            "The other hosts' addresses, all of one family: a broadcast goes to each of them, and"
                + " no others are heard.");

    static final Key<Address> LOCAL =
        Key.optional(
            "local",
            HOST,
            "all of the remotes' family",
            "The address of this host that the others send to.");

    static final Key<Integer> PORT =
        Key.defaulted("port", new Form.Whole(1, 65535), 4789, "The UDP port of all hosts.");

    static final Section SECTION =
        section(
            WORD,
            "Other hosts, by VXLAN (RFC 7348): lanyard's or the kernel's.",
            List.of(KIND, VNI, REMOTES, LOCAL, PORT),
            List.of());

    private Vxlan() {}
  }

  /** The keys of {@link PortConfig.Patch}. */
  static final class Patch {
    static final String WORD = "patch";
    static final Key<String> KIND = kind(WORD);

    static final Key<String> NETWORK =
        Key.required("network", Kind.NETWORK_NAME, "The network that the patch leads to.");

    static final Key<String> PEER =
        Key.required(
            "peer",
            PORT_NAME,
            "The patch port there whose network and peer are this port's: both ends are declared.");

    static final Section SECTION =
        section(
            WORD,
            "One end of a patch between two networks of the daemon.",
            List.of(KIND, NETWORK, PEER),
            List.of());

    private Patch() {}
  }

  /** The keys of {@link PortConfig.Tap}. */
  static final class Tap {
    static final String WORD = "tap";
    static final Key<String> KIND = kind(WORD);

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

    static final Key<Boolean> HOST_SHIELD =
        Key.defaulted(
            "host-shield",
            new Form.Flag(),
            false,
            "Whether DHCP answers, router advertisements and redirects are kept from the device."
                + " For one that is the host's own, by which guests could configure the host; not"
                + " for one that leads on to guests, as in a bridge of the host's.");

    static final Section SECTION =
        section(
            WORD,
            "A TAP device. Needs CAP_NET_ADMIN. One that the daemon makes has a MAC address of its own,"
                + " the same after each start and another one on every host.",
            List.of(KIND, DEVICE, NETNS, OFFLOADS, HOST_SHIELD),
            List.of());

    private Tap() {}
  }

  /** The keys of {@link PortConfig.VhostUser}. */
  static final class VhostUser {
    static final String WORD = "vhost-user";
    static final Key<String> KIND = kind(WORD);

    static final Key<Path> PATH =
        Key.optional(
            "path",
            Kind.SOCKET_PATH,
            "none",
            "Listens on a UNIX socket for the VMM; a relative path is below the runtime"
                + " directory.");

    static final Key<Path> CONNECT =
        Key.optional(
            "connect",
            Kind.SOCKET_PATH,
            "none",
            "Connects to a UNIX socket on which the VMM listens, again and again.");

    static final Key<Integer> QUEUES =
        Key.defaulted(
            "queues",
            new Form.Whole(1, 16),
            1,
            "How many pairs of virtqueues the guest may have. They share the network's loop: more"
                + " of them help the guest's processors alone.");

    static final Section SECTION =
        section(
            WORD,
            "A VMM that shares its guest's memory and virtqueues: the fastest way in.",
            withRights(KIND, PATH, CONNECT, QUEUES),
            List.of(
                new KeyRule.ExactlyOne(PATH, CONNECT),
                onlyAPath(SocketRights.Keys.OWNER),
                onlyAPath(SocketRights.Keys.GROUP),
                onlyAPath(SocketRights.Keys.MODE_OF)));

    private static KeyRule onlyAPath(Key<?> key) {
      return new KeyRule.OnlyWith(key, PATH, "only a socket that the daemon binds has rights");
    }

    private VhostUser() {}
  }

  /** The keys of {@link PortConfig.Interface}. */
  static final class Interface {
    static final String WORD = "interface";
    static final Key<String> KIND = kind(WORD);

    static final Key<String> INTERFACE =
        Key.required("interface", Kind.DEVICE, "The interface's name.");

    static final Key<String> NETNS =
        Key.optional(
            "netns",
            NAMESPACE,
            "the daemon's own",
            "The network namespace that has it: a name below /run/netns, or an absolute path.");

    static final Section SECTION =
        section(
            WORD,
            "An interface of the host that is there already: one end of a pair, the interface of a"
                + " virtual machine or a container. Needs CAP_NET_RAW.",
            List.of(KIND, INTERFACE, NETNS),
            List.of());

    private Interface() {}
  }

  private PortKeys() {}

  /** Kinds that the format has names for and this version does not have, with a message each. */
  static Map<String, String> laterKinds() {
    Map<String, String> messages = new HashMap<>();
    for (String kind : List.of("geneve")) {
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

  private static Address host(String text) {
    Address address = Address.parse(text);
    if (address.isAny()) {
      throw new IllegalArgumentException("it is no host's address");
    }
    return address;
  }

  private static String namespace(String text) {
    Path path = Kind.PATH.parser().apply(text);
    if (!path.isAbsolute() && (path.getNameCount() != 1 || text.startsWith("."))) {
      throw new IllegalArgumentException("it is neither");
    }
    return text;
  }
}
