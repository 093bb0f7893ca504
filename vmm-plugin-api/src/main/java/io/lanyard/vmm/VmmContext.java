package io.lanyard.vmm;

import java.nio.file.Path;

/**
 * The directories that the daemon lends a VMM.
 *
 * @param stateDirectory a directory of the VMM's own that outlives the daemon; it exists
 * @param runtimeDirectory a directory of the VMM's own for sockets and the like; it exists
 */
public record VmmContext(Path stateDirectory, Path runtimeDirectory) {}
