package io.lanyard.vswitch.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedClock;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CaptureTest {
  private static final long A = 0x525400000001L;
  private static final long B = 0x525400000002L;

  private final SteppedClock clock = new SteppedClock();
  private final Switch network =
      new Switch("test", new SteppedTimers(clock), PooledByteBufAllocator.DEFAULT);
  private final InMemoryPort a = InMemoryPort.attached("a", Offloads.ALL, network);
  private final InMemoryPort b = InMemoryPort.attached("b", Offloads.ALL, network);
  private final ByteArrayOutputStream file = new ByteArrayOutputStream();
  private CaptureLabels labels = CaptureLabels.NONE;

  @AfterEach
  void close() {
    a.close();
    b.close();
    network.close();
  }

  private Capture start(@Nullable InMemoryPort only, int snap, WritableByteChannel to) {
    return start(only, null, snap, to);
  }

  private Capture start(
      @Nullable InMemoryPort only, @Nullable FrameFilter filter, int snap, WritableByteChannel to) {
    return Capture.start(network, only, filter, labels, snap, clock, to, Frames.untracked(256));
  }

  private static Capture.Summary end(Capture capture) throws Exception {
    capture.close();
    capture.close();
    return capture.done().get(60, TimeUnit.SECONDS);
  }

  /** One block as it lies in the file, checked for its frame. */
  private record Block(int type, ByteBuffer body) {}

  private List<Block> blocks() {
    ByteBuffer in = ByteBuffer.wrap(file.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    List<Block> blocks = new ArrayList<>();
    while (in.hasRemaining()) {
      int start = in.position();
      int type = in.getInt();
      int length = in.getInt();
      assertThat(length % 4).isZero();
      assertThat(in.getInt(start + length - 4)).isEqualTo(length);
      blocks.add(new Block(type, in.slice(start + 8, length - 12).order(ByteOrder.LITTLE_ENDIAN)));
      in.position(start + length);
    }
    return blocks;
  }

  static ByteBuf superFrame(int payload) {
    ByteBuf frame =
        Frames.tcp4(B, A, 0x0a000001, 1, 0x0a000002, 2, 1000, 1, Tcp.ACK, new byte[payload]);
    Tcp.setChecksum(
        frame,
        Frames.PAYLOAD + 20,
        Checksum.fold(Checksum.pseudo4(0x0a000001, 0x0a000002, Ipv4.TCP, 20 + payload)));
    OffloadHeader.set(
        frame, 0, OffloadHeader.NEEDS_CSUM, OffloadHeader.GSO_TCPV4, 54, 1460, 34, 16);
    return frame;
  }

  @Test
  void aFilteredCaptureHasTheSegmentsThatMatch() throws Exception {
    Capture capture =
        start(
            null,
            FrameFilterTest.filter("30 0 0 17; 15 0 1 6; 6 0 0 ffff; 6 0 0 0"), // IPv4's TCP
            Capture.WHOLE_FRAMES,
            Channels.newChannel(file));
    a.send(superFrame(14_600));
    b.send(Frames.udp4(A, B, 1, 2, 3, 4, new byte[30]));
    assertThat(end(capture)).isEqualTo(new Capture.Summary(10, 0));
  }

  @Test
  void aNetworksCaptureHasEachWireFrameOnceWhereItCameIn() throws Exception {
    Capture capture = start(null, Capture.WHOLE_FRAMES, Channels.newChannel(file));
    a.send(superFrame(14_600));
    b.send(Frames.udp4(A, B, 1, 2, 3, 4, new byte[30]));
    assertThat(end(capture)).isEqualTo(new Capture.Summary(11, 0));
    List<Block> blocks = blocks();
    assertThat(blocks.getFirst().type()).isEqualTo(0x0a0d0d0a);
    assertThat(blocks).extracting(Block::type).filteredOn(t -> t == 1).hasSize(2);
    assertThat(blocks).extracting(Block::type).filteredOn(t -> t == 5).hasSize(2);
    List<Block> packets = blocks.stream().filter(x -> x.type() == 6).toList();
    assertThat(packets).hasSize(11);
    for (Block packet : packets.subList(0, 10)) {
      assertThat(packet.body().getInt(0)).isZero();
      assertThat(packet.body().getInt(12)).isEqualTo(1514);
      assertThat(packet.body().getInt(16)).isEqualTo(1514);
    }
    assertThat(packets.getLast().body().getInt(0)).isEqualTo(1);
    long nanos =
        Integer.toUnsignedLong(packets.getFirst().body().getInt(4)) << 32
            | Integer.toUnsignedLong(packets.getFirst().body().getInt(8));
    assertThat(nanos).isEqualTo(clock.now().getEpochSecond() * 1_000_000_000L);
  }

  @Test
  void aPortsCaptureHasBothDirectionsMarked() throws Exception {
    Capture capture = start(b, Capture.WHOLE_FRAMES, Channels.newChannel(file));
    a.send(Frames.udp4(B, A, 1, 2, 3, 4, new byte[30]));
    b.send(Frames.udp4(A, B, 1, 2, 3, 4, new byte[30]));
    assertThat(end(capture).frames()).isEqualTo(2);
    List<Integer> flags =
        blocks().stream()
            .filter(x -> x.type() == 6)
            .map(x -> x.body().getInt(20 + 72 + 4))
            .toList();
    assertThat(flags).containsExactly(2, 1);
  }

  @Test
  void aSnapLengthCutsFramesAndKeepsTheirLength() throws Exception {
    Capture capture = start(a, 33, Channels.newChannel(file));
    a.send(Frames.udp4(B, A, 1, 2, 3, 4, new byte[30]));
    end(capture);
    Block packet = blocks().stream().filter(x -> x.type() == 6).findFirst().orElseThrow();
    assertThat(packet.body().getInt(12)).isEqualTo(33);
    assertThat(packet.body().getInt(16)).isEqualTo(72);
  }

  /** Writes into the file once a gate is open. */
  private WritableByteChannel stuck(CountDownLatch gate) {
    return new WritableByteChannel() {
      @Override
      public int write(ByteBuffer source) throws IOException {
        try {
          gate.await();
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
        byte[] bytes = new byte[source.remaining()];
        source.get(bytes);
        file.writeBytes(bytes);
        return bytes.length;
      }

      @Override
      public boolean isOpen() {
        return true;
      }

      @Override
      public void close() {}
    };
  }

  @Test
  void aSlowReaderLosesFramesThatAreCountedInTheFile() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    Capture capture = start(a, Capture.WHOLE_FRAMES, stuck(gate));
    ByteBuf large = superFrame(58_400);
    for (int i = 0; i < 330; i++) {
      network.receive(a, large);
      b.clear();
    }
    large.release();
    capture.close();
    gate.countDown();
    Capture.Summary summary = capture.done().get(60, TimeUnit.SECONDS);
    assertThat(summary.frames() + summary.dropped()).isEqualTo(330 * 40);
    assertThat(summary.dropped()).isPositive();
    Block statistics = blocks().getLast();
    assertThat(statistics.type()).isEqualTo(5);
    assertThat(statistics.body().getLong(16)).isEqualTo(summary.frames());
    assertThat(statistics.body().getLong(28)).isEqualTo(summary.dropped());
  }

  @Test
  void capturesThatNobodyReadsShareOneBound() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    List<Capture> captures = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      captures.add(start(a, Capture.WHOLE_FRAMES, stuck(gate)));
    }
    ByteBuf large = superFrame(58_400);
    for (int i = 0; i < 330; i++) {
      network.receive(a, large);
      b.clear();
    }
    large.release();
    long waiting =
        captures.stream()
            .mapToLong(capture -> (long) capture.dump().properties().get("waitingBytes"))
            .sum();
    assertThat(waiting).isBetween(23L << 20, 24L << 20);
    captures.forEach(Capture::close);
    gate.countDown();
    for (Capture capture : captures) {
      capture.done().get(60, TimeUnit.SECONDS);
      assertThat(capture.dump().properties()).containsEntry("waitingBytes", 0L);
    }
  }

  @Test
  void thereAreSoManyCapturesAndNoMore() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    List<Capture> captures = new ArrayList<>();
    while (Capture.running() < Capture.MOST) {
      captures.add(start(a, Capture.WHOLE_FRAMES, stuck(gate)));
    }
    assertThatThrownBy(() -> start(a, Capture.WHOLE_FRAMES, stuck(gate)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("32 captures run already");
    captures.forEach(Capture::close);
    assertThat(Capture.running()).as("their readers are there").isEqualTo(Capture.MOST);
    gate.countDown();
    for (Capture capture : captures) {
      capture.done().get(60, TimeUnit.SECONDS);
    }
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (Capture.running() > 0) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(limit);
      LockSupport.parkNanos(1_000_000);
    }
    Capture another = start(a, Capture.WHOLE_FRAMES, stuck(gate));
    another.close();
    another.done().get(60, TimeUnit.SECONDS);
  }

  @Test
  void aFullDiskEndsTheCaptureAndNothingElse() throws Exception {
    LogWatch.expect("capture-failed");
    WritableByteChannel full =
        new WritableByteChannel() {
          @Override
          public int write(ByteBuffer source) throws IOException {
            throw new IOException("No space left on device");
          }

          @Override
          public boolean isOpen() {
            return true;
          }

          @Override
          public void close() {}
        };
    Capture capture = start(null, 100, full);
    a.send(Frames.udp4(B, A, 1, 2, 3, 4, new byte[30]));
    assertThatThrownBy(() -> capture.done().get(60, TimeUnit.SECONDS))
        .hasMessageContaining("No space left");
    a.send(Frames.udp4(B, A, 1, 2, 3, 4, new byte[30]));
    assertThat(b.pending()).isEqualTo(2);
    capture.close();
  }
}
