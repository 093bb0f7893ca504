package io.lanyard.machine.boot;

import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.device.Aplic;
import io.lanyard.machine.device.Clint;
import io.lanyard.machine.device.Imsic;
import io.lanyard.machine.device.InterruptControl;
import io.lanyard.machine.device.MemoryMap;
import io.lanyard.machine.device.Plic;
import io.lanyard.machine.device.TestFinisher;
import io.lanyard.machine.hart.InterruptFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Describes the board to its guest, as QEMU's {@code virt} board describes itself. */
public final class DeviceTree {
  /** The single-letter extensions. */
  private static final List<String> BASE = List.of("i", "m", "a", "f", "d", "c");

  /** Those that only harts with an IMSIC have. */
  private static final Set<String> MESSAGES = Set.of("smaia", "ssaia");

  /** The other extensions, in canonical order: Zi, Za, Zb, then S. */
  private static final List<String> EXTENSIONS =
      List.of(
          "zicbom",
          "zicboz",
          "zicntr",
          "zicsr",
          "zifencei",
          "zba",
          "zbb",
          "zbs",
          "smaia",
          "ssaia",
          "sstc",
          "svinval",
          "svpbmt");

  private static final int CACHE_BLOCK = 64;
  private static final int UART_CLOCK = 3_686_400;
  private static final int MACHINE_EXTERNAL = 11;
  private static final int SUPERVISOR_EXTERNAL = 9;
  private static final int LEVEL_HIGH = 4;

  // Phandles. Those of the harts' interrupt controllers follow from HART on.
  /**
   * The phandle of the controller of the devices' wires: the PLIC, or the supervisor's domain of
   * the APLIC.
   */
  private static final int WIRES = 1;

  private static final int SYSCON = 2;
  private static final int IMSIC_SUPERVISOR = 3;
  private static final int IMSIC_MACHINE = 4;
  private static final int APLIC_MACHINE = 5;
  private static final int HART = 16;

  /**
   * The values that differ from guest to guest.
   *
   * @param ramSize bytes
   * @param harts how many
   * @param timebase ticks a second of mtime
   * @param interrupts how devices interrupt the harts
   * @param supervisor whether it is for a kernel in S-mode: firmware would hide from it what
   *     belongs to M-mode
   * @param commandLine the kernel's, or empty
   * @param initrd where the initial RAM disk is, or null
   */
  public record Board(
      long ramSize,
      int harts,
      long timebase,
      InterruptControl interrupts,
      boolean supervisor,
      String commandLine,
      Layout.@Nullable Range initrd) {
    boolean messages() {
      return interrupts == InterruptControl.AIA;
    }
  }

  private DeviceTree() {}

  /**
   * Describes a board.
   *
   * @param board what differs
   * @param seed random bytes for the kernel's generator
   * @return the tree's root
   */
  public static Fdt.Node describe(Board board, byte[] seed) {
    Fdt.Node root =
        new Fdt.Node("")
            .cells("#address-cells", 2)
            .cells("#size-cells", 2)
            .string("compatible", "riscv-virtio")
            .string("model", "lanyard,virt");
    chosen(root, board, seed);
    root.child("memory@80000000")
        .string("device_type", "memory")
        .pairs("reg", Ram.BASE, board.ramSize);
    cpus(root, board);
    Fdt.Node soc =
        root.child("soc")
            .cells("#address-cells", 2)
            .cells("#size-cells", 2)
            .string("compatible", "simple-bus")
            .flag("ranges");
    interruptControllers(soc, board);
    small(soc, board);
    pci(soc, board);
    return root;
  }

  /** The ISA string: the deprecated property, which firmware and older kernels still read. */
  private static String isa(Board board) {
    return "rv64" + String.join("", BASE) + "_" + String.join("_", extensions(board));
  }

  private static List<String> extensions(Board board) {
    return EXTENSIONS.stream()
        .filter(name -> board.messages() || !MESSAGES.contains(name))
        .toList();
  }

