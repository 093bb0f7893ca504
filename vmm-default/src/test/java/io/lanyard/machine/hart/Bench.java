package io.lanyard.machine.hart;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.Device;
import io.lanyard.machine.bus.Ram;
import java.nio.charset.StandardCharsets;

/**
 * A hart with memory, a character port at 0x1000_0000 and a finisher at 0x10_0000: what bare
 * programs need.
 */
final class Bench implements AutoCloseable {
  static final long CODE = Ram.BASE;

  final Ram ram;
  final Bus bus;
  final Timebase time = new Timebase();
  final Hart hart;
  final Core core;
  private final StringBuilder output = new StringBuilder();

  Bench() {
    this(16 << 20, Firmware.NONE);
  }

  Bench(long memory, Firmware firmware) {
    this(memory, firmware, new CodeBudget(64 << 20).open());
  }

  Bench(long memory, Firmware firmware, CodeBudget.Share code) {
    ram = Ram.allocate(memory);
    bus = new Bus(ram);
    hart = new Hart(0, bus, time, firmware, false, code);
    core = hart.core();
    bus.map("port", 0x1000_0000, 0x1000, writes((offset, value) -> output.append((char) value)));
    bus.map("finisher", 0x10_0000, 0x1000, writes((offset, value) -> hart.requestStop()));
    hart.reset(CODE, false);
    hart.csr(0x3b0, -1); // as firmware does: all memory is everybody's
    hart.csr(0x3a0, 0x1f);
  }

  /** A test device's reaction to a write. */
  interface Write {
    void accept(long offset, long value);
  }

  static Device writes(Write write) {
    return new Device() {
      @Override
      public long read(long offset, int size) {
        return 0x60; // a serial port that is ready to send
      }

      @Override
      public void write(long offset, int size, long value) {
        write.accept(offset, value);
      }
    };
  }

  /** Puts a program where the hart starts. */
  Bench load(Assembler program) {
    ram.put(CODE, program.bytes());
    return this;
  }

  /** Executes about as many instructions, until the next jump. */
  Bench execute(int instructions) {
    core.granted = instructions;
    core.budget = instructions;
    Interpreter.run(core);
    core.retired += instructions - core.budget;
    core.granted = 0;
    core.budget = 0;
    return this;
  }

  /** Executes until an {@code ebreak} or another trap to machine mode; gives mcause. */
  long untilTrap(int most) {
    core.csrs.mtvec = CODE + ram.size() - 4096;
    ram.putInt(core.csrs.mtvec, 0x0000_006f); // jump to itself
    for (int i = 0; i < most; i += 64) {
      execute(64);
      if (core.pc == core.csrs.mtvec) {
        return core.csrs.mcause;
      }
    }
    throw new AssertionError("no trap; pc is 0x" + Long.toHexString(core.pc));
  }

  String output() {
    return output.toString();
  }

  byte[] outputBytes() {
    return output.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() {
    ram.close();
  }
}
