package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DumpNode;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SwitchTest extends SwitchScene {
  @Test
  void anUnknownDestinationGoesToAllButTheIngressPort() {
    a.send(frame(B, A));
    assertThat(a.pending()).isZero();
    assertThat(b.pending()).isEqualTo(1);
    assertThat(c.pending()).isEqualTo(1);
  }

  @Test
  void aLearnedDestinationGoesToItsPortOnlyAndUnchanged() {
    b.send(frame(Ethernet.BROADCAST, B));
    c.drain();
    ByteBuf sent = frame(B, A);
    byte[] bytes = new byte[60];
    sent.getBytes(12, bytes);
    a.send(sent);
    assertThat(c.pending()).isZero();
    assertThat(b.drain()).singleElement().isEqualTo(bytes);
  }

  @Test
  void anAddressIsFloodedAgainAfterItHasAged() {
    b.send(frame(Ethernet.BROADCAST, B));
    c.drain();
    clock.advance(Duration.ofSeconds(301));
    a.send(frame(B, A));
    assertThat(c.pending()).isEqualTo(1);
  }

  @Test
  void anUnknownDestinationGoesWhereItsSenderKnowsItToBeUntilItIsHeard() {
    ByteBuf frame = frame(B, A);
    network.receive(a, frame, c);
    network.flush();
    assertThat(b.pending()).isZero();
    assertThat(c.drain()).hasSize(1);
    b.send(frame(A, B));
    network.receive(a, frame, c);
    network.flush();
    assertThat(b.pending()).as("who was heard there").isEqualTo(1);
    assertThat(c.pending()).isZero();
    network.detach(c);
    Ethernet.setDestination(frame, 12, C);
    network.receive(a, frame, c);
    network.flush();
    assertThat(b.pending()).as("the port has gone").isEqualTo(2);
    assertThat(network.floods()).isEqualTo(1);
    frame.release();
  }

  @Test
  void aFrameForOnePortGoesThereWhereverItsDestinationWasHeard() {
    b.send(frame(A, B));
    c.drain();
    ByteBuf frame = frame(B, A);
    network.deliver(a, frame, c);
    network.flush();
    assertThat(b.pending()).isZero();
    assertThat(c.drain()).hasSize(1);
    network.detach(c);
    network.deliver(a, frame, c);
    network.flush();
    assertThat(b.pending()).as("nobody gets it instead").isZero();
    frame.release();
  }

  @Test
  void groupAddressesGoToEverybody() {
    b.send(frame(Ethernet.BROADCAST, B));
    c.send(frame(0x01005e000001L, C));
    assertThat(a.pending()).isEqualTo(2);
    assertThat(b.pending()).isEqualTo(1);
    assertThat(c.pending()).isEqualTo(1);
    assertThat(network.floods()).isEqualTo(2);
  }

  @Test
  void aFrameForTheIngressPortIsDroppedAndCounted() {
    a.send(frame(Ethernet.BROADCAST, A));
    a.send(frame(Ethernet.BROADCAST, B));
    b.drain();
    c.drain();
    a.send(frame(A, B));
    assertThat(b.pending() + c.pending()).isZero();
    assertThat(a.counters().receiveDrops(DropCause.SAME_PORT)).isEqualTo(1);
  }

  @Test
  void anImpossibleSourceIsDroppedAndCounted() {
    a.send(frame(B, 0));
    a.send(frame(B, Ethernet.BROADCAST));
    a.send(frame(B, 0x010000000001L));
    assertThat(b.pending()).isZero();
    assertThat(a.counters().receiveDrops(DropCause.BAD_SOURCE)).isEqualTo(3);
    assertThat(network.addresses()).isEmpty();
  }

  @Test
  void aRuntAndAGiantAreDroppedAndCounted() {
    a.send(Frames.blank(13));
    a.send(Frames.ethernet(B, A, 0, new byte[Ethernet.LARGEST_FRAME]));
    assertThat(a.counters().receiveDrops(DropCause.BAD_LENGTH)).isEqualTo(2);
    assertThat(b.pending()).isZero();
  }

  /** Frames of a packet of some length: untagged, with one tag, with two. */
  private static List<ByteBuf> packets(int length) {
    byte[] packet = new byte[length];
    byte[] inner = new byte[length + 4];
    inner[1] = 7;
    inner[2] = 8;
    return List.of(
        Frames.ethernet(B, A, 0x0800, packet),
        Frames.tagged(B, A, 10, 0x0800, packet),
        Frames.tagged(B, A, 10, Ethernet.TYPE_VLAN, inner));
  }

  @Test
  void aPortNeitherTakesNorGivesAPacketAboveItsMtuWhateverItsTags() {
    InMemoryPort jumbo = new InMemoryPort("jumbo", 9000, Offloads.NONE);
    jumbo.attachTo(network);
    packets(1501).forEach(jumbo::send);
    assertThat(a.pending()).isZero();
    assertThat(a.counters().transmitDrops(DropCause.BAD_LENGTH)).isEqualTo(3);
    packets(1500).forEach(jumbo::send);
    assertThat(a.drain()).hasSize(3);
    packets(9001).forEach(jumbo::send);
    assertThat(jumbo.counters().receiveDrops(DropCause.BAD_LENGTH)).isEqualTo(3);
    packets(1501).forEach(a::send);
    packets(2999).forEach(a::send);
    assertThat(a.counters().receiveDrops(DropCause.BAD_LENGTH)).isEqualTo(6);
    assertThat(jumbo.pending()).isZero();
    packets(1500).forEach(a::send);
    assertThat(jumbo.drain()).hasSize(3);
    jumbo.close();
  }

  @Test
  void aPriorityTagIsTakenOutAndTheFrameIsUntagged() {
    b.send(frame(A, B));
    a.drain();
    c.drain();
    byte[] payload = new byte[46];
    payload[0] = 0x45;
    byte[] plain = new byte[60];
    ByteBuf expected = Frames.ethernet(B, A, 0x0800, payload);
    expected.getBytes(12, plain);
    expected.release();
    for (int type : new int[] {Ethernet.TYPE_VLAN, Ethernet.TYPE_SERVICE_VLAN}) {
      ByteBuf sent = Frames.tagged(B, A, 0xe000, 0x0800, payload);
      sent.setShort(24, type);
      a.send(sent);
      assertThat(c.pending()).isZero(); // B is known, though it was learned untagged
      assertThat(b.drain()).singleElement().isEqualTo(plain);
    }
    byte[] inner = new byte[50];
    inner[3] = 8; // priority 0, VLAN 0 once more, and IPv4 behind
    inner[2] = 8;
    inner[3] = 0;
    a.send(Frames.tagged(B, A, 0x2000, Ethernet.TYPE_VLAN, inner));
    assertThat(b.drain()).singleElement().matches(f -> f.length == 60 && f[12] == 8);
  }

  @Test
  void aVlanTagBehindAPriorityTagIsTheFramesVlan() {
    List<Integer> vlans = new ArrayList<>();
    port("watcher", (passage, frame) -> vlans.add(passage.vlan()));
    byte[] inner = new byte[50];
    inner[1] = 10;
    inner[2] = 8;
    a.send(Frames.tagged(Ethernet.BROADCAST, A, 0x2000, Ethernet.TYPE_VLAN, inner));
    assertThat(vlans).containsExactly(10);
    assertThat(b.drain()).singleElement().matches(f -> f.length == 64 && f[15] == 10);
  }

  @Test
  void morePriorityTagsThanTwoAreDroppedAndCounted() {
    ByteBuf many = Frames.blank(80);
    Ethernet.write(many, 12, B, A, Ethernet.TYPE_VLAN);
    for (int i = 0; i < 3; i++) {
      many.setShort(26 + 4 * i, 0);
      many.setShort(28 + 4 * i, i == 2 ? 0x0806 : Ethernet.TYPE_VLAN);
    }
    a.send(many);
    assertThat(b.pending()).isZero();
    assertThat(a.counters().receiveDrops(DropCause.BAD_TAGS)).isEqualTo(1);
  }

  @Test
  void pauseIsNeverForwardedAndOtherReservedGroupAddressesOnlyIfTheSwitchIsToldSo() {
    for (int i = 0; i < 16; i++) {
      a.send(frame(0x0180c2000000L + i, A));
    }
    assertThat(b.pending() + c.pending()).isZero();
    assertThat(a.counters().receiveDrops(DropCause.RESERVED_ADDRESS)).isEqualTo(16);
    network.forwardReserved(EnumSet.allOf(ReservedGroup.class));
    for (int i = 0; i < 16; i++) {
      a.send(frame(0x0180c2000000L + i, A));
    }
    assertThat(b.drain()).hasSize(7).noneMatch(f -> f[5] == 1);
    network.forwardReserved(EnumSet.of(ReservedGroup.STP, ReservedGroup.LLDP));
    for (int i = 0; i < 16; i++) {
      a.send(frame(0x0180c2000000L + i, A));
    }
    assertThat(b.drain()).extracting(f -> f[5]).containsExactly((byte) 0, (byte) 0x0e);
    a.send(frame(0x0180c2000010L, A)); // all bridges' address: a multicast as any other
    assertThat(b.drain()).hasSize(1);
  }

  @Test
  void vlansDoNotShareAddresses() {
    b.send(Frames.tagged(Ethernet.BROADCAST, B, 10, 0x0800, new byte[46]));
    a.drain();
    c.drain();
    a.send(Frames.tagged(B, A, 10, 0x0800, new byte[46]));
    assertThat(c.pending()).isZero();
    a.send(Frames.tagged(B, A, 20, 0x0800, new byte[46]));
    a.send(frame(B, A));
    assertThat(c.pending()).isEqualTo(2);
    assertThat(b.pending()).isEqualTo(3);
  }

  @Test
  void aFrameThatComesBackByALoopDoesNotTakeItsSendersPlace() {
    b.send(frame(Ethernet.BROADCAST, B));
    c.send(frame(Ethernet.BROADCAST, B)); // round and back
    c.send(frame(A, B)); // nobody knows A: this one was flooded, too
    b.drain();
    c.drain();
    a.send(frame(B, A));
    assertThat(b.pending()).isEqualTo(1);
    assertThat(c.pending()).isZero();
    assertThat(network.moves()).isZero();
    assertThat(network.dump().toString()).contains("addressMovesRefused=2");
  }

  @Test
  void anAddressThatSendsToAKnownOneMovesAtOnce() {
    a.send(frame(Ethernet.BROADCAST, A));
    b.send(frame(Ethernet.BROADCAST, B));
    c.send(frame(A, B));
    b.drain();
    c.drain();
    a.send(frame(B, A));
    assertThat(c.pending()).isEqualTo(1);
    assertThat(b.pending()).isZero();
  }

  @Test
  void anAddressThatMovesIsFollowedAndCounted() {
    b.send(frame(Ethernet.BROADCAST, B));
    clock.advance(Duration.ofSeconds(1));
    c.send(frame(Ethernet.BROADCAST, B));
    b.drain();
    c.drain();
    a.send(frame(B, A));
    assertThat(c.pending()).isEqualTo(1);
    assertThat(b.pending()).isZero();
    assertThat(network.moves()).isEqualTo(1);
  }

  @Test
  void aPortMayAnswerFromInsideTransmit() {
    List<ByteBuf> retained = new ArrayList<>();
    Port[] self = new Port[1];
    self[0] =
        port(
            "gateway",
            (passage, frame) -> {
              retained.add(frame.retain());
              ByteBuf answer = superFrame(3000);
              Ethernet.write(answer, 12, A, C, 0x0800);
              network.receive(self[0], answer);
              answer.release();
              return true;
            });
    Port gateway = self[0];
    assertThat(network.pin(B, gateway)).isTrue();
    a.send(superFrame(4000));
    assertThat(retained).hasSize(3);
    assertThat(a.pending()).isEqualTo(9);
    // What was retained is still what was sent: three segments, in order.
    for (int i = 0; i < 3; i++) {
      assertThat(Tcp.sequence(retained.get(i), Frames.PAYLOAD + 20)).isEqualTo(1000 + 1460 * i);
      retained.get(i).release();
    }
    network.detach(gateway);
  }

  @Test
  void aPassageTellsWhereAFrameCameInAndWhatItIs() {
    List<String> seen = new ArrayList<>();
    port(
        "watcher",
        (passage, frame) ->
            seen.add(
                passage.ingress().name()
                    + " "
                    + passage.vlan()
                    + " "
                    + Long.toHexString(passage.source())
                    + " "
                    + Long.toHexString(passage.destination())
                    + " "
                    + Integer.toHexString(passage.etherType())
                    + " "
                    + passage.network()
                    + " "
                    + passage.segments()
                    + " "
                    + passage.wireBytes()
                    + " "
                    + passage.largestPacket()));
    a.send(frame(B, A));
    b.send(Frames.tagged(C, B, 10, 0x0806, new byte[46]));
    ByteBuf cut = Frames.ethernet(B, C, Ethernet.TYPE_VLAN, new byte[2]);
    c.send(cut);
    a.send(superFrame(3000));
    assertThat(seen)
        .containsExactly(
            "a 0 525400000001 525400000002 800 14 1 60 46",
            "b 10 525400000002 525400000003 806 18 1 64 46",
            "c 0 525400000003 525400000002 0 16 1 16 0",
            // Each segment is a wire frame of its own to a port that takes no super-frames.
            "a 0 525400000001 525400000002 800 14 1 1514 1500",
            "a 0 525400000001 525400000002 800 14 1 1514 1500",
            "a 0 525400000001 525400000002 800 14 1 134 120");
  }

  @Test
  void anAnswerFromInsideTransmitLeavesTheOuterPassageAsItWas() {
    List<String> seen = new ArrayList<>();
    Port[] self = new Port[1];
    self[0] =
        port(
            "gateway",
            (passage, frame) -> {
              ByteBuf answer = Frames.tagged(A, C, 5, 0x0800, new byte[60]);
              network.receive(self[0], answer);
              answer.release();
              seen.add(passage.ingress().name() + " " + passage.vlan() + " " + passage.wireBytes());
              return true;
            });
    assertThat(network.pin(B, self[0])).isTrue();
    a.send(frame(B, A));
    a.send(superFrame(1500));
    assertThat(seen).containsExactly("a 0 60", "a 0 1514", "a 0 94");
  }

  @Test
  void portsThatAnswerEachOtherForEverAreStoppedAndCounted() {
    Port[] pair = new Port[2];
    pair[0] = port("ping", (passage, frame) -> answer(pair[0], B, A));
    pair[1] = port("pong", (passage, frame) -> answer(pair[1], A, B));
    assertThat(network.pin(A, pair[0])).isTrue();
    assertThat(network.pin(B, pair[1])).isTrue();
    c.send(frame(B, C));
    long stopped =
        pair[0].counters().receiveDrops(DropCause.NESTED)
            + pair[1].counters().receiveDrops(DropCause.NESTED);
    assertThat(stopped).isEqualTo(1);
    c.send(frame(A, C)); // and goes on afterwards
    assertThat(pair[0].counters().transmittedFrames()).isGreaterThan(1);
  }

  @Test
  void aMillionHostileFramesDoNoHarm() {
    LogWatch.expect("frames-refused");
    SplittableRandom random = new SplittableRandom(42);
    ByteBuf[] corpus = {
      superFrame(3000),
      frame(B, A),
      Frames.udp4(B, A, 1, 2, 3, 4, new byte[80]),
      Frames.tagged(B, A, 7, 0x0800, new byte[46]),
      Frames.tagged(B, A, 0xe000, 0x8100, new byte[60]),
      taggedSuperFrame(3000),
      Frames.arp(1, A, 1, 0, 2)
    };
    ByteBuf work = Frames.untracked(70_000);
    Switch hot = new Switch("hot", timers, Frames.UNTRACKED);
    List<InMemoryPort> hotPorts =
        List.of(
            InMemoryPort.attached("a", Offloads.NONE, hot),
            InMemoryPort.attached("b", Offloads.ALL, hot),
            InMemoryPort.attached("c", Offloads.NONE, hot));
    InMemoryPort in = hotPorts.getFirst();
    for (int i = 0; i < 1_000_000; i++) {
      ByteBuf seed = corpus[random.nextInt(corpus.length)];
      work.clear();
      if ((i & 7) == 0) {
        int length = random.nextInt(120);
        for (int j = 0; j < length; j++) {
          work.writeByte(random.nextInt());
        }
      } else {
        work.writeBytes(seed, 0, 12 + random.nextInt(seed.writerIndex() - 11));
        for (int j = random.nextInt(5); j > 0; j--) {
          work.setByte(random.nextInt(Math.min(80, work.writerIndex())), random.nextInt());
        }
      }
      hot.receive(in, work);
      if ((i & 31) == 0) {
        hot.flush();
        hotPorts.forEach(InMemoryPort::clear);
      }
    }
    work.release();
    for (ByteBuf seed : corpus) {
      seed.release();
    }
    hotPorts.forEach(InMemoryPort::close);
    hot.close();
    PortCounters counters = in.counters();
    assertThat(counters.receiveDrops(DropCause.BAD_LENGTH)).isPositive();
    assertThat(counters.receiveDrops(DropCause.BAD_OFFLOAD_HEADER)).isPositive();
    assertThat(counters.receiveDrops(DropCause.BAD_SOURCE)).isPositive();
    assertThat(counters.receivedFrames()).isGreaterThan(100_000);
    assertThat(hot.addresses().size()).isLessThanOrEqualTo(MacTable.CAPACITY);
  }

  @Test
  void aDumpShowsPortsAndFigures() {
    a.send(frame(B, A));
    DumpNode dump = network.dump();
    assertThat(dump.name()).isEqualTo("switch test");
    assertThat(dump.properties()).containsEntry("addresses", 1);
    assertThat(dump.children()).extracting(DumpNode::name).contains("port a", "port b", "port c");
    assertThat(dump.children().getFirst().properties()).containsEntry("receivedFrames", 1L);
  }
}
