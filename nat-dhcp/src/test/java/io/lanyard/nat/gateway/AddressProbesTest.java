package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.StationMemory;
import io.lanyard.net.Address;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortCounters;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AddressProbesTest {
  private static final int ADDRESS = Ipv4.parse("192.168.127.130");
  private static final long CLIENT = 0x5254_0000_0020L;
  private static final Duration WAIT = Duration.ofMillis(200);
  private static final Duration LISTEN = Duration.ofNanos(AddressProbes.LISTEN_NANOS);

  /** A few ticks of the timer wheel. */
  private static final Duration TICKS = Duration.ofMillis(50);

  private final TestNetwork net = new TestNetwork();
  private final List<String> heard = new ArrayList<>();
  private Gateway gateway;
  private boolean flushed;

  @BeforeEach
  void start() {
    gateway =
        new Gateway(
            new EmbeddedChannel().eventLoop(),
            net.timers,
            PooledByteBufAllocator.DEFAULT,
            net.network,
            "gateway",
            TestNetwork.addresses(false),
            1500,
            DescriptorBudget.ample().share("test"),
            StationMemory.alone());
    gateway.attach();
    net.guest.drain();
    gateway.probe(Address.ofIpv4(ADDRESS), WAIT.toNanos(), listener(""));
  }

  @AfterEach
  void stop() {
    gateway.close();
    net.guest.close();
  }

  /** A port whose client, when a burst ends, does something that the gateway hears at once. */
  private final class FlushedPort implements Port {
    private final Runnable atFlush;
    private final PortCounters counters = new PortCounters();

    FlushedPort(Runnable atFlush) {
      this.atFlush = atFlush;
    }

    @Override
    public String name() {
      return "flushed";
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
      return Offloads.NONE;
    }

    @Override
    public boolean transmit(Passage passage, ByteBuf frame) {
      return true;
    }

    @Override
    public void flush() {
      if (!flushed) {
        flushed = true;
        atFlush.run();
      }
    }

    @Override
    public PortCounters counters() {
      return counters;
    }

    @Override
    public void close() {}
  }

  private ProbeListener listener(String name) {
    return new ProbeListener() {
      @Override
      public boolean answered(long mac, Station from) {
        heard.add(name + Ethernet.format(mac) + " behind " + from.budget().name());
        return mac != CLIENT;
      }

      @Override
      public void silent() {
        heard.add(name + "silent");
      }
    };
  }

  private void answer(int operation, long mac, int sender, int target) {
    net.exchange(TestNetwork.arp(TestNetwork.GATEWAY_MAC, operation, mac, sender, 0, target));
  }

  @Test
  void theProbeIsABroadcastRequestWithoutASender() {
    List<byte[]> frames = net.guest.drain();
    assertThat(frames).hasSize(1);
    ByteBuf frame = TestNetwork.view(frames.getFirst());
    assertThat(Ethernet.destination(frame, 0)).isEqualTo(Ethernet.BROADCAST);
    assertThat(Arp.operation(frame, 14)).isEqualTo(Arp.REQUEST);
    assertThat(Arp.senderMac(frame, 14)).isEqualTo(TestNetwork.GATEWAY_MAC);
    assertThat(Arp.senderAddress(frame, 14)).isZero();
    assertThat(Arp.targetAddress(frame, 14)).isEqualTo(ADDRESS);
  }

  @Test
  void anAddressThatNobodyAnswersForIsFreeWhenTheWaitIsOver() {
    net.timers.advance(WAIT.minus(TICKS));
    assertThat(heard).isEmpty();
    net.timers.advance(TICKS.multipliedBy(2));
    assertThat(heard).containsExactly("silent");
    net.timers.advance(LISTEN.multipliedBy(10));
    assertThat(heard).containsExactly("silent");
  }

  @Test
  void anAnswerEndsTheProbeAtOnce() {
    answer(Arp.REPLY, TestNetwork.GUEST_MAC, ADDRESS, 0);
    assertThat(heard).containsExactly("52:54:00:00:00:10 behind guest");
    answer(Arp.REPLY, TestNetwork.GUEST_MAC, ADDRESS, 0);
    net.timers.advance(LISTEN.multipliedBy(10));
    assertThat(heard).hasSize(1);
  }

  @Test
  void aLateAnswerIsHeardForASecond() {
    net.timers.advance(LISTEN.minus(TICKS));
    answer(Arp.REQUEST, TestNetwork.GUEST_MAC, ADDRESS, TestNetwork.GATEWAY);
    assertThat(heard).containsExactly("silent", "52:54:00:00:00:10 behind guest");
  }

  @Test
  void anAnswerAfterASecondIsNotHeard() {
    net.timers.advance(LISTEN.plus(TICKS));
    answer(Arp.REPLY, TestNetwork.GUEST_MAC, ADDRESS, 0);
    assertThat(heard).containsExactly("silent");
  }

  @Test
  void anAnswerThatDoesNotSettleItLeavesTheProbeAsItIs() {
    answer(Arp.REPLY, CLIENT, ADDRESS, 0);
    net.timers.advance(WAIT.plus(TICKS));
    answer(Arp.REPLY, TestNetwork.GUEST_MAC, ADDRESS, 0);
    assertThat(heard)
        .containsExactly(
            "52:54:00:00:00:20 behind guest", "silent", "52:54:00:00:00:10 behind guest");
  }

  @Test
  void eachProberOfAnAddressHasAWaitOfItsOwn() {
    net.timers.advance(WAIT.dividedBy(2));
    gateway.probe(Address.ofIpv4(ADDRESS), WAIT.toNanos(), listener("second "));
    net.timers.advance(WAIT.dividedBy(2).plus(TICKS));
    assertThat(heard).containsExactly("silent");
    answer(Arp.REPLY, TestNetwork.GUEST_MAC, ADDRESS, 0);
    net.timers.advance(LISTEN.multipliedBy(10));
    assertThat(heard)
        .containsExactly(
            "silent", "52:54:00:00:00:10 behind guest", "second 52:54:00:00:00:10 behind guest");
  }

  @Test
  void anotherProbeForTheSameAddressIsAConflict() {
    answer(Arp.REQUEST, TestNetwork.GUEST_MAC, 0, ADDRESS);
    assertThat(heard).containsExactly("52:54:00:00:00:10 behind guest");
  }

  @Test
  void aProbeThatBeginsWhileTheGatewayClosesIsNotToldOfAfterwards() {
    net.network.attach(
        new FlushedPort(
            () -> gateway.probe(Address.ofIpv4(ADDRESS + 1), WAIT.toNanos(), listener("late "))));
    net.guest.put(
        TestNetwork.frame(
            TestNetwork.arp(
                Ethernet.BROADCAST, Arp.REQUEST, CLIENT, TestNetwork.GUEST, 0, ADDRESS + 2)));
    gateway.close(); // Ends the burst.
    assertThat(flushed).isTrue();
    net.timers.advance(LISTEN.multipliedBy(10));
    assertThat(heard).isEmpty();
  }

  @Test
  void nothingIsToldAfterTheGatewayHasClosed() {
    gateway.close();
    net.timers.advance(LISTEN.multipliedBy(10));
    assertThat(heard).isEmpty();
  }
}