  private static void chosen(Fdt.Node root, Board board, byte[] seed) {
    Fdt.Node chosen =
        root.child("chosen").string("stdout-path", "/soc/serial@10000000").bytes("rng-seed", seed);
    if (!board.commandLine.isEmpty()) {
      chosen.string("bootargs", board.commandLine);
    }
    if (board.initrd != null) {
      chosen
          .pairs("linux,initrd-start", board.initrd.start())
          .pairs("linux,initrd-end", board.initrd.end());
    }
  }

  private static void cpus(Fdt.Node root, Board board) {
    Fdt.Node cpus =
        root.child("cpus")
            .cells("#address-cells", 1)
            .cells("#size-cells", 0)
            .cells("timebase-frequency", (int) board.timebase);
    List<String> extensions = new ArrayList<>(BASE);
    extensions.addAll(extensions(board));
    for (int hart = 0; hart < board.harts; hart++) {
      Fdt.Node cpu =
          cpus.child("cpu@" + Integer.toHexString(hart))
              .string("device_type", "cpu")
              .cells("reg", hart)
              .string("status", "okay")
              .string("compatible", "riscv")
              .string("riscv,isa", isa(board))
              .string("riscv,isa-base", "rv64i")
              .strings("riscv,isa-extensions", extensions)
              .cells("riscv,cbom-block-size", CACHE_BLOCK)
              .cells("riscv,cboz-block-size", CACHE_BLOCK)
              .string("mmu-type", "riscv,sv57");
      cpu.child("interrupt-controller")
          .cells("#interrupt-cells", 1)
          .flag("interrupt-controller")
          .string("compatible", "riscv,cpu-intc")
          .cells("phandle", HART + hart);
    }
  }

  private static void interruptControllers(Fdt.Node soc, Board board) {
    at(soc, "clint", MemoryMap.CLINT, Clint.SIZE)
        .strings("compatible", List.of("sifive,clint0", "riscv,clint0"))
        .cells("interrupts-extended", perHart(board, 3, 7));
    if (board.messages()) {
      messageControllers(soc, board);
      return;
    }
    at(soc, "plic", MemoryMap.PLIC, Plic.SIZE)
        .strings("compatible", List.of("sifive,plic-1.0.0", "riscv,plic0"))
        .cells("#interrupt-cells", 1)
        .cells("#address-cells", 0)
        .flag("interrupt-controller")
        .cells("riscv,ndev", Plic.SOURCES - 1)
        .cells("interrupts-extended", perHart(board, MACHINE_EXTERNAL, SUPERVISOR_EXTERNAL))
        .cells("phandle", WIRES);
  }

  private static void messageControllers(Fdt.Node soc, Board board) {
    imsic(soc, board, MemoryMap.IMSIC_SUPERVISOR, SUPERVISOR_EXTERNAL, IMSIC_SUPERVISOR);
    aplic(soc, MemoryMap.APLIC_SUPERVISOR, IMSIC_SUPERVISOR, WIRES);
    if (!board.supervisor) {
      imsic(soc, board, MemoryMap.IMSIC_MACHINE, MACHINE_EXTERNAL, IMSIC_MACHINE);
      aplic(soc, MemoryMap.APLIC_MACHINE, IMSIC_MACHINE, APLIC_MACHINE)
          .cells("riscv,children", WIRES)
          .cells("riscv,delegation", WIRES, 1, Aplic.SOURCES - 1);
    }
  }

  private static void imsic(Fdt.Node soc, Board board, long address, int level, int phandle) {
    at(soc, "interrupt-controller", address, Imsic.size(board.harts))
        .strings("compatible", List.of("qemu,imsics", "riscv,imsics"))
        .cells("#interrupt-cells", 0)
        .flag("interrupt-controller")
        .flag("msi-controller")
        .cells("#msi-cells", 0)
        .cells("interrupts-extended", perHart(board, level))
        .cells("riscv,num-ids", InterruptFile.IDENTITIES)
        .cells("phandle", phandle);
  }

  private static Fdt.Node aplic(Fdt.Node soc, long address, int imsic, int phandle) {
    return at(soc, "interrupt-controller", address, Aplic.SIZE)
        .strings("compatible", List.of("qemu,aplic", "riscv,aplic"))
        .cells("#interrupt-cells", 2)
        .cells("#address-cells", 0)
        .flag("interrupt-controller")
        .cells("msi-parent", imsic)
        .cells("riscv,num-sources", Aplic.SOURCES - 1)
        .cells("phandle", phandle);
  }

