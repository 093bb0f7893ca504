package io.lanyard.daemon.network.port;

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
