package io.lanyard.vmm;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The program that a guest starts with.
 *
 * <p>Open: later versions have other sources. The daemon gives a plug-in those alone that its
 * {@link VmmDescription#boots} has.
 */
public interface BootSource {
  /**
   * A Linux kernel, loaded by the VMM.
   *
   * @param kernel the kernel's image
   * @param initrd the initial RAM disk, or null for none
   * @param commandLine the kernel's command line
   */
  @SuppressWarnings("exports") // The annotation is for readers; a plug-in needs no jspecify.
  record Kernel(Path kernel, @Nullable Path initrd, String commandLine) implements BootSource {}

  /**
   * A bare program that owns the machine.
   *
   * @param elf a statically linked ELF file; a symbol {@code tohost} in it is where the program
   *     reports: 1 for success, {@code n << 1 | 1} for failure n
   */
  record Program(Path elf) implements BootSource {}

  /**
   * Firmware in place of the VMM's own, which finds by itself what comes next.
   *
   * @param file in a form that the machine's VMM loads
   */
  record Firmware(Path file) implements BootSource {}

  /** The first disk, started by the VMM's own firmware. There is at least one. */
  record Disk() implements BootSource {}

  /** The VMM's own firmware and nothing else, as for a start from the network. */
  record Nothing() implements BootSource {}
}
