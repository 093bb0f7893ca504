package io.lanyard.config;

import io.lanyard.net.MacAddress;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A guest.
 *
 * @param name its name, unique in the daemon: letters, digits and hyphens
 * @param vmm the name of the VMM that runs it
 * @param memory bytes of RAM
 * @param harts how many processors
 * @param boot what it starts with
 * @param disks its disks, in order
 * @param nics its NICs, in order
 * @param autostart whether the daemon starts it when it starts itself
 * @param options settings that only this VMM knows, in the order of the file
 */
public record GuestConfig(
    String name,
    String vmm,
    long memory,
    int harts,
    Boot boot,
    List<Disk> disks,
    List<Nic> nics,
    boolean autostart,
    Map<String, String> options) {
  /** Copies the collections. */
  public GuestConfig {
    disks = List.copyOf(disks);
    nics = List.copyOf(nics);
    options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
  }

  /**
   * The guest's first NIC on a network.
   *
   * @param network the network's name
   * @return the NIC whose addresses the guest's name leads to; none if it is not on the network
   */
  public Optional<Nic> nicOn(String network) {
    return nics.stream().filter(nic -> nic.network().equals(network)).findFirst();
  }

  /** The program that a guest starts with. */
  public sealed interface Boot {
    /**
     * An image of the image store.
     *
     * @param name the image's name
     * @param commandLine the kernel's command line, or null for the image's own
     */
    record Image(String name, @Nullable String commandLine) implements Boot {}

    /**
     * A Linux kernel.
     *
     * @param kernel the kernel's image, an absolute path
     * @param initrd the initial RAM disk, an absolute path, or null for none
     * @param commandLine the kernel's command line; may be empty
     */
    record Kernel(Path kernel, @Nullable Path initrd, String commandLine) implements Boot {}

    /**
     * A bare program that owns the machine.
     *
     * @param elf a statically linked ELF file, an absolute path
     */
    record Program(Path elf) implements Boot {}
  }

  /**
   * A disk.
   *
   * @param path a raw image, an absolute path
   * @param readOnly whether writes fail
   */
  public record Disk(Path path, boolean readOnly) {}

  /**
   * A NIC.
   *
   * @param name unique in the guest: {@code nic0}, {@code nic1}, ...
   * @param network the name of the network that it is attached to
   * @param mac its address: given, or derived from the guest's name and its own
   * @param policy what it may do on its network
   */
  public record Nic(String name, String network, MacAddress mac, PortPolicy policy) {}
}
