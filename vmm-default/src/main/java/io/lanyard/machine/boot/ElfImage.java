package io.lanyard.machine.boot;

import io.lanyard.machine.bus.Ram;
import io.lanyard.vmm.VmmException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A statically linked RISC-V program in an ELF file, with its {@code tohost} and {@code fromhost}
 * symbols. Every offset in the file is checked.
 */
public final class ElfImage implements AutoCloseable {
  private static final int HEADER = 64;
  private static final int PROGRAM_HEADER = 56;
  private static final int SECTION_HEADER = 64;
  private static final int SYMBOL = 24;

  /**
   * The most bytes of a table: 700,000 symbols, more than a kernel has. The heap has to have room
   * for two, the symbols and their names.
   */
  private static final int MAX_TABLE = 16 << 20;

  private static final int PT_LOAD = 1;
  private static final int PT_INTERP = 3;
  private static final int SHT_SYMTAB = 2;
  private static final int EM_RISCV = 243;

  private record Segment(long offset, long fileSize, long address, long memorySize) {}

  private final ImageFile file;
  private final long entry;
  private final List<Segment> segments;
  private long toHost = -1;
  private long fromHost = -1;

  private ElfImage(ImageFile file, long entry, List<Segment> segments) {
    this.file = file;
    this.entry = entry;
    this.segments = segments;
  }

  /**
   * Opens a program and checks it.
   *
   * @param path the file
   * @return to be closed by the caller
   * @throws VmmException that names the file and what is wrong with it
   */
  public static ElfImage open(Path path) throws VmmException {
    ImageFile file = ImageFile.open("program", path);
    try {
      return parse(file);
    } catch (VmmException e) {
      file.close();
      throw e;
    }
  }

