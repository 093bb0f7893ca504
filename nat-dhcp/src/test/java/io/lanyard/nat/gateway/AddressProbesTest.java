package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

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
            1500);
    gateway.attach();
    net.guest.drain();
    gateway.probe(
        ADDRESS,
        CLIENT,
        WAIT.toNanos(),
        () -> heard.add("free"),
        mac -> heard.add("in use by " + Ethernet.format(mac)));
  }

  @AfterEach
  void stop() {
    gateway.close();
    net.guest.close();
  }

  private void answer(int operation, long mac, int sender, int target) {
    net.exchange(TestNetwork.arp(TestNetwork.GATEWAY_MAC, operation, mac, sender, 0, target));
  }

  @Test
  void the_probe_is_a_broadcast_request_without_a_sender() {
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
  void an_address_that_nobody_answers_for_is_free_when_the_wait_is_over() {
    net.timers.advance(WAIT.minus(TICKS));
    assertThat(heard).isEmpty();
    net.timers.advance(TICKS.multipliedBy(2));
    assertThat(heard).containsExactly("free");
    net.timers.advance(LISTEN.multipliedBy(10));
    assertThat(heard).containsExactly("free");
  }

  @Test
  void an_answer_ends_the_probe_at_once() {
    answer(Arp.REPLY, TestNetwork.GUEST_MAC, ADDRESS, 0);
    assertThat(heard).containsExactly("in use by 52:54:00:00:00:10");
    answer(Arp.REPLY, TestNetwork.GUEST_MAC, ADDRESS, 0);
    net.timers.advance(LISTEN.multipliedBy(10));
    assertThat(heard).hasSize(1);
  }

  @Test
  void a_late_answer_is_heard_for_a_second() {
    net.timers.advance(LISTEN.minus(TICKS));
    answer(Arp.REQUEST, TestNetwork.GUEST_MAC, ADDRESS, TestNetwork.GATEWAY);
    assertThat(heard).containsExactly("free", "in use by 52:54:00:00:00:10");
  }

  @Test
  void an_answer_after_a_second_is_not_heard() {
    net.timers.advance(LISTEN.plus(TICKS));
    answer(Arp.REPLY, TestNetwork.GUEST_MAC, ADDRESS, 0);
    assertThat(heard).containsExactly("free");
  }

  @Test
  void the_client_itself_does_not_count() {
    answer(Arp.REPLY, CLIENT, ADDRESS, 0);
    net.timers.advance(WAIT.plus(TICKS));
    assertThat(heard).containsExactly("free");
  }

  @Test
  void another_probe_for_the_same_address_is_a_conflict() {
    answer(Arp.REQUEST, TestNetwork.GUEST_MAC, 0, ADDRESS);
    assertThat(heard).containsExactly("in use by 52:54:00:00:00:10");
  }

  @Test
  void nothing_is_told_after_the_gateway_has_closed() {
    gateway.close();
    net.timers.advance(LISTEN.multipliedBy(10));
    assertThat(heard).isEmpty();
  }
}
