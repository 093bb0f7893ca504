package io.lanyard.vmm;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The program that a guest starts with. */
public sealed interface BootSource {
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
}
