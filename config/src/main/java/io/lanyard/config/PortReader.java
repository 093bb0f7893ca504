package io.lanyard.config;

import static java.util.Objects.requireNonNull;

import io.lanyard.config.PortConfig.Bess;
import io.lanyard.config.PortConfig.Hyperkit;
import io.lanyard.config.PortConfig.Interface;
import io.lanyard.config.PortConfig.Patch;
import io.lanyard.config.PortConfig.QemuDgram;
import io.lanyard.config.PortConfig.QemuStream;
import io.lanyard.config.PortConfig.StreamSocket;
import io.lanyard.config.PortConfig.Tap;
import io.lanyard.config.PortConfig.Udp;
import io.lanyard.config.PortConfig.Vde;
import io.lanyard.config.PortConfig.Vfkit;
import io.lanyard.config.PortConfig.VhostUser;
import io.lanyard.config.PortConfig.Vxlan;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads a network's port groups and ports. */
final class PortReader {
  /** The end of the name of a client's port, where many share one. */
  private static final Pattern CLIENT = Pattern.compile("\\.[0-9]+$");

  private final Claims claims;
  private final int networkMtu;
  private final GuardMode networkGuard;
  private final boolean leadsOut;
  private final EgressReader egress;
  private @Nullable PortGroups groups;

  /**
   * Makes a reader of one network's ports.
   *
   * @param leadsOut whether the network leads to the world
   */
  PortReader(
      Claims claims,
      int networkMtu,
      GuardMode networkGuard,
      boolean leadsOut,
      EgressReader egress) {
    this.claims = claims;
    this.networkMtu = networkMtu;
    this.networkGuard = networkGuard;
    this.leadsOut = leadsOut;
    this.egress = egress;
  }

