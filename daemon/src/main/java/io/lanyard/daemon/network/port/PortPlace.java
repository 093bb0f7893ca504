package io.lanyard.daemon.network.port;

import io.lanyard.vswitch.port.PortContext;
import java.nio.file.Path;

/**
 * Where a port is made.
 *
 * @param context its network
 * @param runtimeDirectory where relative paths of sockets begin
 */
public record PortPlace(PortContext context, Path runtimeDirectory) {}
