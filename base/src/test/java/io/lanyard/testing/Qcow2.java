package io.lanyard.testing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** An empty qcow2 image (QEMU {@code docs/interop/qcow2.txt}), made without QEMU's tools. */
public final class Qcow2 {
  private static final int CLUSTER_BITS = 16;
  private static final int CLUSTER = 1 << CLUSTER_BITS;

  private Qcow2() {}

  /** Writes one of 16 MiB: header, table of reference counts, their one block, and table L1. */
  public static Path write(Path file) throws IOException {
    ByteBuffer image = ByteBuffer.allocate(4 * CLUSTER);
    image.putInt(0, 0x514649fb).putInt(4, 2).putInt(20, CLUSTER_BITS).putLong(24, 16 << 20);
    image.putInt(36, 1).putLong(40, 3L * CLUSTER); // L1: its entries and its place
    image.putLong(48, CLUSTER).putInt(56, 1); // the table of reference counts
    image.putLong(CLUSTER, 2L * CLUSTER);
    for (int i = 0; i < 4; i++) {
      image.putShort(2 * CLUSTER + 2 * i, (short) 1);
    }
    return Files.write(file, image.array());
  }
}
