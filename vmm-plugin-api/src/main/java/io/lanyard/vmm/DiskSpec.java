package io.lanyard.vmm;

import java.nio.file.Path;

/**
 * A disk.
 *
 * @param path a raw image
 * @param readOnly whether writes fail
 */
public record DiskSpec(Path path, boolean readOnly) {}
