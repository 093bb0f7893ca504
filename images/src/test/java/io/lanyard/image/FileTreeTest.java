package io.lanyard.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

final class FileTreeTest {
  private static FileTree sample() {
    return new FileTree()
        .addFile("usr/bin/busybox", "program", true)
        .add("bin", new FileTree.Link("usr/bin"))
        .add("usr/bin/sh", new FileTree.Link("/bin/busybox"))
        .add("loop", new FileTree.Link("loop"))
        .addFile("etc/passwd", "root", false);
  }

  private static byte[] archive(FileTree tree) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    tree.write(bytes);
    return bytes.toByteArray();
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    FileTree read = FileTree.read(new ByteArrayInputStream(gzip(archive(sample()))), path -> true);
    assertThat(read.nodes().keySet()).isEqualTo(sample().nodes().keySet());
    assertThat(read.file("etc/passwd").orElseThrow().bytes()).asString(UTF_8).isEqualTo("root");
    assertThat(read.file("usr/bin/busybox").orElseThrow().executable()).isTrue();
  }

  @Test
  void theSameTreeIsTheSameBytes() throws IOException {
    assertThat(archive(sample())).isEqualTo(archive(sample()));
  }

  @Test
  void linksAreFollowedAnywhereInAPath() {
    assertThat(sample().resolve("bin/sh")).contains("usr/bin/busybox");
    assertThat(sample().file("bin/sh")).isPresent();
  }

  @Test
  void aLoopOfLinksLeadsNowhere() {
    assertThat(sample().resolve("loop")).isEmpty();
    assertThat(sample().resolve("missing/file")).isEmpty();
  }

  @Test
  void onlyWantedFilesAreKept() throws IOException {
    FileTree read =
        FileTree.read(
            new ByteArrayInputStream(gzip(archive(sample()))), path -> path.endsWith("busybox"));
    assertThat(read.file("etc/passwd")).isEmpty();
    assertThat(read.file("usr/bin/busybox")).isPresent();
  }

  @Test
  void aDamagedArchiveIsAnIoException() throws IOException {
    byte[] good = archive(sample());
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 500; i++) {
      byte[] bad = good.clone();
      for (int m = 0; m < 6; m++) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      try {
        FileTree.read(new ByteArrayInputStream(gzip(bad)), path -> true);
      } catch (IOException e) {
        assertThat(e).isNotNull();
      }
    }
  }
}
