package io.lanyard.image;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The little of a 64-bit little-endian ELF file that tells which other files it needs.
 *
 * <p>The file is not trusted: an offset that points outside is an {@link IOException}.
 */
final class ElfFile {
  private static final int SECTION_DYNAMIC = 6;
  private static final int SECTION_STRINGS = 3;
  private static final int DYNAMIC_NEEDED = 1;

  private final ByteBuffer bytes;

  private ElfFile(byte[] bytes) {
    this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The names of the shared libraries that a program or library is linked with. */
  static List<String> needed(byte[] file) throws IOException {
    return read(file, elf -> elf.needed());
  }

  /** The kernel modules that a kernel module depends on, by its modinfo. */
  static List<String> dependencies(byte[] file) throws IOException {
    return read(file, elf -> elf.dependencies());
  }

  private interface Reading {
    List<String> from(ElfFile elf) throws IOException;
  }

  private static List<String> read(byte[] file, Reading reading) throws IOException {
    if (file.length < 64
        || file[0] != 0x7f
        || file[1] != 'E'
        || file[2] != 'L'
        || file[3] != 'F'
        || file[4] != 2
        || file[5] != 1) {
      throw new IOException("not a 64-bit little-endian ELF file");
    }
    try {
      return reading.from(new ElfFile(file));
    } catch (IndexOutOfBoundsException
        | BufferUnderflowException
        | ArithmeticException
        | IllegalArgumentException e) {
      throw new IOException("a damaged ELF file", e);
    }
  }

  private record Section(int name, int type, int offset, int size, int link) {}

  private Section section(int index) {
    int at = Math.toIntExact(bytes.getLong(0x28)) + index * 64;
    return new Section(
        bytes.getInt(at),
        bytes.getInt(at + 4),
        (int) Math.min(bytes.getLong(at + 0x18), Integer.MAX_VALUE),
        (int) Math.min(bytes.getLong(at + 0x20), Integer.MAX_VALUE),
        bytes.getInt(at + 0x28));
  }

  private int sections() {
    return bytes.getShort(0x3c) & 0xffff;
  }

  private String string(int at) {
    int end = at;
    while (bytes.get(end) != 0) {
      end++;
    }
    return StandardCharsets.UTF_8.decode(bytes.slice(at, end - at)).toString();
  }

  private List<String> needed() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < sections(); i++) {
      Section dynamic = section(i);
      if (dynamic.type() != SECTION_DYNAMIC) {
        continue;
      }
      Section strings = section(dynamic.link());
      if (strings.type() != SECTION_STRINGS) {
        continue;
      }
      for (int at = 0; at + 16 <= dynamic.size(); at += 16) {
        if (bytes.getLong(dynamic.offset() + at) == DYNAMIC_NEEDED) {
          long name = bytes.getLong(dynamic.offset() + at + 8);
          names.add(string(Math.toIntExact(strings.offset() + name)));
        }
      }
    }
    return names;
  }

  private List<String> dependencies() {
    Section names = section(bytes.getShort(0x3e) & 0xffff);
    for (int i = 0; i < sections(); i++) {
      Section section = section(i);
      if (!string(names.offset() + section.name()).equals(".modinfo")) {
        continue;
      }
      String text =
          StandardCharsets.UTF_8.decode(bytes.slice(section.offset(), section.size())).toString();
      for (String item : text.split("\0", -1)) {
        if (item.startsWith("depends=")) {
          String list = item.substring("depends=".length());
          return list.isEmpty() ? List.of() : List.of(list.split(","));
        }
      }
    }
    return List.of();
  }
}
