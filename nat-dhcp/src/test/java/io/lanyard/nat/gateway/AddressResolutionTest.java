package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.StationCount;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The gateway asks for addresses, answers for its own, and defends them. */
class AddressResolutionTest extends GatewayScene {
  /** As QEMU does for a guest that has come from another host, whose gateway it knows. */
  @Test
  void aGuestThatHasComeFromAnotherHostHearsWhereTheGatewayIs() {
    byte[] announcement =
        TestNetwork.arp(Ethernet.BROADCAST, 3, TestNetwork.GUEST_MAC, 0, TestNetwork.GUEST_MAC, 0);
    view(announcement).setShort(12, Ethernet.TYPE_RARP);
    net.guest.drain();
    List<byte[]> heard = net.exchange(announcement);
    assertThat(heard).hasSize(1);
    ByteBuf frame = view(heard.getFirst());
    assertThat(Ethernet.mac(frame, 0)).isEqualTo(TestNetwork.GUEST_MAC);
    assertThat(Arp.senderMac(frame, 14)).isEqualTo(TestNetwork.GATEWAY_MAC);
    assertThat(Arp.senderAddress(frame, 14)).isEqualTo(TestNetwork.GATEWAY);
    assertThat(Arp.targetAddress(frame, 14)).isEqualTo(TestNetwork.GATEWAY);
    int answers = 0;
    for (int i = 0; i < 200; i++) {
      answers += net.exchange(announcement).size();
    }
    assertThat(answers).as("to a flood").isEqualTo(59);
  }

  private @Nullable Neighbour known(int address) {
    return gateway.stations().neighbours().get(Address.ofIpv4(address));
  }

  private void send(int guest, int payloadLength) {
    int total = 28 + payloadLength;
    ByteBuf frame = PooledByteBufAllocator.DEFAULT.directBuffer(26 + total);
    frame.setZero(0, 26 + total).writerIndex(26 + total);
    Ipv4.write(frame, 26, total, 5, 0, 64, Ipv4.UDP, TestNetwork.WORLD, guest);
    Udp.write(frame, 46, 1, 2, 8 + payloadLength);
    Udp.finishChecksum4(frame, 26, 46);
    OffloadHeader.clear(frame, 0);
    gateway.send(frame, gateway.neighbour(Address.ofIpv4(guest)));
    frame.release();
    gateway.flush();
  }

  @Test
  void announcesItselfWhenItIsAttached() {
    List<byte[]> frames = net.guest.drain();
    assertThat(frames).hasSize(1);
    ByteBuf b = view(frames.getFirst());
    assertThat(Ethernet.destination(b, 0)).isEqualTo(Ethernet.BROADCAST);
    assertThat(Arp.senderAddress(b, 14)).isEqualTo(TestNetwork.GATEWAY);
    assertThat(Arp.targetAddress(b, 14)).isEqualTo(TestNetwork.GATEWAY);
  }

  @Test
  void oneFrameWithTheGatewaysAddressTakesNobodysTraffic() {
    LogWatch.expect("event=frames-refused network=\"test\" port=\"thief\" cause=\"pinned-source\"");
    introduce();
    InMemoryPort thief = InMemoryPort.attached("thief", Offloads.NONE, net.network);
    thief.send(
        TestNetwork.frame(
            TestNetwork.arp(
                Ethernet.BROADCAST,
                Arp.REPLY,
                TestNetwork.GATEWAY_MAC,
                TestNetwork.GATEWAY,
                0,
                TestNetwork.GATEWAY)));
    assertThat(net.guest.drain()).isEmpty();
    assertThat(net.exchange(TestNetwork.echo(TestNetwork.GATEWAY, 64, HELLO))).hasSize(1);
    assertThat(thief.pending()).isZero();
    thief.close();
  }

  @Test
  void answersArpForItsOwnAddressOnly() {
    net.guest.drain();
    List<byte[]> frames = net.exchange(ask(TestNetwork.GATEWAY));
    assertThat(frames).hasSize(1);
    assertThat(Arrays.copyOf(frames.getFirst(), 42))
        .isEqualTo(
            TestNetwork.arp(
                TestNetwork.GUEST_MAC,
                Arp.REPLY,
                TestNetwork.GATEWAY_MAC,
                TestNetwork.GATEWAY,
                TestNetwork.GUEST_MAC,
                TestNetwork.GUEST));
    assertThat(net.exchange(ask(TestNetwork.HOST))).isEmpty();
    assertThat(net.exchange(ask(Ipv4.parse("192.168.127.77")))).isEmpty();
  }

  @Test
  void answersArpForTheHostWhereItStandsForTheLoopback() {
    withHostLoopback();
    assertThat(net.exchange(ask(TestNetwork.HOST))).hasSize(1);
  }

  @Test
  void answersAnAddressProbeSoThatTheProberSeesTheConflict() {
    net.guest.drain();
    byte[] probe =
        TestNetwork.arp(
            Ethernet.BROADCAST, Arp.REQUEST, TestNetwork.GUEST_MAC, 0, 0, TestNetwork.GATEWAY);
    assertThat(net.exchange(probe)).hasSize(1);
  }

