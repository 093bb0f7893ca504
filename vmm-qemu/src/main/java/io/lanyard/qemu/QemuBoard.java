package io.lanyard.qemu;

import java.util.Map;

/**
 * The usual board of an architecture, all with PCI.
 *
 * @param machine QEMU's name of it
 * @param cpu QEMU's name of a processor that is the best that KVM and the translator each have;
 *     empty for the board's own
 */
record QemuBoard(String machine, String cpu) {
  private static final Map<String, QemuBoard> USUAL =
      Map.of(
          "x86_64", new QemuBoard("q35", "max"),
          "i386", new QemuBoard("q35", "max"),
          "aarch64", new QemuBoard("virt", "max"),
          "arm", new QemuBoard("virt", "max"),
          "riscv64", new QemuBoard("virt", ""),
          "riscv32", new QemuBoard("virt", ""),
          "loongarch64", new QemuBoard("virt", ""),
          "ppc64", new QemuBoard("pseries", ""));

  private static final QemuBoard UNKNOWN = new QemuBoard("", "");

  /** The board of an architecture; without a machine if there is no usual one. */
  static QemuBoard of(String architecture) {
    return USUAL.getOrDefault(architecture, UNKNOWN);
  }
}
