package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Ports that come and go, and the addresses that are theirs. */
class SwitchPortsTest extends SwitchScene {
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
        .filteredOn(known -> known.hold() == MacTable.Hold.PINNED)
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
    public void portLeft(Port other, int number) {
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
    assertThatThrownBy(() -> InMemoryPort.attached("b", Offloads.NONE, network))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("port named b");
  }
}
