package io.lanyard.config;

import io.lanyard.config.PortConfig.QemuStream;
import io.lanyard.config.PortConfig.StreamSocket;
import io.lanyard.config.PortConfig.Tap;
import io.lanyard.net.Endpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a network's ports. */
final class PortReader {
  private static final List<String> KINDS = List.of("qemu-stream", "tap");

  /** Ways in that the format has names for and this version does not have. */
  private static final Set<String> LATER =
      Set.of(
          "qemu-dgram",
          "vfkit",
          "bess",
          "hyperkit",
          "vde",
          "udp-tunnel",
          "vhost-user",
          "packet",
          "vxlan",
          "geneve");

  /** Which of these a stream port has says how it attaches. */
  private static final List<String> SOCKETS = List.of("path", "listen", "connect");

  private static final Kind<String> NETNS =
      new Kind<>(
          "the name or absolute path of a network namespace",
          text -> {
            Path path = Kind.PATH.parser().apply(text);
            if (!path.isAbsolute() && (path.getNameCount() != 1 || text.startsWith("."))) {
              throw new IllegalArgumentException("it is neither");
            }
            return text;
          });

  private final Claims claims;
  private final int networkMtu;
  private final GuardMode networkGuard;

  PortReader(Claims claims, int networkMtu, GuardMode networkGuard) {
    this.claims = claims;
    this.networkMtu = networkMtu;
    this.networkGuard = networkGuard;
  }

  List<PortConfig> read(Fields network) {
    List<PortConfig> ports = new ArrayList<>();
    Claims names = new Claims(network.problems());
    network.items(
        "ports",
        (path, node) -> {
          PortConfig port = port(network.problems(), path, node, names);
          if (port != null) {
            ports.add(port);
          }
        });
    return ports;
  }

  private @Nullable PortConfig port(Problems problems, String path, YamlNode node, Claims names) {
    Section section = section(problems, path, node);
    if (section == null) {
      return null;
    }
    Fields port = Fields.open(problems, section, path, node.place(), node);
    if (port == null) {
      return null;
    }
    String name = port.value("name", Kind.PORT_NAME);
    if (name != null) {
      names.claim("the port's name", name, path + ".name", port.placeOf("name"));
    }
    int mtu = port.number("mtu", 576, networkMtu, networkMtu);
    PortPolicy policy = PolicyReader.port(port, networkGuard);
    if (section.name().equals(Section.TAP.name())) {
      String device = port.value("device", Kind.DEVICE);
      String netns = port.value("netns", NETNS);
      boolean offloads = port.flag("offloads", true);
      if (device != null) {
        String where = netns == null ? device : device + " in " + netns;
        claims.claim("the device", where, path + ".device", port.placeOf("device"));
      }
      return name == null || device == null
          ? null
          : new Tap(name, device, netns, offloads, mtu, policy);
    }
    StreamSocket socket = socket(port);
    return name == null || socket == null ? null : new QemuStream(name, socket, mtu, policy);
  }

  /** The keys of a port depend on its kind. */
  private static @Nullable Section section(Problems problems, String path, YamlNode node) {
    if (!(node instanceof YamlNode.Mapping mapping)) {
      problems.add(node.place(), path, "expected a mapping, found " + node.found());
      return null;
    }
    for (YamlNode.Entry entry : mapping.entries()) {
      if (entry.key().equals("kind")) {
        String kind = Fields.value(problems, path + ".kind", entry.value(), kind());
        return kind == null ? null : kind.equals("tap") ? Section.TAP : Section.QEMU_STREAM;
      }
    }
    problems.add(node.place(), path, "the key \"kind\" is missing");
    return null;
  }

  private static Kind<String> kind() {
    return new Kind<>(
        "one of " + String.join(", ", KINDS),
        text -> {
          if (LATER.contains(text)) {
            throw new IllegalArgumentException(text + " ports are not supported by this version");
          }
          if (!KINDS.contains(text)) {
            throw new IllegalArgumentException("no such kind" + Quoted.hint(text, KINDS));
          }
          return text;
        });
  }

  private @Nullable StreamSocket socket(Fields port) {
    List<String> given = SOCKETS.stream().filter(port::has).toList();
    if (given.size() != 1) {
      port.problems()
          .add(
              port.place(),
              port.path(),
              "expected one of the keys path, listen, connect, found "
                  + (given.isEmpty() ? "none" : String.join(" and ", given)));
      return null;
    }
    String key = given.getFirst();
    if (key.equals("path")) {
      Path path = port.value("path", Kind.SOCKET_PATH);
      if (path != null) {
        claims.claim("the path", path.normalize(), port.path() + ".path", port.placeOf("path"));
      }
      return path == null ? null : new StreamSocket.ListenUnix(path);
    }
    if (key.equals("listen")) {
      Endpoint listen = port.value("listen", Kind.ENDPOINT);
      if (listen != null) {
        claims.listen("TCP", listen, port.path() + ".listen", port.placeOf("listen"));
      }
      return listen == null ? null : new StreamSocket.ListenTcp(listen);
    }
    return port.value("connect", CONNECT);
  }

  private static final Kind<StreamSocket> CONNECT =
      new Kind<>(
          "an address and port such as 127.0.0.1:9000, or unix: and a path",
          text ->
              text.startsWith("unix:")
                  ? new StreamSocket.ConnectUnix(
                      Kind.SOCKET_PATH.parser().apply(text.substring("unix:".length())))
                  : new StreamSocket.ConnectTcp(server(text)));

  private static Endpoint server(String text) {
    Endpoint server = Endpoint.parse(text);
    if (!server.address().isUnicast()) {
      throw new IllegalArgumentException("it is no server's address");
    }
    return server;
  }
}
