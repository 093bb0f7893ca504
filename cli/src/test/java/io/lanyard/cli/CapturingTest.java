package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Captures are cut into files of whole blocks, and counted. */
@Timeout(240)
final class CapturingTest {
  @TempDir Path directory;

  /** A block with a body and the length at both ends. */
  private static byte[] block(int type, int... body) {
    int length = 12 + 4 * body.length;
    ByteBuffer block = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    block.putInt(type).putInt(length);
    for (int word : body) {
      block.putInt(word);
    }
    return block.putInt(length).array();
  }

  /** A frame of 100 bytes of which 16 are kept, with a number of those dropped before it. */
  private static byte[] frame(int drops) {
    return block(6, 0, 0, 0, 16, 100, 1, 2, 3, 4, 8 << 16 | 4, drops, 0, 0);
  }

  private static byte[] join(byte[]... blocks) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] block : blocks) {
      all.writeBytes(block);
    }
    return all.toByteArray();
  }

  private static final byte[] HEAD = join(block(0x0a0d0d0a, 1, 2), block(1, 3));

  private static boolean copy(byte[] capture, CaptureFiles out) throws IOException {
    PcapngBlocks blocks =
        new PcapngBlocks(new BufferedInputStream(new ByteArrayInputStream(capture)));
    boolean goes = true;
    PcapngBlocks.Block block = blocks.next();
    while (goes && block != null) {
      goes = out.take(block);
      block = goes ? blocks.next() : null;
    }
    out.close();
    return goes;
  }

  private CaptureFiles open(CaptureFiles.Limits limits) {
    return CaptureFiles.open(directory.resolve("c").toString(), limits);
  }

  private static CaptureFiles.Limits all() {
    return new CaptureFiles.Limits(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE, 9);
  }

  @Test
  void aCaptureIsWrittenAsItCameAndCounted() throws IOException {
    byte[] capture = join(HEAD, frame(0), frame(2), block(5, 0, 0, 0, 8 << 16 | 5, 7, 0, 0));
    CaptureFiles out = open(all());
    assertThat(copy(capture, out)).isTrue();
    assertThat(Files.readAllBytes(directory.resolve("c"))).isEqualTo(capture);
    assertThat(out.summary()).isEqualTo("2 frames, 200B, 7 dropped because they came too fast");
  }

  /** A viewer that has ended, as by {@code tshark -c 4}, ends the capture as well. */
  @Test
  void aViewerThatHasGoneIsNoBrokenConnection() {
    OutputStream gone =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    CaptureFiles out = CaptureFiles.over(gone, all());
    CaptureCommand.copy(new ByteArrayInputStream(join(HEAD, frame(0))), out);
    assertThat(out.summary()).endsWith("none dropped");
  }

  @Test
  void aConnectionThatBreaksIsSaidToBeTheDaemons() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("Broken pipe");
          }

          @Override
          public int read(byte[] bytes, int offset, int length) throws IOException {
            return read();
          }
        };
    CaptureFiles out = CaptureFiles.over(OutputStream.nullOutputStream(), all());
    assertThatThrownBy(() -> CaptureCommand.copy(broken, out))
        .hasMessageContaining("the connection to the daemon broke");
  }

  @Test
  void aCaptureEndsWithItsCount() throws IOException {
    CaptureFiles out =
        open(new CaptureFiles.Limits(1, Long.MAX_VALUE, Long.MAX_VALUE, Integer.MAX_VALUE));
    assertThat(copy(join(HEAD, frame(0), frame(0)), out)).isFalse();
    assertThat(Files.readAllBytes(directory.resolve("c"))).isEqualTo(join(HEAD, frame(0)));
    assertThat(out.summary()).isEqualTo("1 frame, 100B, none dropped");
  }

  @Test
  void aCaptureEndsBeforeItIsTooLarge() throws IOException {
    long size = HEAD.length + 2L * frame(0).length;
    CaptureFiles out = open(new CaptureFiles.Limits(9, size, Long.MAX_VALUE, Integer.MAX_VALUE));
    assertThat(copy(join(HEAD, frame(0), frame(0), frame(0)), out)).isFalse();
    assertThat(Files.size(directory.resolve("c"))).isEqualTo(size);
  }

  @Test
  void everyFileOfARowIsWholeAndOnlyTheLastAreKept() throws IOException {
    long size = (long) HEAD.length + frame(0).length;
    CaptureFiles out = open(new CaptureFiles.Limits(9, Long.MAX_VALUE, size, 2));
    assertThat(copy(join(HEAD, frame(0), frame(0), frame(0)), out)).isTrue();
    assertThat(directory.resolve("c.1")).doesNotExist();
    assertThat(Files.readAllBytes(directory.resolve("c.2"))).isEqualTo(join(HEAD, frame(0)));
    assertThat(Files.readAllBytes(directory.resolve("c.3"))).isEqualTo(join(HEAD, frame(0)));
    assertThat(out.summary()).contains("3 frames", "in 3 files, kept 2");
  }

  @Test
  void whatIsNoCaptureIsSaid() {
    assertThatThrownBy(
            () -> copy("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.UTF_8), open(all())))
        .hasMessage("what came is no capture");
    Random random = new Random(5);
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = join(HEAD, frame(1), frame(2));
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      try {
        var _ = copy(bytes, open(all()));
      } catch (IOException e) {
        assertThat(e).hasMessage("what came is no capture");
      }
    }
  }

  @Test
  void theDaemonIsAskedForTheFilter() throws IOException {
    try (Said said = new Said();
        FakeDaemon daemon = new FakeDaemon(directory)) {
      daemon.answer(
          "GET /v1/networks/vmnet8/capture",
          new String(join(HEAD, frame(0)), StandardCharsets.ISO_8859_1));
      Path file = directory.resolve("f");
      assertThat(
              said.run(
                  daemon.socket,
                  List.of("capture", "vmnet8/q", "-w", file.toString(), "--filter", "tcp port 80")))
          .as(said.err())
          .isZero();
      assertThat(daemon.asked().getFirst().target())
          .isEqualTo("/v1/networks/vmnet8/capture?port=q&filter=tcp%20port%2080");
      assertThat(said.err())
          .contains("Capturing vmnet8/q, tcp port 80, to " + file)
          .endsWith("1 frame, 100B, none dropped\n");
      assertThat(said.run(daemon.socket, "capture vmnet8 --rotate 1M")).isEqualTo(2);
      assertThat(said.run(daemon.socket, "capture vmnet8 -w x --files 2")).isEqualTo(2);
      assertThat(said.run(daemon.socket, "capture vmnet8 -w x --count 0")).isEqualTo(2);
      assertThat(said.run(daemon.socket, "capture vmnet8 -w x --max-size big")).isEqualTo(2);
    }
  }
}
