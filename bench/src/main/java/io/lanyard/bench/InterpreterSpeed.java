package io.lanyard.bench;

import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmProvider;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * How many guest instructions a second the bundled machine executes: a whole machine, through the
 * plug-in interface, runs a bare program with a loop of integer code (additions, shifts, logic, a
 * load and a store, a branch), and says when it is done. Prints millions a second, of the best of
 * several runs.
 */
public final class InterpreterSpeed {
  private static final long BASE = 0x8000_0000L;
  private static final long TO_HOST = BASE + 0x1000;

  /** The loop: (((t2 + t0) ^ t3) << 3) - t3, kept in memory, until t0 has counted down. */
  private static final int[] LOOP = {
    0x005383b3, // add  t2, t2, t0
    0x01c3c3b3, // xor  t2, t2, t3
    0x00339393, // slli t2, t2, 3
    0x0023de13, // srli t3, t2, 2
    0x41c383b3, // sub  t2, t2, t3
    0x00743423, // sd   t2, 8(s0)
    0x00843e03, // ld   t3, 8(s0)
    0xfff28293, // addi t0, t0, -1
    0xfe0290e3, // bnez t0, -32
  };

  private static final int MILLION_ROUNDS = 67;

  private InterpreterSpeed() {}

  /**
   * Runs the program.
   *
   * @param arguments how many runs; 5 unless said
   * @throws Exception if the machine does not run
   */
  public static void main(String[] arguments) throws Exception {
    int runs = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 5;
    Path directory = Files.createTempDirectory("lanyard-bench");
    Path program = Files.write(directory.resolve("loop.elf"), elf());
    VmmProvider provider =
        ServiceLoader.load(VmmProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(candidate -> candidate.name().equals("lanyard"))
            .findFirst()
            .orElseThrow();
    double best = 0;
    try (Vmm vmm = provider.open(new VmmContext(directory, directory))) {
      for (int i = 0; i < runs; i++) {
        best = Math.max(best, run(vmm, program, i));
      }
    } finally {
      Files.deleteIfExists(program);
    }
    System.out.printf(Locale.ROOT, "%.0f%n", best);
  }

  private static double run(Vmm vmm, Path program, int number) throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    GuestSpec spec =
        new GuestSpec(
            "loop" + number,
            "riscv64",
            16 << 20,
            1,
            new BootSource.Program(program),
            List.of(),
            List.of(),
            Map.of());
    try (Guest guest =
        vmm.create(
            spec,
            event -> {
              if (event instanceof GuestEvent.ProgramExited) {
                done.countDown();
              }
            })) {
      long begin = System.nanoTime();
      guest.start();
      if (!done.await(5, TimeUnit.MINUTES)) {
        throw new IllegalStateException("the program did not end");
      }
      double seconds = (System.nanoTime() - begin) / 1e9;
      return (double) rounds() * LOOP.length / seconds / 1e6;
    }
  }

  private static long rounds() {
    return (long) MILLION_ROUNDS << 20;
  }

  /** An ELF file with one segment and the symbol {@code tohost}. */
  private static byte[] elf() {
    int code = 64 + 56;
    int codeWords = 5 + LOOP.length + 3;
    int symbols = (code + 4 * codeWords + 7) & ~7;
    byte[] names = "\0tohost\0".getBytes(StandardCharsets.US_ASCII);
    int strings = symbols + 2 * 24;
    int sections = strings + names.length;
    ByteBuffer b = ByteBuffer.allocate(sections + 3 * 64).order(ByteOrder.LITTLE_ENDIAN);
    // ELF64, little-endian, an executable for RISC-V (243) that begins at BASE.
    b.putInt(0x464c457f).put((byte) 2).put((byte) 1).put((byte) 1).position(16);
    b.putShort((short) 2).putShort((short) 243).putInt(1).putLong(BASE).putLong(64);
    b.putLong(sections).putInt(0).putShort((short) 64).putShort((short) 56).putShort((short) 1);
    b.putShort((short) 64).putShort((short) 3).putShort((short) 0);
    b.putInt(1).putInt(7).putLong(code).putLong(BASE).putLong(BASE);
    b.putLong(4L * codeWords).putLong(0x2000).putLong(0x1000);
    b.putInt(0x00001417); // auipc s0, 1: tohost
    b.putInt(0x000002b7 | MILLION_ROUNDS << 20); // lui t0, rounds
    b.putInt(0x00000393); // li t2, 0
    b.putInt(0x00000e13); // li t3, 0
    b.putInt(0x00000013); // nop
    for (int instruction : LOOP) {
      b.putInt(instruction);
    }
    b.putInt(0x00100293); // li t0, 1: success
    b.putInt(0x00543023); // sd t0, 0(s0)
    b.putInt(0x0000006f); // stay
    b.position(symbols + 24).putInt(1).putInt(0).putLong(TO_HOST).putLong(8);
    b.position(strings).put(names);
    section(b, sections + 64, 2, symbols, 2 * 24, 2);
    section(b, sections + 128, 3, strings, names.length, 0);
    return b.array();
  }

  private static void section(ByteBuffer b, int at, int type, int offset, int size, int link) {
    b.putInt(at + 4, type).putLong(at + 0x18, offset).putLong(at + 0x20, size);
    b.putInt(at + 0x28, link);
  }
}
