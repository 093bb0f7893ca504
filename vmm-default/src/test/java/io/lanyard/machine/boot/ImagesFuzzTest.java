package io.lanyard.machine.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.machine.bus.Ram;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file that is to be booted is loaded into RAM and nowhere else, or refused in words. */
class ImagesFuzzTest {
  private static final Path FILE = temporary();
  private static final int MEMORY = 1 << 20;
  private static final Ram RAM = Ram.allocate(MEMORY);

  private static Path temporary() {
    try {
      Path file = Files.createTempFile("lanyard-fuzz", ".elf");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException("making a file for fuzzing", e);
    }
  }

  @FuzzTest
  void aProgramIsLoadedOrRefused(byte[] input) throws IOException {
    Files.write(FILE, input);
    try (ElfImage image = ElfImage.open(FILE)) {
      image.checkFits(MEMORY);
      image.load(RAM);
      if (image.toHost() != -1) {
        assertThat(RAM.contains(image.toHost(), 8)).isTrue();
      }
    } catch (VmmException refused) {
      assertThat(refused.getMessage()).contains(FILE.toString());
    }
  }

  @FuzzTest
  void aKernelIsLoadedOrRefused(byte[] input) throws IOException {
    Files.write(FILE, input);
    try (KernelImage kernel = KernelImage.open(FILE)) {
      assertThat(kernel.textOffset()).isBetween(0L, 1L << 30);
      assertThat(kernel.memorySize()).isBetween((long) input.length, 1L << 32);
      kernel.load(RAM, Ram.BASE);
      assertThat(RAM.get(Ram.BASE, input.length)).isEqualTo(input);
    } catch (VmmException refused) {
      assertThat(refused.getMessage()).contains(FILE.toString());
    }
  }
}
