package io.lanyard.qemu;

import java.util.Map;

/**
 * The usual board of an architecture, all with PCI.
 *
 * @param machine QEMU's name of it
 * @param express whether its buses are PCI Express, where a device comes and goes behind a port
 * @param cpu QEMU's name of a processor that is the best that KVM and the translator each have;
 *     empty for the board's own
 */
record QemuBoard(String machine, boolean express, String cpu) {
  private static final Map<String, QemuBoard> USUAL =
      Map.of(
          "x86_64", new QemuBoard("q35", true, "max"),
          "i386", new QemuBoard("q35", true, "max"),
          "aarch64", new QemuBoard("virt", true, "max"),
          "arm", new QemuBoard("virt", true, "max"),
          "riscv64", new QemuBoard("virt", true, ""),
          "riscv32", new QemuBoard("virt", true, ""),
          "loongarch64", new QemuBoard("virt", true, ""),
          "ppc64", new QemuBoard("pseries", false, ""));

  private static final QemuBoard UNKNOWN = new QemuBoard("", false, "");

  /** The board of an architecture; without a machine if there is no usual one. */
  static QemuBoard of(String architecture) {
    return USUAL.getOrDefault(architecture, UNKNOWN);
  }
}
