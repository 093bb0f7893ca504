package io.lanyard.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.testing.Qcow2;
import io.lanyard.vmm.Snapshot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table of snapshots of an image that may come from anybody. */
final class SnapshotTableTest {
  private static final int TABLE = 4 << 16;

  @TempDir Path home;

  /** An image with a snapshot of memory and one of a disk alone. */
  private ByteBuffer image() throws IOException {
    byte[] empty = Files.readAllBytes(Qcow2.write(home.resolve("empty")));
    ByteBuffer image = ByteBuffer.allocate(TABLE + 256).put(0, empty);
    image.putInt(60, 2).putLong(64, TABLE);
    image.position(TABLE);
    for (String name : new String[] {"first", "disk"}) {
      image.putLong(0).putInt(0).putShort((short) 1).putShort((short) name.length());
      image.putInt(1_700_000_000).putInt(5).putLong(0).putInt(0).putInt(16);
      image.putLong(name.equals("disk") ? 0 : 123_456).putLong(16 << 20);
      image.put(("1" + name).getBytes(StandardCharsets.US_ASCII));
      image.position(image.position() + 7 & -8);
    }
    return image;
  }

  private Path write(ByteBuffer image) throws IOException {
    byte[] bytes = new byte[image.capacity()];
    image.get(0, bytes);
    return Files.write(home.resolve("image"), bytes);
  }

  @Test
  void snapshotsOfMemoryAreListed() throws IOException {
    assertThat(SnapshotTable.read(write(image())))
        .containsExactly(new Snapshot("first", Instant.ofEpochSecond(1_700_000_000, 5), 123_456));
    assertThat(SnapshotTable.read(home.resolve("empty"))).isEmpty();
    Path raw = Files.write(home.resolve("raw"), new byte[100]);
    assertThat(SnapshotTable.read(raw)).isEmpty();
  }

  @Test
  void aDamagedTableIsSaid() throws IOException {
    for (int count : new int[] {-1, 1000, 65_537, Integer.MAX_VALUE}) {
      Path file = write(image().putInt(60, count));
      assertThatThrownBy(() -> SnapshotTable.read(file))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(file.toString());
    }
    for (long place : new long[] {-1, TABLE + 250, Long.MAX_VALUE}) {
      Path file = write(image().putLong(64, place));
      assertThatThrownBy(() -> SnapshotTable.read(file)).isInstanceOf(IOException.class);
    }
    Random random = new Random(7);
    for (int i = 0; i < 2000; i++) {
      ByteBuffer image = image();
      image.put(TABLE + random.nextInt(120), (byte) random.nextInt());
      image.put(60 + random.nextInt(12), (byte) random.nextInt());
      try {
        assertThat(SnapshotTable.read(write(image))).hasSizeLessThan(1000);
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("image");
      }
    }
  }
}
