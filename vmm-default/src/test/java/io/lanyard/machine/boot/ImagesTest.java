package io.lanyard.machine.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.machine.bus.Ram;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImagesTest {
  @TempDir Path directory;

  private static byte[] header() {
    ByteBuffer b = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    b.putShort(0, (short) 0x5a4d).putLong(8, 0x20_0000).putLong(0x10, 0x10_0000);
    return b.putLong(0x30, 0x5643534952L).putInt(0x38, 0x05435352).array();
  }

  private Path file(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("image"), bytes);
  }

  private void refused(byte[] bytes, String why) throws IOException {
    Path path = file(bytes);
    assertThatThrownBy(() -> KernelImage.open(path))
        .isInstanceOf(VmmException.class)
        .hasMessageContaining(path.toString())
        .hasMessageContaining(why);
  }

  @Test
  void kernelSaysWhereItWantsToBe() throws Exception {
    try (KernelImage kernel = KernelImage.open(file(header()))) {
      assertThat(kernel.textOffset()).isEqualTo(0x20_0000);
      assertThat(kernel.memorySize()).isEqualTo(0x10_0000);
      try (Ram ram = Ram.allocate(4 << 20)) {
        kernel.load(ram, Ram.BASE + kernel.textOffset());
        assertThat(ram.getInt(Ram.BASE + 0x20_0038)).isEqualTo(0x05435352);
      }
    }
  }

  @Test
  void whatIsNoKernelIsNamed() throws IOException {
    refused(new byte[0], "is empty");
    refused(new byte[10], "too short");
    refused(new byte[100], "not a RISC-V kernel");
    refused(new byte[] {0x1f, (byte) 0x8b, 8, 0}, "gzip");
    refused(new byte[] {0x7f, 'E', 'L', 'F'}, "ELF");
    byte[] arm = header();
    ByteBuffer.wrap(arm).order(ByteOrder.LITTLE_ENDIAN).putInt(0x38, 0x644d5241);
    refused(arm, "arm64");
    byte[] big = header();
    big[0x18] = 1;
    refused(big, "big-endian");
    byte[] far = header();
    far[15] = 0x7f;
    refused(far, "text offset");
    assertThatThrownBy(() -> KernelImage.open(directory))
        .isInstanceOf(VmmException.class)
        .hasMessageContaining("is not a file");
  }

  @Test
  void layoutKeepsKernelInitrdAndTreeApart() throws VmmException {
    Layout layout = Layout.place(64 << 20, 2 << 20, 30 << 20, 5_000_001);
    assertThat(layout.kernel().start()).isEqualTo(Ram.BASE + (2 << 20));
    Layout.Range initrd = java.util.Objects.requireNonNull(layout.initrd());
    assertThat(initrd.start()).isGreaterThanOrEqualTo(layout.kernel().end());
    assertThat(initrd.start() % 4096).isZero();
    assertThat(initrd.size()).isEqualTo(5_000_001);
    assertThat(layout.deviceTree().start()).isGreaterThanOrEqualTo(initrd.end());
    assertThat(layout.deviceTree().end()).isLessThanOrEqualTo(Ram.BASE + (64 << 20));
  }

  @Test
  void memoryThatIsTooSmallIsSaidWithWhatWouldDo() {
    assertThatThrownBy(() -> Layout.place(32 << 20, 2 << 20, 30 << 20, 5 << 20))
        .isInstanceOf(VmmException.class)
        .hasMessageContaining("memory of 32 MiB is too small")
        .hasMessageContaining("more than 41 MiB");
  }

  @Test
  void damagedProgramsAreRefusedNotThrown() throws IOException {
    byte[] good = io.lanyard.machine.TestPrograms.passing();
    SplittableRandom random = new SplittableRandom(3);
    int opened = 0;
    for (int i = 0; i < 1_000; i++) {
      byte[] bad = good.clone();
      for (int n = random.nextInt(1, 6); n > 0; n--) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt();
      }
      if (random.nextInt(4) == 0) {
        bad = java.util.Arrays.copyOf(bad, random.nextInt(bad.length));
      }
      Path path = file(bad);
      try (ElfImage image = ElfImage.open(path)) {
        image.checkFits(1 << 20);
        try (Ram ram = Ram.allocate(1 << 20)) {
          image.load(ram);
        }
        opened++;
      } catch (VmmException e) {
        assertThat(e).hasMessageContaining(path.toString());
      }
    }
    assertThat(opened).isPositive();
  }

  /** A program of nothing but headers: so many to load the whole file, or so many of symbols. */
  private Path headers(int loads, int symbolTables, long tableSize) throws IOException {
    int programs = 64;
    int sections = programs + 56 * loads;
    long end = Math.max(1 << 20, sections + 64L * (symbolTables + 1) + tableSize);
    ByteBuffer b =
        ByteBuffer.allocate(sections + 64 * (symbolTables + 1)).order(ByteOrder.LITTLE_ENDIAN);
    b.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).putShort(0x10, (short) 2);
    b.putShort(0x12, (short) 243).putLong(0x18, Ram.BASE).putLong(0x20, programs);
    b.putLong(0x28, sections).putShort(0x36, (short) 56).putShort(0x38, (short) loads);
    b.putShort(0x3a, (short) 64).putShort(0x3c, (short) (symbolTables + 1));
    for (int i = 0; i < loads; i++) {
      int at = programs + 56 * i;
      b.putInt(at, 1).putLong(at + 0x18, Ram.BASE).putLong(at + 0x20, 1 << 20);
      b.putLong(at + 0x28, 1 << 20);
    }
    for (int i = 0; i < symbolTables; i++) {
      int at = sections + 64 * (i + 1);
      b.putInt(at + 4, 2).putLong(at + 0x18, b.capacity()).putLong(at + 0x20, tableSize);
    }
    Path path = directory.resolve("headers");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(b.array());
      file.setLength(end);
    }
    return path;
  }

  @Test
  void aProgramThatIsLoadedOverItselfAgainAndAgainIsRefused() throws Exception {
    try (ElfImage image = ElfImage.open(headers(60_000, 0, 0))) {
      assertThatThrownBy(() -> image.checkFits(64 << 20))
          .isInstanceOf(VmmException.class)
          .hasMessageContaining("lie over each other");
    }
    try (ElfImage image = ElfImage.open(headers(3, 0, 0))) {
      image.checkFits(64 << 20);
    }
  }

  @Test
  void aProgramWithMoreSymbolsThanTheHeapHasRoomForIsRefused() throws Exception {
    Path many = headers(1, 30_000, 1 << 20);
    assertThatThrownBy(() -> ElfImage.open(many)).hasMessageContaining("two symbol tables");
    Path large = headers(1, 1, (16 << 20) + 1);
    assertThatThrownBy(() -> ElfImage.open(large))
        .hasMessageContaining("of 17 MiB, and at most 16 MiB are read; strip it");
    ElfImage.open(headers(1, 1, 1 << 20)).close();
  }
}
