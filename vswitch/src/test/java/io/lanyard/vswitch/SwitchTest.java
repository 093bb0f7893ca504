package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.base.DumpNode;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedClock;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SwitchTest {
  private static final long A = 0x525400000001L;
  private static final long B = 0x525400000002L;
  private static final long C = 0x525400000003L;
  private static final Offloads PLAIN = Offloads.NONE;

  private final SteppedClock clock = new SteppedClock();
  private final SteppedTimers timers = new SteppedTimers(clock);
  private final Switch network = new Switch("test", timers, PooledByteBufAllocator.DEFAULT);
  private final InMemoryPort a = InMemoryPort.attached("a", PLAIN, network);
  private final InMemoryPort b = InMemoryPort.attached("b", PLAIN, network);
  private final InMemoryPort c = InMemoryPort.attached("c", PLAIN, network);

  @AfterEach
  void close() {
    a.close();
    b.close();
    c.close();
    network.close();
  }

  private static ByteBuf frame(long to, long from) {
    return Frames.ethernet(to, from, Ethernet.TYPE_IPV4, new byte[46]);
  }

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
  void aSuperFrameWithAPriorityTagIsCutIntoUntaggedSegmentsWithGoodChecksums() {
    a.send(superFrame(3000));
    List<byte[]> expected = b.drain();
    a.send(taggedSuperFrame(3000));
    assertThat(b.drain()).usingRecursiveComparison().isEqualTo(expected);
  }

  /** A super-frame with a priority tag. */
  private static ByteBuf taggedSuperFrame(int payload) {
    ByteBuf whole = superFrame(payload);
    ByteBuf tagged = Frames.blank(54 + payload + 4);
    tagged.setBytes(0, whole, 0, 24);
    tagged.setInt(24, Ethernet.TYPE_VLAN << 16 | 0xa000);
    tagged.setBytes(28, whole, 24, whole.readableBytes() - 24);
    whole.release();
    OffloadHeader.set(
        tagged, 0, OffloadHeader.NEEDS_CSUM, OffloadHeader.GSO_TCPV4, 58, 1460, 38, 16);
    return tagged;
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
  void aSuperFrameToAGroupIsDroppedAndCounted() {
    LogWatch.expect("cause=\"group-super-frame\"");
    b.offloads(Offloads.ALL);
    ByteBuf broadcast = superFrame(5000);
    Ethernet.setDestination(broadcast, 12, Ethernet.BROADCAST);
    a.send(broadcast);
    assertThat(b.pending() + c.pending()).isZero();
    assertThat(a.counters().receiveDrops(DropCause.GROUP_SUPER_FRAME)).isEqualTo(4);
  }

  private InMemoryPort attached(String name, PortRules rules) {
    InMemoryPort port = new InMemoryPort(name, Offloads.NONE);
    port.attachTo(network, rules);
    return port;
  }

  private static PortRules rules(PortRules.Reach reach, List<Policy> in, List<Policy> out) {
    return new PortRules(in, out, reach, Integer.MAX_VALUE, false, null);
  }

  private static PortRules limited(StormLimits storm) {
    return new PortRules(
        List.of(), List.of(), PortRules.Reach.ORDINARY, Integer.MAX_VALUE, false, storm);
  }

  @Test
  void anIsolatedPortReachesTheGatewayAlone() {
    PortRules isolated = rules(PortRules.Reach.ISOLATED, List.of(), List.of());
    InMemoryPort first = attached("first", isolated);
    InMemoryPort second = attached("second", isolated);
    InMemoryPort gateway = attached("gateway", PortRules.GATEWAY);
    long one = 0x525400000011L;
    long two = 0x525400000012L;
    long gate = 0x5254000000feL;
    first.send(frame(Ethernet.BROADCAST, one));
    first.send(frame(0x525400009999L, one)); // unknown
    second.send(frame(0x01005e000001L, two));
    assertThat(gateway.drain()).hasSize(3);
    assertThat(a.pending() + b.pending() + first.pending() + second.pending()).isZero();
    gateway.send(frame(Ethernet.BROADCAST, gate));
    assertThat(List.of(first.drain().size(), second.drain().size(), a.drain().size()))
        .containsExactly(1, 1, 1);
    a.send(frame(Ethernet.BROADCAST, A));
    assertThat(first.pending()).isZero();
    assertThat(gateway.drain()).hasSize(1);
    first.send(frame(two, one));
    first.send(frame(A, one));
    a.send(frame(one, A));
    assertThat(second.pending() + a.pending() + first.pending()).isZero();
    assertThat(first.counters().receiveDrops(DropCause.ISOLATED)).isEqualTo(2);
    assertThat(a.counters().receiveDrops(DropCause.ISOLATED)).isEqualTo(1);
    first.send(frame(gate, one));
    gateway.send(frame(one, gate));
    assertThat(List.of(gateway.drain().size(), first.drain().size())).containsExactly(1, 1);
    List.of(first, second, gateway).forEach(InMemoryPort::close);
  }

  @Test
  void policiesJudgeAtIngressAndAtEgress() {
    LogWatch.expect("cause=\"guard-ip\"");
    Policy noArp = (passage, frame) -> passage.etherType() == 0x0806 ? DropCause.GUARD_IP : null;
    InMemoryPort in = attached("in", rules(PortRules.Reach.ORDINARY, List.of(noArp), List.of()));
    InMemoryPort out = attached("out", rules(PortRules.Reach.ORDINARY, List.of(), List.of(noArp)));
    in.send(Frames.arp(1, A, 1, 0, 2));
    assertThat(in.counters().receiveDrops(DropCause.GUARD_IP)).isEqualTo(1);
    assertThat(b.pending()).isZero();
    b.send(Frames.arp(1, B, 1, 0, 2));
    assertThat(in.drain()).hasSize(1);
    assertThat(out.pending()).isZero();
    assertThat(out.counters().transmitDrops(DropCause.GUARD_IP)).isEqualTo(1);
    b.send(frame(Ethernet.BROADCAST, B));
    assertThat(out.drain()).hasSize(1);
    in.close();
    out.close();
  }

  @Test
  void aFrameForWhichAPolicyThrowsIsCountedAndTheNextPasses() {
    int[] judged = {0};
    Policy faulty =
        (passage, frame) -> {
          if (++judged[0] == 1) {
            throw new IllegalStateException("on purpose");
          }
          return null;
        };
    InMemoryPort in = attached("in", rules(PortRules.Reach.ORDINARY, List.of(faulty), List.of()));
    ByteBuf frame = frame(Ethernet.BROADCAST, C);
    assertThatThrownBy(() -> network.receive(in, frame)).hasMessage("on purpose");
    assertThat(in.counters().receiveDrops(DropCause.HOST_ERROR)).isEqualTo(1);
    assertThat(b.pending()).isZero();
    network.receive(in, frame);
    network.flush();
    assertThat(b.pending()).isEqualTo(1);
    assertThat(in.counters().receiveDrops()).isEqualTo(1);
    frame.release();
    in.close();
  }

  /** A frame to all ports does not move its source, and gets past no limit by that. */
  @ParameterizedTest
  @ValueSource(longs = {Ethernet.BROADCAST, 0x01005e000001L, 0x525400009999L})
  void aPortThatIsHeldToItsAddressesFloodsNothingInTheNameOfAnother(long everybody) {
    LogWatch.expect("frames-refused");
    InMemoryPort holds = attached("holds", addresses(16, true));
    InMemoryPort full = attached("full", addresses(1, false));
    InMemoryPort limited = attached("limited", addresses(1, false));
    full.send(frame(Ethernet.BROADCAST, 0x525400000021L));
    a.send(frame(Ethernet.BROADCAST, A));
    b.clear();
    holds.send(frame(everybody, A));
    full.send(frame(everybody, A));
    limited.send(frame(everybody, A));
    assertThat(b.pending()).isZero();
    assertThat(holds.counters().receiveDrops(DropCause.PINNED_SOURCE)).isEqualTo(1);
    assertThat(full.counters().receiveDrops(DropCause.MAC_LIMIT)).isEqualTo(1);
    assertThat(limited.counters().receiveDrops(DropCause.PINNED_SOURCE)).isEqualTo(1);
    c.send(frame(everybody, A)); // it has come back by a loop, for all that is known of c
    assertThat(b.pending()).isEqualTo(1);
    List.of(holds, full, limited).forEach(InMemoryPort::close);
  }

  @Test
  void whatIsPinnedIsFloodedFromNowhereElseInAnyVlan() {
    LogWatch.expect("cause=\"pinned-source\"");
    a.send(Frames.tagged(Ethernet.BROADCAST, C, 9, Ethernet.TYPE_IPV4, new byte[46]));
    network.pin(C, a);
    b.clear();
    c.send(Frames.tagged(Ethernet.BROADCAST, C, 9, Ethernet.TYPE_IPV4, new byte[46]));
    assertThat(b.pending()).isZero();
    assertThat(c.counters().receiveDrops(DropCause.PINNED_SOURCE)).isEqualTo(1);
  }

  private static PortRules addresses(int limit, boolean holds) {
    return new PortRules(List.of(), List.of(), PortRules.Reach.ORDINARY, limit, holds, null);
  }

  @Test
  void aStormIsHeldDownCountedByCopiesAndAProblemWhileItLasts() {
    LogWatch.expect("port=\"loop\" cause=\"broadcast-storm\"");
    InMemoryPort loop = attached("loop", limited(new StormLimits(3000, 3000, 3000)));
    assertThat(network.problem(loop)).isEmpty();
    for (int i = 0; i < 1000; i++) {
      loop.send(frame(Ethernet.BROADCAST, C));
    }
    // Three copies each: a tenth of a second's worth.
    assertThat(a.drain()).hasSize(100);
    assertThat(loop.counters().receiveDrops(DropCause.BROADCAST_STORM)).isEqualTo(900);
    assertThat(network.problem(loop))
        .contains("storm of broadcast frames", "loop", "networks.NAME.storm-control");
    assertThat(network.problem(a)).isEmpty();
    loop.send(frame(0x01005e000001L, C));
    loop.send(frame(0x525400009999L, C));
    assertThat(a.drain()).hasSize(2); // buckets of their own
    for (int i = 0; i < 1000; i++) {
      clock.advance(Duration.ofMillis(1));
      loop.send(frame(Ethernet.BROADCAST, C));
    }
    assertThat(a.drain().size()).isBetween(990, 1000);
    clock.advance(Duration.ofSeconds(6));
    assertThat(network.problem(loop)).isEmpty();
    assertThat(LogWatch.count("broadcast-storm")).isEqualTo(1);
    loop.close();
  }

  @Test
  void aFloodOfUnknownAddressesAndOfGroupsIsHeldDown() {
    LogWatch.expect("multicast-storm");
    LogWatch.expect("unknown-storm");
    network.detach(a);
    a.attachTo(network, limited(new StormLimits(20_000, 50_000, 50_000)));
    for (int i = 0; i < 100_000; i++) {
      ByteBuf group = frame(0x01005e000000L + i % 1000, A);
      network.receive(a, group);
      group.release();
      ByteBuf unknown = frame(0x525500000000L + i, A);
      network.receive(a, unknown);
      unknown.release();
      if (i % 100 == 0) {
        network.flush();
        b.clear();
        c.clear();
      }
    }
    assertThat(a.counters().receiveDrops(DropCause.MULTICAST_STORM)).isEqualTo(97_500);
    assertThat(a.counters().receiveDrops(DropCause.UNKNOWN_STORM)).isEqualTo(97_500);
    b.send(frame(Ethernet.BROADCAST, B)); // another port's bucket is full
    b.clear();
    a.send(frame(B, A)); // and known addresses cost nothing
    assertThat(b.pending()).isEqualTo(1);
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
  void aFrameFromAPinnedAddressThatComesInElsewhereIsDroppedCountedAndSaidOnce() {
    LogWatch.expect("port=\"c\" cause=\"pinned-source\"");
    assertThat(network.pin(B, b)).isTrue();
    for (int i = 0; i < 1000; i++) {
      c.send(frame(Ethernet.BROADCAST, B));
      c.send(Frames.tagged(Ethernet.BROADCAST, B, 10, 0x0800, new byte[46]));
    }
    assertThat(a.pending() + b.pending()).isZero();
    assertThat(c.counters().receiveDrops(DropCause.PINNED_SOURCE)).isEqualTo(2000);
    assertThat(LogWatch.count("frames-refused")).isEqualTo(1);
    clock.advance(Duration.ofSeconds(61));
    c.send(frame(Ethernet.BROADCAST, B));
    assertThat(LogWatch.count("frames=\"2000\"")).isEqualTo(1);
    a.send(frame(B, A));
    assertThat(b.pending()).isEqualTo(1);
    assertThat(c.pending()).isZero();
    assertThat(network.addresses())
        .filteredOn(Switch.Address::isPinned)
        .extracting(Switch.Address::port)
        .containsExactly(b);
  }

  @Test
  void aPinnedAddressMaySpeakFromItsOwnPort() {
    assertThat(network.pin(B, b)).isTrue();
    b.send(frame(A, B));
    b.send(Frames.tagged(A, B, 10, 0x0800, new byte[46]));
    assertThat(a.pending()).isEqualTo(2);
  }

  @Test
  void anAddressIsPinnedToOnePortAndFreeWhenThatIsDetached() {
    assertThat(network.pin(B, b)).isTrue();
    assertThat(network.pin(B, b)).isTrue();
    assertThat(network.pin(B, c)).isFalse();
    network.detach(b);
    assertThat(network.pin(A, b)).isFalse();
    assertThat(network.pin(B, c)).isTrue();
  }

  @Test
  void anAddressThatIsUnpinnedMayBeElsewhere() {
    LogWatch.expect("cause=\"pinned-source\"");
    assertThat(network.pin(B, b)).isTrue();
    network.unpin(B, c); // it is not c's
    c.send(frame(A, B));
    assertThat(a.pending()).isZero();
    network.unpin(B, b);
    c.send(frame(A, B));
    assertThat(a.pending()).isEqualTo(1);
    b.clear();
    a.send(frame(B, A));
    assertThat(b.pending()).isZero();
    assertThat(network.pin(B, c)).isTrue();
    network.detach(b);
    network.unpin(B, b);
    assertThat(network.pin(B, a)).isFalse();
  }

  @Test
  void whatIsBehindAPortWithoutCarrierIsFloodedAndItsPinsStay() {
    assertThat(network.pin(C, b)).isTrue();
    b.send(frame(Ethernet.BROADCAST, B));
    a.drain();
    c.drain();
    b.carrier(false);
    a.send(frame(B, A));
    assertThat(c.pending()).isEqualTo(1);
    a.send(frame(C, A));
    assertThat(c.pending()).isEqualTo(1);
    b.carrier(true);
    network.detach(b);
    b.carrier(false); // nothing to forget
  }

  /** Notes which ports left; a frame to it makes another lose its carrier. */
  private static final class Watcher extends ObservedPort {
    private final List<String> left = new ArrayList<>();
    private Runnable onTransmit = () -> {};

    Watcher() {
      super("watcher", "watcher", 1500, PortState.up());
    }

    @Override
    public boolean transmit(Passage passage, ByteBuf frame) {
      List<String> before = List.copyOf(left);
      onTransmit.run();
      assertThat(left).isEqualTo(before);
      return true;
    }

    @Override
    public void portLeft(Port other) {
      left.add(other.name());
    }

    @Override
    public Offloads offloads() {
      return Offloads.NONE;
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void aLostCarrierIsToldToTheOtherPortsButNotWhileAFrameIsOnItsWay() {
    Watcher watcher = new Watcher();
    network.attach(watcher, PortRules.PLAIN);
    b.carrier(false);
    assertThat(watcher.left).containsExactly("b");
    b.carrier(true);
    watcher.onTransmit = () -> b.carrier(false);
    a.send(frame(Ethernet.BROADCAST, A));
    assertThat(watcher.left).containsExactly("b", "b");
    watcher.become(PortState.closed());
    assertThat(watcher.left).hasSize(2);
  }

  @Test
  void aPortThatWasDetachedAndAttachedAgainIsListenedToOnce() {
    Watcher watcher = new Watcher();
    network.attach(watcher, PortRules.PLAIN);
    network.detach(b);
    b.attachTo(network);
    assertThat(watcher.left).containsExactly("b");
    b.carrier(false);
    assertThat(watcher.left).containsExactly("b", "b");
  }

  @Test
  void detachingForgetsTheAddressesBehindThePort() {
    b.send(frame(Ethernet.BROADCAST, B));
    c.drain();
    network.detach(b);
    a.send(frame(B, A));
    assertThat(b.pending()).isZero();
    assertThat(c.pending()).isEqualTo(1);
    b.send(frame(A, B)); // its frames are ignored, and it may come back
    b.attachTo(network);
    assertThat(network.ports()).hasSize(3).contains(b);
  }

  @Test
  void twoPortsOfOneNameAreRefused() {
    assertThatThrownBy(() -> InMemoryPort.attached("b", PLAIN, network))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("port named b");
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

  private static ByteBuf superFrame(int payload) {
    byte[] data = new byte[payload];
    new SplittableRandom(5).nextBytes(data);
    ByteBuf frame =
        Frames.tcp4(B, A, 0x0a000001, 1, 0x0a000002, 2, 1000, 1, Tcp.ACK | Tcp.PSH, data);
    int tcp = Frames.PAYLOAD + 20;
    Tcp.setChecksum(
        frame,
        tcp,
        Checksum.fold(Checksum.pseudo4(0x0a000001, 0x0a000002, Ipv4.TCP, 20 + payload)));
    OffloadHeader.set(
        frame, 0, OffloadHeader.NEEDS_CSUM, OffloadHeader.GSO_TCPV4, 54, 1460, 34, 16);
    return frame;
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

  /** A port whose transmit is a test's. */
  private Port port(String name, BiPredicate<Passage, ByteBuf> transmit) {
    PortCounters counters = new PortCounters();
    Port port =
        new Port() {
          @Override
          public String name() {
            return name;
          }

          @Override
          public String kind() {
            return "test";
          }

          @Override
          public int mtu() {
            return 1500;
          }

          @Override
          public Offloads offloads() {
            return PLAIN;
          }

          @Override
          public boolean transmit(Passage passage, ByteBuf frame) {
            return transmit.test(passage, frame);
          }

          @Override
          public void flush() {}

          @Override
          public PortCounters counters() {
            return counters;
          }

          @Override
          public void close() {}
        };
    network.attach(port);
    return port;
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

  private boolean answer(Port from, long to, long source) {
    ByteBuf answer = frame(to, source);
    network.receive(from, answer);
    answer.release();
    return true;
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
            InMemoryPort.attached("a", PLAIN, hot),
            InMemoryPort.attached("b", Offloads.ALL, hot),
            InMemoryPort.attached("c", PLAIN, hot));
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
