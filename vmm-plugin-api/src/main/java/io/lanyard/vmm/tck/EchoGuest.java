package io.lanyard.vmm.tck;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The kit's own guest, for VMMs whose machine has the memory map of QEMU's RISC-V {@code virt}
 * board: a bare program that prints {@code ready}, and returns each byte that is typed, and each
 * frame of its first NIC with source and destination exchanged.
 *
 * <p>It needs a virtio network device on PCI bus 0 or behind a port there, or none, and 1 MiB of
 * RAM; it computes without end. Its source is {@code vmm-plugin-api/src/main/guests/echo.c}.
 */
public final class EchoGuest {
  private EchoGuest() {}

  /**
   * Writes the program.
   *
   * @param file where to; an earlier file is replaced
   * @return the same file: a statically linked RISC-V ELF for 0x80000000 that starts in M-mode
   * @throws IOException if it cannot be written
   */
  public static Path write(Path file) throws IOException {
    try (InputStream program = EchoGuest.class.getResourceAsStream("echo.elf")) {
      if (program == null) {
        throw new IllegalStateException("the jar has no echo.elf");
      }
      return Files.write(file, program.readAllBytes());
    }
  }
}
