package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.SteppedClock;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.PortCounters;
import io.lanyard.vswitch.SinkPort;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.frame.Frames;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Hostile streams in large numbers, without the sockets that would make them slow. */
class StreamFramerTest {
  private final Switch network = new Switch("test", new SteppedTimers(), Frames.UNTRACKED);
  private final InMemoryPort port = InMemoryPort.attached("vm", Offloads.NONE, network);
  private final Turn turn = network.turns().of(port);
  private final InMemoryPort peer = InMemoryPort.attached("peer", Offloads.NONE, network);

  @Test
  void aMillionRandomFramesCutAnywhereDoNoHarm() {
    SplittableRandom random = new SplittableRandom(23);
    Burst burst = new Burst(Frames.UNTRACKED);
    StreamFramer framer = new StreamFramer(Framing.QEMU, Frames.UNTRACKED, burst);
    ByteBuf in = Frames.untracked(1 << 16);
    byte[] noise = new byte[2048];
    int sent = 0;
    while (sent < 1_000_000) {
      in.clear();
      for (int i = 0; i < 64; i++, sent++) {
        int length = random.nextInt((i & 15) == 0 ? 1600 : 80);
        random.nextBytes(noise);
        in.writeInt(length);
        in.writeBytes(noise, 0, length);
      }
      ByteBuf rest = in.duplicate();
      while (rest.isReadable()) {
        ByteBuf part = rest.readSlice(1 + random.nextInt(Math.min(4000, rest.readableBytes())));
        assertThat(framer.read(part, network, port, turn)).isTrue();
      }
      peer.clear();
    }
    PortCounters counters = port.counters();
    assertThat(counters.receivedFrames() + counters.receiveDrops())
        .isGreaterThanOrEqualTo(1_000_000);
    assertThat(counters.receiveDrops(DropCause.BAD_LENGTH)).isPositive();
    assertThat(counters.receiveDrops(DropCause.BAD_SOURCE)).isPositive();
    framer.release();
    burst.release();
    in.release();
    network.close();
  }

  @Test
  void randomBytesEndTheStreamOrAreFrames() {
    SplittableRandom random = new SplittableRandom(29);
    Burst burst = new Burst(Frames.UNTRACKED);
    ByteBuf in = Frames.untracked(4096);
    byte[] noise = new byte[4096];
    int ended = 0;
    for (int round = 0; round < 2000; round++) {
      StreamFramer framer = new StreamFramer(Framing.QEMU, Frames.UNTRACKED, burst);
      random.nextBytes(noise);
      noise[0] = 0;
      noise[1] = (byte) (random.nextInt(8) == 0 ? 1 : 0);
      in.clear().writeBytes(noise);
      boolean alive = framer.read(in, network, port, turn);
      in.clear().writeBytes(noise);
      if (!alive || !framer.read(in, network, port, turn)) {
        ended++;
      }
      framer.release();
      peer.clear();
    }
    assertThat(ended).isPositive();
    burst.release();
    in.release();
    network.close();
  }

  @Test
  void aStreamStopsWhereItsTurnIsOverAndGoesOnFromThere() {
    SteppedClock clock = new SteppedClock();
    Switch slow = new Switch("slow", new SteppedTimers(clock), Frames.UNTRACKED);
    InMemoryPort from = InMemoryPort.attached("vm", Offloads.NONE, slow);
    List<Integer> arrived = new ArrayList<>();
    SinkPort _ =
        new SinkPort(
            "dear",
            Offloads.NONE,
            slow,
            frame -> {
              clock.advanceNanos(100_000); // five of them are a turn
              arrived.add(frame.getInt(frame.writerIndex() - 4));
            });
    Burst burst = new Burst(Frames.UNTRACKED);
    StreamFramer framer = new StreamFramer(Framing.QEMU, Frames.UNTRACKED, burst);
    ByteBuf in = Frames.untracked(4096);
    for (int i = 0; i < 20; i++) {
      in.writeInt(60).writeLong(0xffff_ffff_ffff_5254L).writeInt(1).writeZero(44).writeInt(i);
    }
    Turn own = slow.turns().of(from);
    List<Integer> stops = new ArrayList<>();
    while (in.isReadable()) {
      assertThat(own.begin()).isTrue();
      assertThat(framer.read(in, slow, from, own)).isTrue();
      boolean _ = own.end();
      stops.add(arrived.size());
    }
    assertThat(stops).containsExactly(8, 16, 20);
    assertThat(arrived).isEqualTo(IntStream.range(0, 20).boxed().toList());
    framer.release();
    burst.release();
    in.release();
    slow.close();
  }

  @Test
  void aFrameThatMakesTheSwitchThrowDoesNotComeAgain() {
    List<Integer> arrived = new ArrayList<>();
    SinkPort _ =
        new SinkPort(
            "faulty",
            Offloads.NONE,
            network,
            frame -> {
              int number = frame.getInt(frame.writerIndex() - 4);
              arrived.add(number);
              if (number == 0 || number == 5) { // one cut in two, and a whole one
                throw new IllegalStateException("on purpose");
              }
            });
    Burst burst = new Burst(Frames.UNTRACKED);
    StreamFramer framer = new StreamFramer(Framing.QEMU, Frames.UNTRACKED, burst);
    ByteBuf in = Frames.untracked(4096);
    for (int i = 0; i < 10; i++) {
      in.writeInt(60).writeLong(0xffff_ffff_ffff_5254L).writeInt(1).writeZero(44).writeInt(i);
    }
    assertThat(framer.read(in.readSlice(30), network, port, turn)).isTrue();
    int failures = 0;
    while (in.isReadable()) {
      try {
        assertThat(framer.read(in, network, port, turn)).isTrue();
      } catch (IllegalStateException e) {
        failures++;
      }
    }
    assertThat(failures).isEqualTo(2);
    assertThat(arrived).isEqualTo(IntStream.range(0, 10).boxed().toList());
    assertThat(port.counters().receiveDrops(DropCause.HOST_ERROR)).isEqualTo(2);
    peer.clear();
    framer.release();
    burst.release();
    in.release();
    network.close();
  }
}
