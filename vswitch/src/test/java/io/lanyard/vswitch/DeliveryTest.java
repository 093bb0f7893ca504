package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Frames in the form that each port takes, and what taps see of them. */
class DeliveryTest extends SwitchScene {
  @Test
  void aSuperFrameIsHeldToTheMtuByItsSegments() {
    InMemoryPort narrow = new InMemoryPort("narrow", 1400, Offloads.ALL);
    narrow.attachTo(network);
    a.send(superFrame(14_600)); // segments of 1500
    assertThat(narrow.pending()).isZero();
    assertThat(narrow.counters().transmitDrops(DropCause.BAD_LENGTH)).isEqualTo(10);
    assertThat(b.pending()).isEqualTo(10);
    narrow.send(superFrame(14_600));
    assertThat(narrow.counters().receiveDrops(DropCause.BAD_LENGTH)).isEqualTo(10);
    narrow.close();
  }

  @Test
  void aSuperFrameWithAPriorityTagIsCutIntoUntaggedSegmentsWithGoodChecksums() {
    a.send(superFrame(3000));
    List<byte[]> expected = b.drain();
    a.send(taggedSuperFrame(3000));
    assertThat(b.drain()).usingRecursiveComparison().isEqualTo(expected);
  }

  @Test
  void aSuperFrameToAGroupIsDroppedAndCounted() {
    LogWatch.expect("cause=\"group-super-frame\"");
    b.offloads(Offloads.ALL);
    ByteBuf broadcast = superFrame(5000);
    Ethernet.setDestination(broadcast, 12, Ethernet.BROADCAST);
    a.send(broadcast);
    assertThat(b.pending() + c.pending()).isZero();
    assertThat(a.counters().receiveDrops(DropCause.GROUP_SUPER_FRAME)).isEqualTo(4);
  }

  @Test
  void segmentationStopsAtTheFirstSegmentThatThePortRefuses() {
    int[] tries = new int[1];
    Port full = port("full", (passage, frame) -> tries[0]++ < 3);
    a.send(superFrame(14_600));
    assertThat(tries[0]).isEqualTo(4);
    assertThat(full.counters().transmittedFrames()).isEqualTo(3);
    // The port counts the one that it refuses, the switch those behind it.
    assertThat(full.counters().transmitDrops(DropCause.UNSENT_SEGMENTS)).isEqualTo(6);
    assertThat(b.pending()).isEqualTo(10);
  }

  @Test
  void aSuperFramePassesUntouchedToAPortThatTakesIt() {
    b.offloads(Offloads.ALL);
    ByteBuf sent = superFrame(14_600);
    ByteBuf copy = sent.copy();
    a.send(sent);
    ByteBuf arrived = b.take();
    assertThat(arrived).isEqualTo(copy);
    assertThat(b.counters().transmittedFrames()).isEqualTo(10);
    assertThat(b.counters().transmittedBytes()).isEqualTo(14_600 + 10 * 54);
    assertThat(a.counters().receivedFrames()).isEqualTo(10);
    assertThat(b.counters().softwareSegmentations()).isZero();
    assertThat(c.pending()).isEqualTo(10);
    assertThat(c.counters().softwareSegmentations()).isEqualTo(1);
    assertThat(c.counters().transmittedFrames()).isEqualTo(10);
    arrived.release();
    copy.release();
  }

  @Test
  void segmentsForAPortWithoutOffloadsJoinToTheSamePayload() {
    a.send(superFrame(5000));
    ByteBuf whole = superFrame(5000);
    byte[] joined = new byte[5000];
    int at = 0;
    for (byte[] frame : b.drain()) {
      assertThat(frame.length).isLessThanOrEqualTo(1514);
      System.arraycopy(frame, 54, joined, at, frame.length - 54);
      at += frame.length - 54;
    }
    byte[] expected = new byte[5000];
    whole.getBytes(12 + 54, expected);
    whole.release();
    assertThat(joined).isEqualTo(expected);
  }

