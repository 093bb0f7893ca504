package io.lanyard.vmm;

import java.time.Instant;

/**
 * A guest's memory, devices and disks as they were at one moment. Since 2.2.
 *
 * @param name its name among those of the guest
 * @param taken that moment, by the host's clock
 * @param bytes the size of the memory and devices that are kept; its share of the disks is not in
 *     it
 */
public record Snapshot(String name, Instant taken, long bytes) {}
