package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ports whose rules say whom they reach, which frames pass and which addresses they have. */
class PortRulesTest extends SwitchScene {
  private static PortRules rules(PortRules.Reach reach, List<Policy> in, List<Policy> out) {
    return new PortRules(in, out, reach, Integer.MAX_VALUE, false, null);
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

  private static PortRules addresses(int limit, boolean holds) {
    return new PortRules(List.of(), List.of(), PortRules.Reach.ORDINARY, limit, holds, null);
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
}
