package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
import io.lanyard.config.SocketRights;
import io.lanyard.net.MacAddress;
import io.lanyard.net.UniqueLocal;
import io.lanyard.vswitch.port.Patches;
import io.lanyard.vswitch.port.PortContext;
import io.lanyard.vswitch.port.SocketFile;
import java.nio.file.Path;

/**
 * Where a port is made.
 *
 * @param context its network
 * @param runtimeDirectory where relative paths of sockets begin
 * @param patches where the ends of patches between networks find each other
 * @param identifiers what lasts on this host and is another thing on every other host
 */
public record PortPlace(
    PortContext context, Path runtimeDirectory, Patches patches, UniqueLocal identifiers) {
  /** The MAC address of a port's far end, where the daemon chooses it. */
  MacAddress macOf(String port) {
    return identifiers.macAddress("port " + context.network().name() + "/" + port);
  }

  /**
   * The MAC address for a guest that its own VMM attaches to a port, if the VMM has none for it.
   *
   * @param port the port
   * @return the one that a vhost-user port tells a VMM which asks; empty for ports that lead to
   *     another network or whose device is the host's own NIC
   */
  public String guestMacOf(PortConfig port) {
    return switch (port) {
      case PortConfig.QemuStream _,
          PortConfig.QemuDgram _,
          PortConfig.Vfkit _,
          PortConfig.Udp _,
          PortConfig.Bess _,
          PortConfig.Hyperkit _,
          PortConfig.Vde _,
          PortConfig.VhostUser _,
          PortConfig.Interface _ ->
          macOf(port.name()).toString();
      case PortConfig.Tap _, PortConfig.Vxlan _, PortConfig.Patch _ -> "";
    };
  }

  /** The place of a path of the configuration. */
  Path resolve(Path path) {
    return runtimeDirectory.resolve(path);
  }

  /** The file of a socket that a port binds. */
  SocketFile file(Path path, SocketRights rights) {
    return new SocketFile(
        resolve(path), rights.socketOwner(), rights.socketGroup(), rights.permissions());
  }
}