  @Test
  void anUnfinishedChecksumIsFinishedOnlyForPortsThatCannot() {
    b.offloads(Offloads.ALL);
    ByteBuf sent = Frames.udp4(B, A, 0x0a000001, 1, 0x0a000002, 2, new byte[100]);
    byte[] finished = new byte[142];
    sent.getBytes(12, finished);
    sent.setShort(
        12 + 34 + 6, Checksum.fold(Checksum.pseudo4(0x0a000001, 0x0a000002, Ipv4.UDP, 108)));
    OffloadHeader.set(sent, 0, OffloadHeader.NEEDS_CSUM, 0, 0, 0, 34, 6);
    a.send(sent);
    ByteBuf toB = b.take();
    assertThat(OffloadHeader.flags(toB, 0)).isEqualTo(OffloadHeader.NEEDS_CSUM);
    toB.release();
    assertThat(c.drain()).singleElement().isEqualTo(finished);
    assertThat(b.counters().softwareChecksums()).isZero();
    assertThat(c.counters().softwareChecksums()).isEqualTo(1);
  }

  @Test
  void anImpossibleOffloadHeaderIsDroppedAndCounted() {
    ByteBuf bad = superFrame(5000);
    bad.setShortLE(4, 0);
    a.send(bad);
    assertThat(b.pending()).isZero();
    assertThat(a.counters().receiveDrops(DropCause.BAD_OFFLOAD_HEADER)).isEqualTo(1);
  }

  @Test
  void anUnfinishedChecksumThatWouldBeStoredAmongTheTagsIsDropped() {
    for (int vlan : new int[] {0, 10}) {
      ByteBuf sent = Frames.tagged(B, A, vlan, 0x0800, new byte[46]);
      OffloadHeader.set(sent, 0, OffloadHeader.NEEDS_CSUM, 0, 0, 0, 14, 0);
      a.send(sent);
    }
    assertThat(b.pending()).isZero();
    assertThat(a.counters().receiveDrops(DropCause.BAD_OFFLOAD_HEADER)).isEqualTo(2);
  }

  @Test
  void onlyPortsThatWereTouchedAreFlushed() {
    b.send(frame(Ethernet.BROADCAST, B));
    int flushesOfC = c.flushes();
    int flushesOfB = b.flushes();
    a.send(frame(B, A));
    assertThat(b.flushes()).isEqualTo(flushesOfB + 1);
    assertThat(c.flushes()).isEqualTo(flushesOfC);
  }

  @Test
  void aFrameThatAPortRefusesIsNeitherCountedNorShownAsTransmitted() {
    List<String> shown = new ArrayList<>();
    FrameTap tap =
        (passage, port, received, frame) -> shown.add((received ? "in " : "out ") + port.name());
    Port full = port("full", (passage, frame) -> false);
    network.addTap(tap);
    a.send(frame(Ethernet.BROADCAST, A));
    network.removeTap(tap);
    assertThat(shown).containsExactly("in a", "out b", "out c");
    assertThat(full.counters().transmittedFrames()).isZero();
    assertThat(b.counters().transmittedFrames()).isEqualTo(1);
  }

  @Test
  void aTapSeesAFrameLeaveBeforeTheAnswerThatItCauses() {
    List<String> shown = new ArrayList<>();
    Port[] self = new Port[1];
    self[0] = port("gateway", (passage, frame) -> answer(self[0], A, B));
    assertThat(network.pin(B, self[0])).isTrue();
    FrameTap tap =
        (passage, port, received, frame) ->
            shown.add((received ? "in " : "out ") + port.name() + " " + passage.ingress().name());
    network.addTap(tap);
    a.send(frame(B, A));
    network.removeTap(tap);
    assertThat(shown)
        .containsExactly("in a a", "out gateway a", "in gateway gateway", "out a gateway");
  }

