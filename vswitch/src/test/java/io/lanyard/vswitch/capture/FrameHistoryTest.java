package io.lanyard.vswitch.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.Garbage;
import io.lanyard.testing.SteppedClock;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.SinkPort;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Frames;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The last frames of a port are kept, in a bounded place. */
final class FrameHistoryTest {
  private static final long A = 0x525400000001L;
  private static final long B = 0x525400000002L;

  private final SteppedClock clock = new SteppedClock();
  private final Switch network =
      new Switch("test", new SteppedTimers(clock), PooledByteBufAllocator.DEFAULT);
  private final InMemoryPort a = InMemoryPort.attached("a", Offloads.ALL, network);
  private final InMemoryPort b = InMemoryPort.attached("b", Offloads.ALL, network);
  private final FrameHistory history = FrameHistory.start(network, clock, FrameHistory.SMALLEST);

  @AfterEach
  void close() {
    history.close();
    a.close();
    b.close();
    network.close();
  }

  /** A frame of a file. */
  private record Kept(long nanos, boolean inbound, int length, byte mark) {}

  private List<Kept> last(InMemoryPort port, Duration span, @Nullable FrameFilter filter)
      throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    try (Excerpt excerpt = history.last(port, span)) {
      excerpt.write(Channels.newChannel(file), filter, "", CaptureLabels.Names.NONE);
    }
    ByteBuffer in = ByteBuffer.wrap(file.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    List<Kept> frames = new ArrayList<>();
    for (int at = 0; at < in.limit(); at += in.getInt(at + 4)) {
      if (in.getInt(at) == 6) {
        int length = in.getInt(at + 20);
        int options = at + 28 + (length + 3 & ~3);
        frames.add(
            new Kept(
                (long) in.getInt(at + 12) << 32 | (in.getInt(at + 16) & 0xffff_ffffL),
                in.getInt(options + 4) == 1,
                length,
                in.get(at + 28 + length - 1)));
      }
    }
    return frames;
  }

  private static ByteBuf marked(long to, long from, int mark) {
    byte[] payload = new byte[1000];
    payload[999] = (byte) mark;
    return Frames.udp4(to, from, 1, 2, 3, 4, payload);
  }

  @Test
  void bothDirectionsAreKeptWithTheirTimes() throws IOException {
    long start = clock.now().getEpochSecond() * 1_000_000_000L;
    a.send(marked(B, A, 1));
    clock.advance(Duration.ofSeconds(2));
    b.send(marked(A, B, 2));
    clock.advance(Duration.ofSeconds(3));
    assertThat(last(a, Duration.ofSeconds(30), null))
        .containsExactly(
            new Kept(start, true, 1042, (byte) 1),
            new Kept(start + 2_000_000_000L, false, 1042, (byte) 2));
    assertThat(last(a, Duration.ofSeconds(4), null))
        .extracting(Kept::mark)
        .containsExactly((byte) 2);
    assertThat(last(a, Duration.ofSeconds(2), null)).isEmpty();
    assertThat(last(b, Duration.ofSeconds(30), null))
        .extracting(Kept::inbound)
        .containsExactly(false, true);
  }

  @Test
  void theOldestFramesMakePlaceForTheLast() throws IOException {
    for (int i = 0; i < 2000; i++) {
      a.send(marked(B, A, i));
      b.clear();
    }
    List<Kept> kept = last(a, Duration.ofHours(1), null);
    assertThat(kept).hasSizeBetween(200, FrameHistory.SMALLEST / 1054);
    for (int i = 0; i < kept.size(); i++) {
      assertThat(kept.get(i).mark()).isEqualTo((byte) (2000 - kept.size() + i));
    }
  }

  @Test
  void framesOfEverySizeLieInTheRingWhole() throws IOException {
    for (int i = 0; i < 20_000; i++) {
      ByteBuf frame = Frames.udp4(B, A, 1, 2, 3, 4, new byte[(i * 7919) % 1400 + 18]);
      a.send(frame);
      b.clear();
    }
    List<Kept> kept = last(b, Duration.ofHours(1), null);
    for (int i = 0; i < kept.size(); i++) {
      int number = 20_000 - kept.size() + i;
      assertThat(kept.get(i).length()).isEqualTo((number * 7919) % 1400 + 18 + 42);
    }
    assertThat(kept).hasSizeGreaterThan(200);
  }

  @Test
  void aSuperFrameIsReadAsItsSegments() throws IOException {
    for (int i = 0; i < 50; i++) {
      a.send(CaptureTest.superFrame(58_400));
      b.clear();
    }
    List<Kept> kept = last(a, Duration.ofHours(1), null);
    assertThat(kept)
        .hasSizeGreaterThanOrEqualTo(3 * 40)
        .extracting(Kept::length)
        .containsOnly(1514);
    FrameFilter udp = FrameFilterTest.filter("30 0 0 17; 15 0 1 11; 6 0 0 ffff; 6 0 0 0");
    assertThat(last(a, Duration.ofHours(1), udp)).isEmpty();
  }

  @Test
  void aSpanLongerThanAnyClockIsAllThatIsKept() throws IOException {
    a.send(marked(B, A, 1));
    for (Duration span : List.of(Duration.ofDays(106_751), Duration.ofDays(999_999))) {
      assertThat(last(a, span, null)).hasSize(1);
    }
  }

  @Test
  void aPortThatHasLeftKeepsNothing() throws IOException {
    a.send(marked(B, A, 1));
    history.forget(a);
    assertThat(last(a, Duration.ofHours(1), null)).isEmpty();
  }

  @Test
  void nothingIsAllocatedForAFrame() {
    SinkPort from = new SinkPort("from", Offloads.ALL, network, frame -> {});
    SinkPort to = new SinkPort("to", Offloads.ALL, network, frame -> {});
    network.pin(A, from);
    network.pin(B, to);
    ByteBuf made = marked(B, A, 1);
    ByteBuf frame = Frames.untracked(made.readableBytes()).writeBytes(made);
    made.release();
    int frames = 20_000;
    long garbage =
        Garbage.of(
            frames,
            () -> {
              for (int i = 0; i < frames; i++) {
                network.receive(from, frame);
              }
            });
    assertThat(garbage).as("bytes for %d frames", frames).isLessThan(frames);
    frame.release();
    network.detach(from);
    network.detach(to);
  }
}
