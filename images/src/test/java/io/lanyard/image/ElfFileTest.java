package io.lanyard.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class ElfFileTest {
  private static byte[] javaItself() throws IOException {
    return Files.readAllBytes(Path.of(System.getProperty("java.home"), "bin/java"));
  }

  @Test
  void aProgramNamesItsLibraries() throws IOException {
    assertThat(ElfFile.needed(javaItself())).contains("libc.so.6");
    assertThat(ElfFile.dependencies(javaItself())).isEmpty();
  }

  @Test
  void whatIsNotElfIsRefused() {
    assertThatThrownBy(() -> ElfFile.needed(new byte[100])).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> ElfFile.needed(new byte[0])).isInstanceOf(IOException.class);
  }

  @Test
  void aDamagedFileIsAnIoExceptionAtWorst() throws IOException {
    byte[] good = javaItself();
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 300; i++) {
      byte[] bad = java.util.Arrays.copyOf(good, good.length - random.nextInt(good.length / 2));
      for (int m = 0; m < 4; m++) {
        bad[16 + random.nextInt(48)] = (byte) random.nextInt(256);
      }
      try {
        ElfFile.needed(bad);
        ElfFile.dependencies(bad);
      } catch (IOException e) {
        assertThat(e).isNotNull();
      }
    }
  }
}
