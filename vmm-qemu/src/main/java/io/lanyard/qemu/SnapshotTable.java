package io.lanyard.qemu;

import io.lanyard.base.Causes;
import io.lanyard.vmm.Snapshot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The snapshots in a qcow2 image (QEMU {@code docs/interop/qcow2.txt}, "Snapshots"), read from the
 * file: a guest that is off has no QEMU to ask. QEMU writes the table through whenever it changes.
 *
 * <p>An image may come from anybody: whatever its numbers are, a bounded part of it is read.
 */
final class SnapshotTable {
  /** QEMU's own limits: entries of an image, and bytes of an entry's additional data. */
  private static final int MOST = 65_536;

  private static final int MOST_EXTRA = 1024;

  /** The part of an entry that each has. */
  private static final int FIXED = 40;

  private SnapshotTable() {}

  /**
   * Reads an image's snapshots that hold a guest's memory; others are of a disk alone.
   *
   * @throws IOException with what is wrong, the path included
   */
  static List<Snapshot> read(Path image) throws IOException {
    ImageHeader header = ImageHeader.read(image);
    int count = header.snapshots();
    if (count < 0 || count > MOST) {
      throw damaged(image);
    }
    List<Snapshot> all = new ArrayList<>();
    try (FileChannel channel = FileChannel.open(image, StandardOpenOption.READ)) {
      long at = header.snapshotTable();
      for (int i = 0; i < count; i++) {
        ByteBuffer fixed = bytes(channel, at, FIXED, image);
        int id = fixed.getShort(12) & 0xffff;
        int name = fixed.getShort(14) & 0xffff;
        int extra = fixed.getInt(36);
        if (extra < 0 || extra > MOST_EXTRA) {
          throw damaged(image);
        }
        ByteBuffer rest = bytes(channel, at + FIXED, extra + id + name, image);
        long memory = extra >= Long.BYTES ? rest.getLong(0) : fixed.getInt(32) & 0xffff_ffffL;
        if (memory > 0) {
          all.add(
              new Snapshot(
                  StandardCharsets.UTF_8.decode(rest.slice(extra + id, name)).toString(),
                  Instant.ofEpochSecond(
                      fixed.getInt(16) & 0xffff_ffffL, fixed.getInt(20) & 0xffff_ffffL),
                  memory));
        }
        at += FIXED + extra + id + name + 7 & -8;
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException("cannot read the snapshots in " + image + ": " + Causes.of(e), e);
    }
    return all;
  }

  private static IOException damaged(Path image) {
    return new IOException("the table of snapshots in " + image + " is damaged");
  }

  private static ByteBuffer bytes(FileChannel channel, long at, int length, Path image)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, at + bytes.position()) < 0) {
        throw damaged(image);
      }
    }
    return bytes;
  }
}
