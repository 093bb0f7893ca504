package io.lanyard.vmm;

/** Something that not every VMM can do; a caller asks before it tries. */
public enum Capability {
  /** A serial console with bytes both ways. */
  CONSOLE,
  /** Asking the guest to shut itself down ({@link Guest#requestStop}). */
  REQUEST_STOP,
  /** {@link Guest#pause} and {@link Guest#resume}. */
  PAUSE,
  /** {@link Guest#reset}. */
  RESET,
  /** Booting a kernel, with an initial RAM disk and a command line. */
  BOOT_KERNEL,
  /** Running a bare ELF program that reports through {@code tohost}. */
  BOOT_PROGRAM,
  /** Disks. */
  DISKS,
  /** Frames with unfinished checksums and super-frames. */
  NIC_OFFLOADS
}
