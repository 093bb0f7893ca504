package io.lanyard.vmm;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

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

  /**
   * The contradictions of the specification itself, whichever VMM it is for: two NICs with one name
   * or one address, an address that is not that of a single NIC. A plug-in's {@link
   * VmmProvider#validate} adds to them what it alone knows.
   *
   * @return a problem for each
   */
  public List<SpecProblem> contradictions() {
    List<SpecProblem> problems = new ArrayList<>();
    Set<String> names = new HashSet<>();
    Set<Long> macs = new HashSet<>();
    for (int i = 0; i < nics.size(); i++) {
      NicSpec nic = nics.get(i);
      String place = String.valueOf(i);
      String what = "NIC " + nic.name() + ": ";
      if (!names.add(nic.name())) {
        problems.add(SpecProblem.of(what + "its name is given twice", "nics", place));
      }
      if (!macs.add(nic.mac())) {
        problems.add(SpecProblem.of(what + "its address is given twice", "nics", place, "mac"));
      }
      if (!nic.hasOwnAddress()) {
        String address = "address %012x is not that of a single NIC".formatted(nic.mac());
        problems.add(SpecProblem.of(what + address, "nics", place, "mac"));
      }
    }
    return problems;
  }
}
