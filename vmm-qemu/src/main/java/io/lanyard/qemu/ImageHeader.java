package io.lanyard.qemu;

import io.lanyard.base.Causes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The first bytes of a file that a guest starts with or has as a disk, as far as they tell whether
 * it is what it is said to be.
 */
final class ImageHeader {
  private static final int LENGTH = 0x240;

  private static final int QCOW2 = 0x514649fb;
  private static final int VDI = 0x7f10dabe; // as big-endian
  private static final long VHDX = 0x7668647866696c65L;
  private static final long VPC = 0x636f6e6563746978L;

  /** Bit 2 of qcow2's incompatible features: the data is in another file. */
  private static final long EXTERNAL_DATA = 4;

  private static final int ELF = 0x7f454c46;

  private final ByteBuffer bytes;

  private ImageHeader(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /**
   * Reads a file's.
   *
   * @throws IOException with what is wrong, the path included
   */
  static ImageHeader read(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new IOException("no such file: " + file);
    }
    if (!Files.isRegularFile(file) && Files.isDirectory(file)) {
      throw new IOException("it is a directory: " + file);
    }
    ByteBuffer bytes = ByteBuffer.allocate(LENGTH);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
        // A short file has a short header.
      }
    } catch (IOException e) {
      throw new IOException("cannot read " + file + ": " + Causes.of(e), e);
    }
    return new ImageHeader(bytes.flip());
  }

  private int word(int at) {
    return at + Integer.BYTES <= bytes.limit() ? bytes.getInt(at) : 0;
  }

  private long twoWords(int at) {
    return at + Long.BYTES <= bytes.limit() ? bytes.getLong(at) : 0;
  }

  boolean isEmpty() {
    return !bytes.hasRemaining();
  }

  /** Why it is no image of a format; empty if it may be one. */
  String notAnImageOf(String format) {
    boolean is =
        switch (format) {
          case "qcow2" -> word(0) == QCOW2;
          case "vdi" -> word(0x40) == VDI;
          case "vhdx" -> twoWords(0) == VHDX;
          case "vpc" ->
              twoWords(0) == VPC || !isQcow2(); // of a fixed size: the header is at the end
          default -> !isEmpty();
        };
    if (is) {
      return "";
    }
    return isEmpty()
        ? "is empty"
        : isQcow2() ? "is not " + format + " but qcow2" : "is not " + format;
  }

  /** The number of its snapshots; 0 for another format. */
  int snapshots() {
    return isQcow2() ? word(60) : 0;
  }

  /** The place of the table of its snapshots. */
  long snapshotTable() {
    return twoWords(64);
  }

  private boolean isQcow2() {
    return word(0) == QCOW2;
  }

  /** Whether a qcow2 image has its data, or a part of it, in another file, which it names. */
  boolean namesOtherFiles() {
    boolean backing = twoWords(8) != 0;
    boolean external = word(4) >= 3 && (twoWords(72) & EXTERNAL_DATA) != 0;
    return isQcow2() && (backing || external);
  }

  /** Why it is no Linux kernel of an architecture; empty if it may be one. */
  String notAKernelFor(String architecture) {
    String found = kernelOf();
    return switch (architecture) {
      case "x86_64", "i386" -> named(found, architecture, "x86");
      case "riscv64", "riscv32" -> named(found, architecture, "riscv");
      case "aarch64" -> named(found, architecture, "arm64");
      default -> isEmpty() ? "is empty" : "";
    };
  }

  private String named(String found, String architecture, String wanted) {
    if (isEmpty()) {
      return "is empty";
    }
    if (found.equals(wanted)
        || found.equals("elf")
        || (found.equals("gzip") && wanted.equals("arm64"))) {
      return "";
    }
    return switch (found) {
      case "" -> "is no kernel: its header is not that of Linux for " + architecture;
      case "gzip" -> "is compressed; unpack it first";
      default -> "is a kernel for " + found + ", and the guest is " + architecture;
    };
  }

  private String kernelOf() {
    if (word(0x202) == 0x48647253) { // HdrS: Documentation/arch/x86/boot.rst
      return "x86";
    }
    if (word(0x38) == 0x52534305) { // RSC, 5: Documentation/arch/riscv/boot-image-header.rst
      return "riscv";
    }
    if (word(0x38) == 0x41524d64) { // ARM, 0x64: Documentation/arch/arm64/booting.rst
      return "arm64";
    }
    if (word(0) == ELF) {
      return "elf";
    }
    return word(0) >>> 16 == 0x1f8b ? "gzip" : "";
  }
}
