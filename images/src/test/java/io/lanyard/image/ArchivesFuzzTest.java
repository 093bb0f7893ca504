package io.lanyard.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/** Archives and programs that were pulled are read, or refused as damaged. */
class ArchivesFuzzTest {
  private static final Path FILE = temporary("lanyard-fuzz", ".deb");
  private static final Path TARGET = temporary("lanyard-fuzz", ".out");

  private static Path temporary(String prefix, String suffix) {
    try {
      Path file = Files.createTempFile(prefix, suffix);
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException("making a file for fuzzing", e);
    }
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip =
        new GZIPOutputStream(out) {
          {
            def.setLevel(Deflater.NO_COMPRESSION);
          }
        }) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  /** A RAM disk is given without the compression that it comes in. */
  @FuzzTest
  void aRamDiskIsATreeOrDamaged(byte[] input) throws IOException {
    FileTree tree;
    try {
      tree = FileTree.read(new ByteArrayInputStream(gzip(input)), path -> true);
    } catch (IOException damaged) {
      return;
    }
    long bytes = 0;
    for (Map.Entry<String, FileTree.Node> node : tree.nodes().entrySet()) {
      assertThat(node.getKey()).isNotEmpty().doesNotContain("..");
      tree.resolve(node.getKey());
      if (node.getValue() instanceof FileTree.RegularFile file) {
        bytes += file.bytes().length;
      }
    }
    assertThat(bytes).isLessThanOrEqualTo(input.length);
  }

  @FuzzTest
  void aPackageHasTheFileOrIsRefused(byte[] input) throws IOException {
    Files.write(FILE, input);
    long[] read = {0};
    try {
      new DebianPackage(FILE).extract(Map.of("boot/vmlinux", TARGET), count -> read[0] = count);
      assertThat(Files.exists(TARGET)).isTrue();
    } catch (IOException refused) {
      assertThat(read[0]).isLessThanOrEqualTo(input.length);
    }
  }

  @FuzzTest
  void aProgramNamesWhatItNeedsOrIsDamaged(byte[] input) {
    try {
      List<String> names = ElfFile.needed(input);
      assertThat(names).allSatisfy(name -> assertThat(name.length()).isLessThan(input.length));
    } catch (IOException damaged) {
      assertThat(damaged.getMessage()).isNotBlank();
    }
    try {
      List<String> names = ElfFile.dependencies(input);
      assertThat(names).allSatisfy(name -> assertThat(name.length()).isLessThan(input.length));
    } catch (IOException damaged) {
      assertThat(damaged.getMessage()).isNotBlank();
    }
  }

  @FuzzTest
  void aSourceOfPackagesIsTheMainArchiveOrNone(byte[] input) {
    List<String> lines = new FuzzInput(input).text().lines().toList();
    AptSource.parse(lines)
        .ifPresent(source -> {
          assertThat(source.component()).isEqualTo("main");
          assertThat(source.uri()).isNotEmpty();
        });
  }
}