  /** Interrupts of all harts, hart by hart. */
  private static int[] perHart(Board board, int... interrupts) {
    return IntStream.range(0, board.harts)
        .flatMap(hart -> IntStream.of(interrupts).flatMap(i -> IntStream.of(HART + hart, i)))
        .toArray();
  }

  /** How a device names its wire: an APLIC wants to know that it is level-sensitive. */
  private static int[] wire(Board board, int number) {
    return board.messages() ? new int[] {number, LEVEL_HIGH} : new int[] {number};
  }

  private static Fdt.Node at(Fdt.Node soc, String kind, long address, long size) {
    return soc.child(kind + "@" + Long.toHexString(address)).pairs("reg", address, size);
  }

  private static void small(Fdt.Node soc, Board board) {
    at(soc, "test", MemoryMap.TEST_FINISHER, MemoryMap.PAGE)
        .strings("compatible", List.of("sifive,test1", "sifive,test0", "syscon"))
        .cells("phandle", SYSCON);
    syscon(soc, "poweroff", TestFinisher.PASS);
    syscon(soc, "reboot", TestFinisher.RESET);
    at(soc, "rtc", MemoryMap.RTC, MemoryMap.PAGE)
        .string("compatible", "google,goldfish-rtc")
        .cells("interrupts", wire(board, MemoryMap.RTC_INTERRUPT))
        .cells("interrupt-parent", WIRES);
    at(soc, "serial", MemoryMap.UART, 0x100)
        .string("compatible", "ns16550a")
        .cells("clock-frequency", UART_CLOCK)
        .cells("interrupts", wire(board, MemoryMap.UART_INTERRUPT))
        .cells("interrupt-parent", WIRES);
  }

  private static void syscon(Fdt.Node soc, String what, int value) {
    soc.child(what)
        .string("compatible", "syscon-" + what)
        .cells("regmap", SYSCON)
        .cells("offset", 0)
        .cells("value", value);
  }

  /** The generic ECAM host; its map wires INTA of slot n to interrupt 32 + n mod 4. */
  private static void pci(Fdt.Node soc, Board board) {
    IntStream.Builder map = IntStream.builder();
    for (int slot = 0; slot < 4; slot++) {
      for (int pin = 1; pin <= 4; pin++) {
        map.add(slot << 11).add(0).add(0).add(pin).add(WIRES);
        for (int cell : wire(board, MemoryMap.PCI_INTERRUPT + (slot + pin - 1) % 4)) {
          map.add(cell);
        }
      }
    }
    long high = MemoryMap.pciHigh(Ram.BASE + board.ramSize);
    Fdt.Node pci = at(soc, "pci", MemoryMap.PCI_ECAM, MemoryMap.PCI_ECAM_SIZE);
    pci.string("compatible", "pci-host-ecam-generic")
        .string("device_type", "pci")
        .cells("#address-cells", 3)
        .cells("#size-cells", 2)
        .cells("#interrupt-cells", 1)
        .cells("bus-range", 0, 255)
        .cells("linux,pci-domain", 0)
        .flag("dma-coherent")
        .cells("interrupt-map-mask", 0x1800, 0, 0, 7)
        .cells("interrupt-map", map.build().toArray())
        .cells("ranges", ranges(high));
    if (board.messages()) {
      pci.cells("msi-parent", IMSIC_SUPERVISOR);
    }
  }

  /** Address space code in the first cell: 2 is 32-bit memory, 3 is 64-bit. */
  private static int[] ranges(long high) {
    return new int[] {
      0x0200_0000,
      0,
      (int) MemoryMap.PCI_LOW,
      0,
      (int) MemoryMap.PCI_LOW,
      0,
      (int) MemoryMap.PCI_LOW_SIZE,
      0x0300_0000,
      (int) (high >>> 32),
      (int) high,
      (int) (high >>> 32),
      (int) high,
      (int) (MemoryMap.PCI_HIGH_SIZE >>> 32),
      (int) MemoryMap.PCI_HIGH_SIZE,
    };
  }
}