  @Test
  void defendsItsAddressAtMostOnceInTenSeconds() {
    LogWatch.expect("address-conflict network=\".+\" port=\".+\"");
    net.guest.drain();
    byte[] claim =
        TestNetwork.arp(
            Ethernet.BROADCAST,
            Arp.REQUEST,
            TestNetwork.GUEST_MAC,
            TestNetwork.GATEWAY,
            0,
            TestNetwork.GATEWAY);
    assertThat(net.exchange(claim)).hasSize(1);
    assertThat(net.exchange(claim)).isEmpty();
    net.timers.advance(Duration.ofSeconds(11));
    assertThat(net.exchange(claim)).hasSize(1);
    assertThat(gateway.counters().get(GatewayCount.ADDRESS_CONFLICT)).isEqualTo(3);
    assertThat(LogWatch.count("address-conflict")).isEqualTo(1);
    net.timers.advance(Duration.ofSeconds(60));
    assertThat(net.exchange(claim)).hasSize(1);
    assertThat(LogWatch.count("address-conflict")).isEqualTo(2);
  }

  @Test
  void asksThreeTimesASecondApartAndThenDropsWhatWaited() {
    net.guest.drain();
    int unknown = Ipv4.parse("192.168.127.50");
    send(unknown, 10);
    assertThat(net.guest.drain()).hasSize(1);
    net.timers.advance(Duration.ofMillis(1010));
    assertThat(net.guest.drain()).hasSize(1);
    net.timers.advance(Duration.ofMillis(1010));
    assertThat(net.guest.drain()).hasSize(1);
    net.timers.advance(Duration.ofSeconds(5));
    assertThat(net.guest.drain()).isEmpty();
    assertThat(gateway.stations().counters().get(StationCount.NEIGHBOUR_FAILED)).isEqualTo(1);
    assertThat(gateway.stations().counters().get(StationCount.NEIGHBOUR_QUEUE_DROPPED))
        .isEqualTo(1);
  }

  @Test
  void enginesHearOfAGuestThatNobodyAnswersFor() {
    List<String> heard = new ArrayList<>();
    PacketEngine silent = packet -> {};
    PacketEngine listening =
        new PacketEngine() {
          @Override
          public void receive(Packet packet) {}

          @Override
          public void unanswered(Neighbour guest) {
            heard.add(guest.toString());
          }
        };
    gateway.engines(listening, silent, silent, true);
    send(Ipv4.parse("192.168.127.50"), 10);
    net.timers.advance(Duration.ofMillis(2900));
    assertThat(heard).isEmpty();
    net.timers.advance(Duration.ofMillis(200));
    assertThat(heard).containsExactly("192.168.127.50");
  }

  @Test
  void keepsFourPacketsForAGuestItHasAskedFor() {
    net.guest.drain();
    for (int i = 0; i < 6; i++) {
      send(TestNetwork.GUEST, i);
    }
    assertThat(net.guest.drain()).hasSize(1);
    byte[] reply =
        TestNetwork.arp(
            TestNetwork.GATEWAY_MAC,
            Arp.REPLY,
            TestNetwork.GUEST_MAC,
            TestNetwork.GUEST,
            TestNetwork.GATEWAY_MAC,
            TestNetwork.GATEWAY);
    List<byte[]> released = net.exchange(reply);
    assertThat(released).hasSize(4);
    assertThat(released.get(3)).hasSize(14 + 28 + 3);
    assertThat(Ethernet.destination(view(released.getFirst()), 0)).isEqualTo(TestNetwork.GUEST_MAC);
  }

  @Test
  void confirmsASilentGuestAfterAMinuteAndForgetsItIfItStaysSilent() {
    introduce();
    net.timers.advance(Duration.ofSeconds(61));
    send(TestNetwork.GUEST, 1);
    assertThat(net.guest.drain()).hasSize(1);
    net.timers.advance(Duration.ofSeconds(61));
    List<byte[]> asked = net.guest.drain();
    assertThat(Ethernet.destination(view(asked.getFirst()), 0)).isEqualTo(TestNetwork.GUEST_MAC);
    net.timers.advance(Duration.ofSeconds(4));
    assertThat(known(TestNetwork.GUEST)).isNull();
  }

  @Test
  void followsAGratuitousArpToAnotherMac() {
    introduce();
    long other = 0x5254_0000_0099L;
    net.exchange(
        TestNetwork.arp(
            Ethernet.BROADCAST, Arp.REQUEST, other, TestNetwork.GUEST, 0, TestNetwork.GUEST));
    send(TestNetwork.GUEST, 1);
    assertThat(Ethernet.destination(view(net.guest.drain().getFirst()), 0)).isEqualTo(other);
    assertThat(gateway.stations().counters().get(StationCount.NEIGHBOUR_MOVED)).isEqualTo(1);
  }

  @Test
  void ordinaryTrafficDoesNotMoveAnAddressToAnotherMac() {
    introduce();
    byte[] forged = TestNetwork.echo(TestNetwork.GATEWAY, 64, HELLO);
    forged[11] = 0x66;
    net.exchange(forged);
    send(TestNetwork.GUEST, 1);
    assertThat(Ethernet.destination(view(net.guest.drain().getFirst()), 0))
        .isEqualTo(TestNetwork.GUEST_MAC);
  }
}