  private static ElfImage parse(ImageFile file) throws VmmException {
    ByteBuffer header = file.read(0, HEADER);
    if (header.remaining() < HEADER || header.getInt(0) != 0x464c457f) {
      throw file.error("is not an ELF file");
    }
    if (header.get(4) != 2 || header.get(5) != 1 || header.getShort(0x12) != EM_RISCV) {
      throw file.error("is not a 64-bit little-endian RISC-V program");
    }
    if (header.getShort(0x10) != 2) {
      throw file.error("is not an executable linked to fixed addresses");
    }
    int count = header.getShort(0x38) & 0xffff;
    if (count == 0 || (header.getShort(0x36) & 0xffff) != PROGRAM_HEADER) {
      throw file.error("has no program headers");
    }
    ByteBuffer table = table(file, header.getLong(0x20), (long) count * PROGRAM_HEADER);
    List<Segment> segments = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int at = i * PROGRAM_HEADER;
      int type = table.getInt(at);
      if (type == PT_INTERP) {
        throw file.error("is dynamically linked; link it with -static -nostdlib");
      }
      if (type == PT_LOAD) {
        segments.add(segment(file, table, at));
      }
    }
    ElfImage image = new ElfImage(file, header.getLong(0x18), segments);
    image.findSymbols(header);
    return image;
  }

  private static Segment segment(ImageFile file, ByteBuffer table, int at) throws VmmException {
    Segment segment =
        new Segment(
            table.getLong(at + 8),
            table.getLong(at + 0x20),
            table.getLong(at + 0x18),
            table.getLong(at + 0x28));
    boolean sane =
        segment.offset >= 0
            && segment.fileSize >= 0
            && segment.memorySize >= segment.fileSize
            && segment.offset <= file.size()
            && segment.fileSize <= file.size() - segment.offset;
    if (!sane) {
      throw file.error("is damaged: a segment lies outside the file");
    }
    return segment;
  }

  private static ByteBuffer table(ImageFile file, long offset, long length) throws VmmException {
    if (length > MAX_TABLE) {
      throw file.error(
          "has a table of %d MiB, and at most %d MiB are read; strip it"
              .formatted(Math.ceilDiv(length, 1L << 20), MAX_TABLE >> 20));
    }
    if (offset < 0 || offset > file.size() - length) {
      throw file.error("is damaged: a table lies outside the file");
    }
    return file.read(offset, (int) length);
  }

  private void findSymbols(ByteBuffer header) throws VmmException {
    int count = header.getShort(0x3c) & 0xffff;
    if (count == 0 || (header.getShort(0x3a) & 0xffff) != SECTION_HEADER) {
      return;
    }
    ByteBuffer sections = table(file, header.getLong(0x28), (long) count * SECTION_HEADER);
    boolean found = false;
    for (int i = 0; i < count; i++) {
      int at = i * SECTION_HEADER;
      if (sections.getInt(at + 4) == SHT_SYMTAB) {
        if (found) {
          throw file.error("is damaged: it has two symbol tables");
        }
        found = true;
        int link = sections.getInt(at + 0x28);
        if (link < 0 || link >= count) {
          throw file.error("is damaged: its symbol table names no string table");
        }
        findSymbols(section(sections, at), section(sections, link * SECTION_HEADER));
      }
    }
  }

  private ByteBuffer section(ByteBuffer sections, int at) throws VmmException {
    long length = sections.getLong(at + 0x20);
    if (length < 0) {
      throw file.error("is damaged: a section has a negative size");
    }
    return table(file, sections.getLong(at + 0x18), length);
  }

  private void findSymbols(ByteBuffer symbols, ByteBuffer names) {
    for (int at = 0; at + SYMBOL <= symbols.remaining(); at += SYMBOL) {
      int name = symbols.getInt(at);
      if (named(names, name, "tohost")) {
        toHost = symbols.getLong(at + 8);
      } else if (named(names, name, "fromhost")) {
        fromHost = symbols.getLong(at + 8);
      }
    }
  }

  private static boolean named(ByteBuffer names, int at, String wanted) {
    byte[] bytes = (wanted + "\0").getBytes(StandardCharsets.US_ASCII);
    if (at < 0 || at > names.remaining() - bytes.length) {
      return false;
    }
    for (int i = 0; i < bytes.length; i++) {
      if (names.get(at + i) != bytes[i]) {
        return false;
      }
    }
    return true;
  }

  /**
   * The address of the first instruction.
   *
   * @return physical address
   */
  public long entry() {
    return entry;
  }

  /**
   * The address where the program reports.
   *
   * @return physical address of {@code tohost}, or -1 if it has none
   */
  public long toHost() {
    return toHost;
  }

  /**
   * The address where the program waits for answers.
   *
   * @return physical address of {@code fromhost}, or -1 if it has none
   */
  public long fromHost() {
    return fromHost;
  }

  /**
   * Checks that the program fits, without loading it.
   *
   * @param ramSize bytes of RAM
   * @throws VmmException if it does not, if {@code tohost} is not in RAM, or if there is more to
   *     load than RAM has room for, which would take as long as the file says
   */
  public void checkFits(long ramSize) throws VmmException {
    long loaded = 0;
    for (Segment s : segments) {
      long offset = s.address - Ram.BASE;
      if (offset < 0 || offset > ramSize || s.memorySize > ramSize - offset) {
        throw file.error(
            "has a segment of %d bytes at 0x%x, outside RAM (0x%x and %d MiB); link it to 0x%x"
                .formatted(s.memorySize, s.address, Ram.BASE, ramSize >> 20, Ram.BASE));
      }
      loaded += s.fileSize;
    }
    if (loaded > ramSize) {
      throw file.error("is damaged: its segments lie over each other");
    }
    for (long symbol : new long[] {toHost, fromHost}) {
      if (symbol != -1 && (symbol - Ram.BASE < 0 || symbol - Ram.BASE > ramSize - 8)) {
        throw file.error("has tohost or fromhost outside RAM");
      }
    }
  }

  /**
   * Copies the program into zeroed RAM.
   *
   * @param ram the memory; the program {@link #checkFits fits}
   * @throws VmmException if the file cannot be read
   */
  public void load(Ram ram) throws VmmException {
    for (Segment s : segments) {
      file.load(s.offset, s.fileSize, ram, s.address);
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