  /**
   * Reads them.
   *
   * @param hasNames whether the network has a name server
   */
  List<PortConfig> read(Fields network, boolean hasNames) {
    groups = PortGroups.read(network, networkMtu, leadsOut, hasNames, egress);
    List<PortConfig> ports = new ArrayList<>();
    Claims names = new Claims(network.problems());
    List<Fields> read = new ArrayList<>();
    for (Fields fields : network.value(NetworkConfig.Keys.PORTS)) {
      PortConfig port = port(fields, groups, names, hasNames);
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

  /** The network's port groups, once its ports are read. */
  PortGroups groups() {
    return requireNonNull(groups);
  }

  /** Refuses a name that the port of another's client has. */
  private static void notOfAClient(String name, Fields fields, List<PortConfig> ports) {
    if (!CLIENT.matcher(name).find()) {
      return;
    }
    String shared = name.substring(0, name.lastIndexOf('.'));
    for (PortConfig port : ports) {
      if (port.mostClients() > 1 && port.name().equals(shared)) {
        fields.problem(
            PortKeys.NAME,
            "the ports of the guests of port " + Quoted.quote(shared) + " are named so");
      }
    }
  }

  private @Nullable PortConfig port(
      Fields port, PortGroups groups, Claims names, boolean hasNames) {
    String name = port.find(PortKeys.NAME);
    if (name != null) {
      names.claim("the port's name", name, port.pathOf(PortKeys.NAME), port.placeOf(PortKeys.NAME));
    }
    PortGroupConfig group = groups.of(port);
    Integer shared = group == null ? null : group.mtu();
    int mtu = port.atMost(networkMtu, PortKeys.MTU, shared == null ? networkMtu : shared);
    PolicyReader.leadsOut(port, leadsOut);
    PortPolicy policy = PolicyReader.port(port, networkGuard, egress.port(port, hasNames), group);
    return ofKind(port, name == null ? "" : name, mtu, policy);
  }

  // No table of method references: the JVM would spin a class for each in each start.
  private @Nullable PortConfig ofKind(Fields port, String name, int mtu, PortPolicy policy) {
    Section kind = port.section();
    if (kind.equals(PortKeys.QemuStream.SECTION)) {
      return qemuStream(port, name, mtu, policy);
    } else if (kind.equals(PortKeys.QemuDgram.SECTION)) {
      return qemuDgram(port, name, mtu, policy);
    } else if (kind.equals(PortKeys.Vfkit.SECTION)) {
      return vfkit(port, name, mtu, policy);
    } else if (kind.equals(PortKeys.Udp.SECTION)) {
      return udp(port, name, mtu, policy);
    } else if (kind.equals(PortKeys.VhostUser.SECTION)) {
      return vhostUser(port, name, mtu, policy);
    } else if (kind.equals(PortKeys.Bess.SECTION)) {
      return bess(port, name, mtu, policy);
    } else if (kind.equals(PortKeys.Hyperkit.SECTION)) {
      return hyperkit(port, name, mtu, policy);
    } else if (kind.equals(PortKeys.Vde.SECTION)) {
      return vde(port, name, mtu, policy);
    } else if (kind.equals(PortKeys.Vxlan.SECTION)) {
      return vxlan(port, name, mtu, policy);
    } else if (kind.equals(PortKeys.Patch.SECTION)) {
      return patch(port, name, mtu, policy);
    } else if (kind.equals(PortKeys.Tap.SECTION)) {
      return tap(port, name, mtu, policy);
    } else if (kind.equals(PortKeys.Interface.SECTION)) {
      return hostInterface(port, name, mtu, policy);
    }
    throw new IllegalStateException("nothing reads ports of kind " + kind.name());
  }

  private @Nullable PortConfig qemuDgram(Fields port, String name, int mtu, PortPolicy policy) {
    Path path = socketPath(port, PortKeys.QemuDgram.PATH);
    Path peer = socketPath(port, PortKeys.QemuDgram.PEER);
    SocketRights rights = SocketRights.read(port);
    return path == null || peer == null
        ? null
        : new QemuDgram(name, path, peer, rights, mtu, policy);
  }

  private @Nullable PortConfig vfkit(Fields port, String name, int mtu, PortPolicy policy) {
    Path path = socketPath(port, PortKeys.Vfkit.PATH);
    SocketRights rights = SocketRights.read(port);
    return path == null ? null : new Vfkit(name, path, rights, mtu, policy);
  }

  private @Nullable PortConfig udp(Fields port, String name, int mtu, PortPolicy policy) {
    Key<Endpoint> localKey = PortKeys.Udp.LOCAL;
    Key<Endpoint> remoteKey = PortKeys.Udp.REMOTE;
    Endpoint local = port.find(localKey);
    Endpoint remote = port.find(remoteKey);
    if (local == null || remote == null) {
      return null;
    }
    if (local.address().isIpv4() != remote.address().isIpv4()) {
      port.problem(remoteKey, "local and remote are of one family, IPv4 or IPv6");
    }
    boolean _ = claims.listen("UDP", local, port.pathOf(localKey), port.placeOf(localKey));
    return new Udp(name, local, remote, mtu, policy);
  }

  private @Nullable PortConfig vhostUser(Fields port, String name, int mtu, PortPolicy policy) {
    StreamSocket socket = null;
    if (port.has(PortKeys.VhostUser.PATH)) {
      Path path = socketPath(port, PortKeys.VhostUser.PATH);
      socket = path == null ? null : new StreamSocket.ListenUnix(path);
    } else {
      Path path = port.find(PortKeys.VhostUser.CONNECT);
      socket = path == null ? null : new StreamSocket.ConnectUnix(path);
    }
    SocketRights rights = SocketRights.read(port);
    int queues = port.value(PortKeys.VhostUser.QUEUES);
    return socket == null ? null : new VhostUser(name, socket, rights, queues, mtu, policy);
  }

  private @Nullable PortConfig bess(Fields port, String name, int mtu, PortPolicy policy) {
    Path path = socketPath(port, PortKeys.Bess.PATH);
    SocketRights rights = SocketRights.read(port);
    return path == null ? null : new Bess(name, path, rights, mtu, policy);
  }

  private @Nullable PortConfig hyperkit(Fields port, String name, int mtu, PortPolicy policy) {
    Path path = socketPath(port, PortKeys.Hyperkit.PATH);
    SocketRights rights = SocketRights.read(port);
    return path == null ? null : new Hyperkit(name, path, rights, mtu, policy);
  }

  private @Nullable PortConfig vde(Fields port, String name, int mtu, PortPolicy policy) {
    Path path = socketPath(port, PortKeys.Vde.PATH);
    SocketRights rights = SocketRights.read(port);
    int most = port.value(PortKeys.Vde.MOST_GUESTS);
    return path == null ? null : new Vde(name, path, rights, most, mtu, policy);
  }

  private @Nullable PortConfig vxlan(Fields port, String name, int mtu, PortPolicy policy) {
    Integer vni = port.find(PortKeys.Vxlan.VNI);
    Key<List<Address>> remotesKey = PortKeys.Vxlan.REMOTES;
    Key<Address> localKey = PortKeys.Vxlan.LOCAL;
    List<Address> remotes = port.find(remotesKey);
    Address given = port.find(localKey);
    int at = port.value(PortKeys.Vxlan.PORT);
    if (vni == null || remotes == null) {
      return null;
    }
    if (remotes.isEmpty()) {
      port.problem(remotesKey, "there is no other host; name one");
      return null;
    }
    boolean ipv4 = remotes.getFirst().isIpv4();
    Address local = given != null ? given : ipv4 ? Address.ANY_IPV4 : Address.ANY_IPV6;
    if (local.isIpv4() != ipv4 || remotes.stream().anyMatch(remote -> remote.isIpv4() != ipv4)) {
      port.problem(remotesKey, "local and remotes are of one family, IPv4 or IPv6");
    }
    Key<?> key = port.has(localKey) ? localKey : PortKeys.Vxlan.PORT;
    claims.vxlan(new Endpoint(local, at), vni, port.pathOf(key), port.placeOf(key));
    return new Vxlan(name, vni, remotes, local, at, mtu, policy);
  }

  private static @Nullable PortConfig patch(Fields port, String name, int mtu, PortPolicy policy) {
    String network = port.find(PortKeys.Patch.NETWORK);
    String peer = port.find(PortKeys.Patch.PEER);
    return network == null || peer == null ? null : new Patch(name, network, peer, mtu, policy);
  }

  /** A path that a socket is to be bound to, which no other has. */
  private @Nullable Path socketPath(Fields port, Key<Path> key) {
    Path path = port.find(key);
    if (path != null) {
      claims.claim("the path", path.normalize(), port.pathOf(key), port.placeOf(key));
    }
    return path;
  }

  private @Nullable PortConfig tap(Fields port, String name, int mtu, PortPolicy policy) {
    Key<String> deviceKey = PortKeys.Tap.DEVICE;
    String device = port.find(deviceKey);
    String netns = port.find(PortKeys.Tap.NETNS);
    boolean offloads = port.value(PortKeys.Tap.OFFLOADS);
    if (device != null) {
      claims.device(device, netns, port.pathOf(deviceKey), port.placeOf(deviceKey));
    }
    boolean hostShield = port.value(PortKeys.Tap.HOST_SHIELD);
    return device == null ? null : new Tap(name, device, netns, offloads, hostShield, mtu, policy);
  }

  private @Nullable PortConfig hostInterface(Fields port, String name, int mtu, PortPolicy policy) {
    Key<String> deviceKey = PortKeys.Interface.INTERFACE;
    String device = port.find(deviceKey);
    String netns = port.find(PortKeys.Interface.NETNS);
    if (device == null) {
      return null;
    }
    claims.device(device, netns, port.pathOf(deviceKey), port.placeOf(deviceKey));
    return new Interface(name, device, netns, mtu, policy);
  }

  private @Nullable PortConfig qemuStream(Fields port, String name, int mtu, PortPolicy policy) {
    StreamSocket socket = socket(port);
    PortGuests guests = port.value(PortKeys.QemuStream.GUESTS);
    int most = port.value(PortKeys.QemuStream.MOST_GUESTS);
    SocketRights rights = SocketRights.read(port);
    return socket == null ? null : new QemuStream(name, socket, rights, guests, most, mtu, policy);
  }

  /** The one socket; where there are several, which has been reported, the first. */
  private @Nullable StreamSocket socket(Fields port) {
    Key<Path> pathKey = PortKeys.QemuStream.PATH;
    Key<Endpoint> listenKey = PortKeys.QemuStream.LISTEN;
    if (port.has(pathKey)) {
      Path path = socketPath(port, pathKey);
      return path == null ? null : new StreamSocket.ListenUnix(path);
    }
    if (port.has(listenKey)) {
      Endpoint listen = port.find(listenKey);
      if (listen == null) {
        return null;
      }
      boolean _ = claims.listen("TCP", listen, port.pathOf(listenKey), port.placeOf(listenKey));
      return new StreamSocket.ListenTcp(listen);
    }
    return port.find(PortKeys.QemuStream.CONNECT);
  }
}
