package io.lanyard.machine.device;

/** Where things are, and which interrupt they have: QEMU's {@code virt} board. */
public final class MemoryMap {
  /** Boot ROM: the reset vector. */
  public static final long BOOT_ROM = 0x1000;

  /** Size of the boot ROM. */
  public static final long BOOT_ROM_SIZE = 0xf000;

  /** SiFive's test finisher. */
  public static final long TEST_FINISHER = 0x10_0000;

  /** Goldfish real-time clock. */
  public static final long RTC = 0x10_1000;

  /** SiFive's core-local interruptor. */
  public static final long CLINT = 0x200_0000;

  /** Platform-level interrupt controller. */
  public static final long PLIC = 0xc00_0000;

  /** Advanced platform-level interrupt controller, machine level; where the PLIC is otherwise. */
  public static final long APLIC_MACHINE = 0xc00_0000;

  /** Advanced platform-level interrupt controller, supervisor level. */
  public static final long APLIC_SUPERVISOR = 0xd00_0000;

  /** Messages to the harts, machine level: a page a hart. */
  public static final long IMSIC_MACHINE = 0x2400_0000;

  /** Messages to the harts, supervisor level: a page a hart. */
  public static final long IMSIC_SUPERVISOR = 0x2800_0000;

  /** Serial port. */
  public static final long UART = 0x1000_0000;

  /** PCI Express configuration space: 256 buses of 1 MiB. */
  public static final long PCI_ECAM = 0x3000_0000;

  /** Size of the PCI Express configuration space. */
  public static final long PCI_ECAM_SIZE = 0x1000_0000;

  /** PCI memory window below 4 GiB. */
  public static final long PCI_LOW = 0x4000_0000;

  /** Size of the low window. */
  public static final long PCI_LOW_SIZE = 0x4000_0000;

  /** Size of the window above RAM, and its alignment. */
  public static final long PCI_HIGH_SIZE = 0x4_0000_0000L;

  /** Size of a device that needs only a page. */
  public static final long PAGE = 0x1000;

  /** Interrupt of the serial port. */
  public static final int UART_INTERRUPT = 10;

  /** Interrupt of the real-time clock. */
  public static final int RTC_INTERRUPT = 11;

  /** First of the four interrupts that PCI's INTA to INTD are wired to. */
  public static final int PCI_INTERRUPT = 32;

  private MemoryMap() {}

  /**
   * The address of the PCI window above RAM.
   *
   * @param ramEnd physical address after the last byte of RAM
   * @return aligned to its size
   */
  public static long pciHigh(long ramEnd) {
    return Math.ceilDiv(ramEnd, PCI_HIGH_SIZE) * PCI_HIGH_SIZE;
  }
}
