package io.lanyard.vswitch.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.testing.SteppedClock;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Frames;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Wireshark reads what we write. Needs tshark. */
class CaptureIT {
  private final SteppedClock clock = new SteppedClock();
  private final Switch network =
      new Switch("test", new SteppedTimers(clock), PooledByteBufAllocator.DEFAULT);

  private static List<String> tshark(Path file, String... arguments)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                java.util.stream.Stream.concat(
                        java.util.stream.Stream.of("tshark", "-r", file.toString()),
                        java.util.stream.Stream.of(arguments))
                    .toList())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    List<String> lines =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .lines()
            .toList();
    assertThat(process.waitFor()).isZero();
    return lines;
  }

  private static final CaptureLabels LABELS =
      new CaptureLabels() {
        private boolean begun;

        @Override
        public String describe(Port port) {
          return "the port " + port.name();
        }

        // There is a station more when it is asked for the second time.
        @Override
        public Names names() {
          Map<Address, String> addresses = new HashMap<>();
          addresses.put(Address.parse("10.0.0.1"), "first");
          addresses.put(Address.parse("fd00::1"), "sixth");
          if (begun) {
            addresses.put(Address.parse("10.0.0.2"), "late\n\0" + "x".repeat(300));
          }
          begun = true;
          return new Names(addresses, Map.of(0x525400000001L, "mac-of-first"));
        }
      };

  @Test
  void tsharkSeesWireFramesWithGoodChecksumsInterfacesAndDirections(@TempDir Path directory)
      throws Exception {
    Path file = directory.resolve("net.pcapng");
    InMemoryPort a = InMemoryPort.attached("port-a", Offloads.ALL, network);
    InMemoryPort b = InMemoryPort.attached("port-b", Offloads.ALL, network);
    Capture capture =
        Capture.start(
            network,
            null,
            null,
            LABELS,
            Capture.WHOLE_FRAMES,
            clock,
            FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            PooledByteBufAllocator.DEFAULT.directBuffer(256));
    a.send(CaptureTest.superFrame(14_600));
    clock.advanceNanos(1_500_000_123L);
    b.send(
        Frames.udp4(
            0x525400000001L, 0x525400000002L, 0x0a000002, 5353, 0x0a000001, 53, new byte[20]));
    capture.close();
    assertThat(capture.done().get(60, TimeUnit.SECONDS).frames()).isEqualTo(11);
    List<String> lines =
        tshark(
            file,
            "-o",
            "tcp.check_checksum:TRUE",
            "-o",
            "udp.check_checksum:TRUE",
            "-o",
            "ip.check_checksum:TRUE",
            "-T",
            "fields",
            "-e",
            "frame.interface_name",
            "-e",
            "frame.packet_flags_direction",
            "-e",
            "frame.len",
            "-e",
            "ip.checksum.status",
            "-e",
            "tcp.checksum.status",
            "-e",
            "udp.checksum.status",
            "-e",
            "frame.time_epoch");
    assertThat(lines).hasSize(11);
    for (String line : lines.subList(0, 10)) {
      assertThat(line.split("\\t", -1))
          .startsWith("port-a", "0x00000001", "1514", "1", "1", "")
          .hasSize(7);
    }
    assertThat(lines.getLast()).startsWith("port-b\t0x00000001\t62\t1\t\t1\t");
    assertThat(lines.getLast()).endsWith("1767225601.500000123");
    // The name that came last is at the end of the file: a second pass has it.
    assertThat(
            tshark(
                file,
                "-2",
                "-Nn",
                "-T",
                "fields",
                "-e",
                "ip.src_host",
                "-e",
                "ip.dst_host",
                "-e",
                "frame.interface_description"))
        .first()
        .satisfies(line -> {
          assertThat(line).startsWith("first\tlate\\n?xxx").endsWith("xxx\tthe port port-a");
        });
    a.close();
    b.close();
    network.close();
  }
}
