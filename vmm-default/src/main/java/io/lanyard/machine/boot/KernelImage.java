package io.lanyard.machine.boot;

import io.lanyard.machine.bus.Ram;
import io.lanyard.vmm.VmmException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A raw RISC-V Linux kernel (Documentation/arch/riscv/boot-image-header.rst). */
public final class KernelImage implements AutoCloseable {
  private static final int HEADER = 64;
  private static final long MAGIC = 0x5643534952L; // "RISCV" and three zeros
  private static final int MAGIC2 = 0x05435352; // "RSC", 5
  private static final int ARM64_MAGIC = 0x644d5241; // "ARM", 0x64
  private static final int ELF = 0x464c457f;

  private final ImageFile file;
  private final long textOffset;
  private final long memorySize;

  private KernelImage(ImageFile file, long textOffset, long memorySize) {
    this.file = file;
    this.textOffset = textOffset;
    this.memorySize = memorySize;
  }

  /**
   * Opens a kernel and checks its header.
   *
   * @param path the file
   * @return to be closed by the caller
   * @throws VmmException that names the file and what is wrong with it
   */
  public static KernelImage open(Path path) throws VmmException {
    ImageFile file = ImageFile.open("kernel", path);
    try {
      return check(file);
    } catch (VmmException e) {
      file.close();
      throw e;
    }
  }

  private static KernelImage check(ImageFile file) throws VmmException {
    ByteBuffer header = file.read(0, HEADER);
    if (header.remaining() >= 4 && header.getInt(0) == ELF) {
      throw file.error("is an ELF file; give the raw Image (arch/riscv/boot/Image)");
    }
    if (header.remaining() >= 2 && (header.getShort(0) & 0xffff) == 0x8b1f) {
      throw file.error("is compressed with gzip; unpack it first");
    }
    if (header.remaining() < HEADER) {
      throw file.error("is too short for a kernel");
    }
    if (header.getInt(0x38) == ARM64_MAGIC) {
      throw file.error("is a kernel for arm64; this machine is riscv64");
    }
    if (header.getLong(0x30) != MAGIC || header.getInt(0x38) != MAGIC2) {
      throw file.error("is not a RISC-V kernel: no RISCV and RSC\\5 in its header");
    }
    if ((header.getLong(0x18) & 1) != 0) {
      throw file.error("is a big-endian kernel; this machine is little-endian");
    }
    long textOffset = header.getLong(0x08);
    long imageSize = header.getLong(0x10);
    if (textOffset < 0 || textOffset > 1L << 30 || textOffset % 4096 != 0) {
      throw file.error("has an impossible text offset, 0x" + Long.toHexString(textOffset));
    }
    if (imageSize < 0 || imageSize > 1L << 32) {
      throw file.error("has an impossible image size, 0x" + Long.toHexString(imageSize));
    }
    return new KernelImage(file, textOffset, Math.max(imageSize, file.size()));
  }

  /**
   * The place that the kernel asks for.
   *
   * @return bytes from the start of RAM
   */
  public long textOffset() {
    return textOffset;
  }

  /**
   * The memory that the kernel needs there.
   *
   * @return bytes, its zeroed data included
   */
  public long memorySize() {
    return memorySize;
  }

  /**
   * Copies the kernel into RAM.
   *
   * @param ram the memory
   * @param address physical
   * @throws VmmException if the file cannot be read
   */
  public void load(Ram ram, long address) throws VmmException {
    file.load(0, file.size(), ram, address);
  }

  @Override
  public void close() {
    file.close();
  }
}
