package io.lanyard.machine.device;

/** How interrupts of devices reach the harts: as on QEMU's {@code virt} board, which has both. */
public enum InterruptControl {
  /** By wire, through a PLIC. PCI functions share four wires. */
  PLIC,

  /**
   * By message, to each hart's IMSIC: those of PCI functions directly (MSI-X, a vector a queue),
   * those of wired devices through an APLIC.
   */
  AIA
}
