package io.lanyard.config;

import io.lanyard.config.PortConfig.QemuStream;
import io.lanyard.config.PortConfig.StreamSocket;
import io.lanyard.config.PortConfig.Tap;
import io.lanyard.net.Endpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads a network's ports. */
final class PortReader {
  /** The end of the name of a client's port, where many share one. */
  private static final Pattern CLIENT = Pattern.compile("\\.[0-9]+$");

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
    List<Fields> read = new ArrayList<>();
    for (Fields fields : network.value(NetworkConfig.Keys.PORTS)) {
      PortConfig port = port(fields, names);
      if (port != null) {
        ports.add(port);
        read.add(fields);
      }
    }
    for (int i = 0; i < read.size(); i++) {
      notOfAClient(ports.get(i).name(), read.get(i), ports);
    }
    return ports;
  }

  /** Refuses a name that the port of another's client has. */
  private static void notOfAClient(String name, Fields fields, List<PortConfig> ports) {
    if (!CLIENT.matcher(name).find()) {
      return;
    }
    String shared = name.substring(0, name.lastIndexOf('.'));
    for (PortConfig port : ports) {
      if (port instanceof QemuStream stream
          && stream.guests() == PortGuests.MANY
          && stream.name().equals(shared)) {
        fields.problem(
            PortKeys.NAME,
            "the ports of the guests of port " + Quoted.quote(shared) + " are named so");
      }
    }
  }

  private @Nullable PortConfig port(Fields port, Claims names) {
    String name = port.find(PortKeys.NAME);
    if (name != null) {
      names.claim("the port's name", name, port.pathOf(PortKeys.NAME), port.placeOf(PortKeys.NAME));
    }
    int mtu = port.atMost(networkMtu, PortKeys.MTU);
    PortPolicy policy = PolicyReader.port(port, networkGuard);
    return port.section().equals(PortKeys.Tap.SECTION)
        ? tap(port, name, mtu, policy)
        : qemuStream(port, name, mtu, policy);
  }

  private @Nullable PortConfig tap(Fields port, @Nullable String name, int mtu, PortPolicy policy) {
    Key<String> deviceKey = PortKeys.Tap.DEVICE;
    String device = port.find(deviceKey);
    String netns = port.find(PortKeys.Tap.NETNS);
    boolean offloads = port.value(PortKeys.Tap.OFFLOADS);
    if (device != null) {
      String where = netns == null ? device : device + " in " + netns;
      claims.claim("the device", where, port.pathOf(deviceKey), port.placeOf(deviceKey));
    }
    return name == null || device == null
        ? null
        : new Tap(name, device, netns, offloads, mtu, policy);
  }

  private @Nullable PortConfig qemuStream(
      Fields port, @Nullable String name, int mtu, PortPolicy policy) {
    StreamSocket socket = socket(port);
    PortGuests guests = port.value(PortKeys.QemuStream.GUESTS);
    int most = port.value(PortKeys.QemuStream.MOST_GUESTS);
    return name == null || socket == null
        ? null
        : new QemuStream(name, socket, guests, most, mtu, policy);
  }

  /** The one socket; where there are several, which has been reported, the first. */
  private @Nullable StreamSocket socket(Fields port) {
    Key<Path> pathKey = PortKeys.QemuStream.PATH;
    Key<Endpoint> listenKey = PortKeys.QemuStream.LISTEN;
    if (port.has(pathKey)) {
      Path path = port.find(pathKey);
      if (path == null) {
        return null;
      }
      claims.claim("the path", path.normalize(), port.pathOf(pathKey), port.placeOf(pathKey));
      return new StreamSocket.ListenUnix(path);
    }
    if (port.has(listenKey)) {
      Endpoint listen = port.find(listenKey);
      if (listen == null) {
        return null;
      }
      claims.listen("TCP", listen, port.pathOf(listenKey), port.placeOf(listenKey));
      return new StreamSocket.ListenTcp(listen);
    }
    return port.find(PortKeys.QemuStream.CONNECT);
  }
}