  @Test
  void aPortThatThrowsAtASegmentCostsTheWholeSuperFrameAndNoBuffer() {
    ScarceAllocator allocator = new ScarceAllocator(100);
    Switch few = new Switch("few", timers, allocator);
    InMemoryPort from = InMemoryPort.attached("from", Offloads.ALL, few);
    int[] segments = {0};
    SinkPort _ =
        new SinkPort(
            "faulty",
            Offloads.NONE,
            few,
            segment -> {
              if (++segments[0] == 3) {
                throw new IllegalStateException("on purpose");
              }
            });
    ByteBuf frame = superFrame(14_600);
    assertThatThrownBy(() -> few.receive(from, frame)).hasMessage("on purpose");
    assertThat(from.counters().receiveDrops(DropCause.HOST_ERROR)).isEqualTo(10);
    few.receive(from, frame); // the buffer of the segments is used again
    assertThat(segments[0]).isEqualTo(13);
    assertThat(allocator.held()).isEqualTo(1);
    frame.release();
    few.close();
    assertThat(allocator.held()).isZero();
    from.close();
  }

  @Test
  void segmentsForWhichThereIsNoMemoryCostOneSuperFrame() {
    ScarceAllocator allocator = new ScarceAllocator(2);
    Switch few = new Switch("few", timers, allocator);
    InMemoryPort from = InMemoryPort.attached("from", Offloads.ALL, few);
    List<ByteBuf> kept = new ArrayList<>();
    SinkPort _ = new SinkPort("keeper", Offloads.NONE, few, segment -> kept.add(segment.retain()));
    ByteBuf frame = superFrame(14_600);
    assertThatThrownBy(() -> few.receive(from, frame)).hasMessage("no memory is left");
    assertThat(kept).hasSize(2);
    kept.forEach(ByteBuf::release);
    assertThat(allocator.held()).isZero();
    allocator.grant(10);
    kept.clear();
    few.receive(from, frame);
    assertThat(kept).hasSize(10);
    kept.forEach(ByteBuf::release);
    frame.release();
    few.close();
    assertThat(allocator.held()).isZero();
    from.close();
  }

  @Test
  void aPortThatThrowsAtTheFlushKeepsNoOtherFromIt() {
    boolean[] throwing = {true};
    int[] flushes = {0};
    Port faulty =
        new ObservedPort("faulty", "test", 1500, PortState.up()) {
          @Override
          public Offloads offloads() {
            return Offloads.NONE;
          }

          @Override
          public boolean transmit(Passage passage, ByteBuf frame) {
            return true;
          }

          @Override
          public void flush() {
            flushes[0]++;
            if (throwing[0]) {
              throw new IllegalStateException("on purpose");
            }
          }

          @Override
          public void close() {}
        };
    network.detach(c);
    network.attach(faulty);
    c.attachTo(network); // behind it
    for (int i = 1; i <= 3; i++) {
      ByteBuf broadcast = frame(Ethernet.BROADCAST, A);
      network.receive(a, broadcast);
      broadcast.release();
      assertThatThrownBy(network::flush).hasMessage("on purpose");
      network.flush(); // as the port's turn does
      assertThat(List.of(b.flushes(), flushes[0], c.flushes())).containsExactly(i, i, i);
    }
    throwing[0] = false;
    a.send(frame(Ethernet.BROADCAST, A));
    assertThat(List.of(b.flushes(), flushes[0], c.flushes())).containsExactly(4, 4, 4);
  }

  @Test
  void aPortThatAsksForTheFlushFromInsideOneLosesNobodys() {
    int[] flushes = {0};
    Port eager =
        new ObservedPort("eager", "test", 1500, PortState.up()) {
          @Override
          public Offloads offloads() {
            return Offloads.NONE;
          }

          @Override
          public boolean transmit(Passage passage, ByteBuf frame) {
            return true;
          }

          @Override
          public void flush() {
            flushes[0]++;
            network.flush();
          }

          @Override
          public void close() {}
        };
    network.detach(c);
    network.attach(eager);
    c.attachTo(network); // behind it
    for (int i = 1; i <= 3; i++) {
      a.send(frame(Ethernet.BROADCAST, A));
      assertThat(List.of(b.flushes(), flushes[0], c.flushes())).containsExactly(i, i, i);
    }
  }
}
