package io.lanyard.machine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Tiny bare programs, put together instruction by instruction, in an ELF file with tohost. */
final class TestProgram {
  static final long BASE = 0x8000_0000L;
  static final long TO_HOST = BASE + 0x1000;

  private static final int T0 = 5;
  private static final int T1 = 6;

  private final List<Integer> code = new ArrayList<>();

  private TestProgram add(int instruction) {
    code.add(instruction);
    return this;
  }

  private TestProgram auipc(int rd, int pages) {
    return add(pages << 12 | (rd << 7) | 0x17);
  }

  private TestProgram lui(int rd, int pages) {
    return add(pages << 12 | (rd << 7) | 0x37);
  }

  private TestProgram addi(int rd, int rs, int immediate) {
    return add(immediate << 20 | (rs << 15) | (rd << 7) | 0x13);
  }

  private TestProgram andi(int rd, int rs, int immediate) {
    return add(immediate << 20 | (rs << 15) | (7 << 12) | (rd << 7) | 0x13);
  }

  private TestProgram lbu(int rd, int rs, int offset) {
    return add(offset << 20 | (rs << 15) | (4 << 12) | (rd << 7) | 0x03);
  }

  /** Store of 1 << width bytes at a small offset. */
  private TestProgram store(int width, int value, int base, int offset) {
    return add(value << 20 | (base << 15) | (width << 12) | (offset << 7) | 0x23);
  }

  /** Moves some bits of an immediate to where the instruction has them. */
  private static int bits(int value, int from, int count, int to) {
    return ((value >> from) & ((1 << count) - 1)) << to;
  }

  private TestProgram beqz(int rs, int offset) {
    int imm =
        bits(offset, 12, 1, 31)
            | bits(offset, 5, 6, 25)
            | bits(offset, 1, 4, 8)
            | bits(offset, 11, 1, 7);
    return add(imm | (rs << 15) | 0x63);
  }

  private TestProgram jump(int offset) {
    int imm =
        bits(offset, 20, 1, 31)
            | bits(offset, 1, 10, 21)
            | bits(offset, 11, 1, 20)
            | bits(offset, 12, 8, 12);
    return add(imm | 0x6f);
  }

  /** Writes a verdict to tohost and stays. */
  static TestProgram reporting(int test) {
    return new TestProgram()
        .auipc(T0, 1)
        .addi(T1, 0, test == 0 ? 1 : (test << 1) | 1)
        .store(3, T1, T0, 0)
        .jump(0);
  }

  static TestProgram spinning() {
    return new TestProgram().addi(T1, T1, 1).jump(-4);
  }

  static TestProgram waiting() {
    return new TestProgram().add(0x10500073).jump(-4);
  }

  static TestProgram echoing() {
    TestProgram program = new TestProgram().lui(T0, 0x10000);
    for (byte b : "ready\n".getBytes(StandardCharsets.US_ASCII)) {
      program.addi(T1, 0, b).store(0, T1, T0, 0);
    }
    return program
        .lbu(T1, T0, 5)
        .andi(T1, T1, 1)
        .beqz(T1, -8)
        .lbu(T1, T0, 0)
        .store(0, T1, T0, 0)
        .jump(-20);
  }

  /** Writes a command to the test finisher, from 0 to 0x7fff. */
  static TestProgram finishing(int command) {
    return new TestProgram()
        .lui(T0, 0x100)
        .lui(T1, (command + 0x800) >> 12)
        .addi(T1, T1, (command << 20) >> 20)
        .store(2, T1, T0, 0)
        .jump(0);
  }

  /** Jumps to where nothing is, again and again. */
  static TestProgram lost() {
    return new TestProgram().add(0x00000067);
  }

  /** Fills most of 16 MiB with pages of {@code c.nop ... ret}, and calls each, without end. */
  static TestProgram hoarding() {
    int t2 = 7;
    return new TestProgram()
        .auipc(T0, 0x100) // the first of 3,328 pages
        .lui(T1, 0xd00)
        .add(T1 << 20 | T0 << 15 | T1 << 7 | 0x33) // add t1, t1, t0: behind the last
        .addi(9, T0, 0)
        .lui(t2, 0x10)
        .addi(t2, t2, 1)
        .store(2, t2, 9, 0) // c.nop; c.nop
        .addi(9, 9, 4)
        .add(0xfe64_ece3) // bltu s1, t1, -8
        .lui(28, 1)
        .lui(t2, 8)
        .addi(t2, t2, 0x82) // ret
        .addi(9, T0, 0)
        .add(28 << 20 | 9 << 15 | 9 << 7 | 0x33) // add s1, s1, t3
        .add(0xfe74_9f23) // sh t2, -2(s1)
        .add(0xfe64_ece3) // bltu s1, t1, -8
        .add(0x0000_100f) // fence.i
        .addi(9, T0, 0)
        .add(0x0004_80e7) // jalr ra, s1
        .add(28 << 20 | 9 << 15 | 9 << 7 | 0x33)
        .add(0xfe64_ece3) // bltu s1, t1, -8
        .jump(-16);
  }

  /** Prints a text, and then spins. */
  static TestProgram printing(String text) {
    TestProgram program = new TestProgram().lui(T0, 0x10000);
    for (byte b : text.getBytes(StandardCharsets.US_ASCII)) {
      program.addi(T1, 0, b).store(0, T1, T0, 0);
    }
    return program.jump(0);
  }

  /** Prints without end on the serial port. */
  static TestProgram chattering() {
    return new TestProgram().lui(T0, 0x10000).addi(T1, 0, 'x').store(0, T1, T0, 0).jump(-4);
  }

  /** Prints without end by way of tohost. */
  static TestProgram reportingCharacters() {
    return new TestProgram()
        .auipc(T0, 1)
        .addi(T1, 0, 0x101)
        .add(0x0303_1313) // slli t1, t1, 48
        .addi(T1, T1, 'x' & ~1)
        .store(3, T1, T0, 0)
        .jump(-4);
  }

  byte[] elf() {
    byte[] names = "\0tohost\0".getBytes(StandardCharsets.US_ASCII);
    int text = 64 + 56;
    int symbols = (text + 4 * code.size() + 4) & ~7;
    int strings = symbols + 2 * 24;
    int sections = strings + names.length;
    ByteBuffer b = ByteBuffer.allocate(sections + 3 * 64).order(ByteOrder.LITTLE_ENDIAN);
    b.putInt(0x464c457f).put((byte) 2).put((byte) 1).put((byte) 1).position(16);
    b.putShort((short) 2).putShort((short) 243).putInt(1).putLong(BASE).putLong(64);
    b.putLong(sections).putInt(0).putShort((short) 64).putShort((short) 56).putShort((short) 1);
    b.putShort((short) 64).putShort((short) 3).putShort((short) 0);
    b.putInt(1).putInt(7).putLong(text).putLong(BASE).putLong(BASE);
    b.putLong(4L * code.size()).putLong(0x2000).putLong(0x1000);
    code.forEach(b::putInt);
    b.position(symbols + 24).putInt(1).putInt(0).putLong(TO_HOST).putLong(8);
    b.position(strings).put(names);
    section(b, sections + 64, 2, symbols, 48, 2);
    section(b, sections + 128, 3, strings, names.length, 0);
    return b.array();
  }

  private static void section(ByteBuffer b, int at, int type, int offset, int size, int link) {
    b.putInt(at + 4, type).putLong(at + 0x18, offset).putLong(at + 0x20, size);
    b.putInt(at + 0x28, link);
  }

  Path write(Path directory) {
    try {
      Path file = Files.createTempFile(directory, "program", ".elf");
      return Files.write(file, elf());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
