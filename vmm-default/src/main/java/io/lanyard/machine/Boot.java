package io.lanyard.machine;

import io.lanyard.machine.boot.DeviceTree;
import io.lanyard.machine.boot.ElfImage;
import io.lanyard.machine.boot.Fdt;
import io.lanyard.machine.boot.ImageFile;
import io.lanyard.machine.boot.KernelImage;
import io.lanyard.machine.boot.Layout;
import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.device.InterruptControl;
import io.lanyard.machine.hart.Timebase;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.VmmException;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/** A guest's program, opened and checked once, put into RAM at each start. */
sealed interface Boot extends AutoCloseable {
  /** Bytes of entropy in the device tree: the kernel's generator takes 256 bits. */
  int SEED = 32;

  SecureRandom RANDOM = new SecureRandom();

  /**
   * Fills RAM.
   *
   * @return where the first hart starts
   */
  Start load(Ram ram, int harts, InterruptControl interrupts) throws VmmException;

  /**
   * The reason why the guest may have too little memory even to report it.
   *
   * @return for a person to read; empty if there is no reason to think so
   */
  String memoryHint();

  @Override
  void close();

  /**
   * Where and how the first hart starts.
   *
   * @param entry first instruction
   * @param deviceTree goes into a1
   * @param supervisor in S-mode under the built-in SBI; otherwise in M-mode through the boot ROM
   * @param toHost where a program reports, or -1
   * @param fromHost where a program waits for answers, or -1
   */
  record Start(long entry, long deviceTree, boolean supervisor, long toHost, long fromHost) {}

  /** Opens what the specification names. */
  static Boot open(BootSource source, long memory) throws VmmException {
    return switch (source) {
      case BootSource.Kernel kernel -> Kernel.open(kernel, memory);
      case BootSource.Program program -> Program.open(program, memory);
      default -> throw new VmmException("the machine starts a kernel or a program, not " + source);
    };
  }

  private static byte[] tree(DeviceTree.Board board) {
    byte[] seed = new byte[SEED];
    RANDOM.nextBytes(seed);
    return Fdt.flatten(DeviceTree.describe(board, seed));
  }

  /** A Linux kernel. */
  final class Kernel implements Boot {
    /** The kernel's COMMAND_LINE_SIZE on RISC-V, with the terminator. */
    static final int COMMAND_LINE = 1024;

    /**
     * The memory that a kernel takes before it starts the first program, besides its image: page
     * tables, the array of pages, hash tables, what drivers and the RAM disk's file system
     * allocate. Debian 13's kernel panics before its console is there with 80 MiB of memory, and
     * boots with 96.
     */
    private static final long WORKING_MEMORY = 60L << 20;

    /** The RAM disk as it is, and unpacked. */
    private static final int UNPACKED = 3;

    private final KernelImage kernel;
    private final @Nullable ImageFile initrd;
    private final String commandLine;
    private final Layout layout;
    private final long memory;

    private Kernel(
        KernelImage kernel,
        @Nullable ImageFile initrd,
        String commandLine,
        Layout layout,
        long memory) {
      this.memory = memory;
      this.kernel = kernel;
      this.initrd = initrd;
      this.commandLine = commandLine;
      this.layout = layout;
    }

    static Kernel open(BootSource.Kernel source, long memory) throws VmmException {
      if (source.commandLine().length() >= COMMAND_LINE) {
        throw new VmmException(
            "kernel command line has %d characters; the kernel takes at most %d"
                .formatted(source.commandLine().length(), COMMAND_LINE - 1));
      }
      KernelImage kernel = KernelImage.open(source.kernel());
      ImageFile initrd = null;
      try {
        if (source.initrd() != null) {
          initrd = ImageFile.open("initial RAM disk", source.initrd());
        }
        Layout layout =
            Layout.place(
                memory,
                kernel.textOffset(),
                kernel.memorySize(),
                initrd == null ? 0 : initrd.size());
        return new Kernel(kernel, initrd, source.commandLine(), layout, memory);
      } catch (VmmException e) {
        kernel.close();
        if (initrd != null) {
          initrd.close();
        }
        throw e;
      }
    }

    @Override
    public Start load(Ram ram, int harts, InterruptControl interrupts) throws VmmException {
      kernel.load(ram, layout.kernel().start());
      Layout.Range place = layout.initrd();
      if (initrd != null && place != null) {
        initrd.load(0, place.size(), ram, place.start());
      }
      long tree = layout.deviceTree().start();
      ram.put(
          tree,
          tree(
              new DeviceTree.Board(
                  ram.size(), harts, Timebase.FREQUENCY, interrupts, true, commandLine, place)));
      return new Start(layout.kernel().start(), tree, true, -1, -1);
    }

    @Override
    public String memoryHint() {
      long needed =
          kernel.memorySize() + (initrd == null ? 0 : UNPACKED * initrd.size()) + WORKING_MEMORY;
      return memory >= needed
          ? ""
          : "memory of %s may be too little: this kernel and its initial RAM disk need about %s, and a kernel that has less may stop before it can print"
              .formatted(HostCapacity.text(memory), HostCapacity.text(needed));
    }

    @Override
    public void close() {
      kernel.close();
      if (initrd != null) {
        initrd.close();
      }
    }
  }

  /** A bare program. */
  final class Program implements Boot {
    private static final int TREE_ROOM = 64 << 10;

    private final ElfImage image;

    private Program(ElfImage image) {
      this.image = image;
    }

    static Program open(BootSource.Program source, long memory) throws VmmException {
      ElfImage image = ElfImage.open(source.elf());
      try {
        image.checkFits(memory - TREE_ROOM);
      } catch (VmmException e) {
        image.close();
        throw e;
      }
      return new Program(image);
    }

    @Override
    public Start load(Ram ram, int harts, InterruptControl interrupts) throws VmmException {
      image.load(ram);
      long tree = Ram.BASE + ram.size() - TREE_ROOM;
      ram.put(
          tree,
          tree(
              new DeviceTree.Board(
                  ram.size(), harts, Timebase.FREQUENCY, interrupts, false, "", null)));
      return new Start(image.entry(), tree, false, image.toHost(), image.fromHost());
    }

    @Override
    public String memoryHint() {
      return "";
    }

    @Override
    public void close() {
      image.close();
    }
  }
}
