package io.lanyard.vmm;

import java.util.List;
import java.util.Map;

/**
 * The parts of a guest. The daemon makes it; later versions have other components, so that a
 * plug-in reads it by its accessors, and not by a pattern.
 *
 * @param name the guest's name, unique in the daemon: letters, digits and hyphens
 * @param architecture one of {@link VmmDescription#architectures}
 * @param memory bytes of RAM
 * @param harts how many processors
 * @param boot what it starts with
 * @param disks its disks, in order
 * @param nics its NICs, in order
 * @param options settings that only this VMM knows, from the configuration's {@code options}
 */
public record GuestSpec(
    String name,
    String architecture,
    long memory,
    int harts,
    BootSource boot,
    List<DiskSpec> disks,
    List<NicSpec> nics,
    Map<String, String> options) {
  /** Copies the collections. */
  public GuestSpec {
    disks = List.copyOf(disks);
    nics = List.copyOf(nics);
    options = Map.copyOf(options);
  }
}
