package io.lanyard.qemu;

import java.util.Map;

/**
 * The usual board of an architecture, all with PCI.
 *
 * @param machine QEMU's name of it
 * @param express whether its buses are PCI Express, where a device comes and goes behind a port
 * @param hotPlug whether the usual kernels for it let go of a device behind such a port: Debian's
 *     for riscv64 has no driver for that
 * @param cpu QEMU's name of a processor that is the best that KVM and the translator each have;
 *     empty for the board's own
 */
record QemuBoard(String machine, boolean express, boolean hotPlug, String cpu) {
  private static final Map<String, QemuBoard> USUAL =
      Map.of(
          "x86_64", new QemuBoard("q35", true, true, "max"),
          "i386", new QemuBoard("q35", true, true, "max"),
          "aarch64", new QemuBoard("virt", true, true, "max"),
          "arm", new QemuBoard("virt", true, false, "max"),
          "riscv64", new QemuBoard("virt", true, false, ""),
          "riscv32", new QemuBoard("virt", true, false, ""),
          "loongarch64", new QemuBoard("virt", true, false, ""),
          "ppc64", new QemuBoard("pseries", false, false, ""));

  private static final QemuBoard UNKNOWN = new QemuBoard("", false, false, "");

  /** The board of an architecture; without a machine if there is no usual one. */
  static QemuBoard of(String architecture) {
    return USUAL.getOrDefault(architecture, UNKNOWN);
  }
}
