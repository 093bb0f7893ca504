package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.gateway.NatScene.Guest;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The connections of a guest whose address another guest has been leased. */
class PassedOnAddressTest {
  private static final int PORT = 20_000;

  /** A connection of the first guest, which the second one's lease ends; what both have heard. */
  private String heard(boolean claimed) throws Exception {
    try (NatScene scene = new NatScene(family());
        ServerSocket listener = new ServerSocket(0, 50, family().host())) {
      Guest former = scene.guest(10);
      Guest next = scene.guest(11);
      scene.on(() -> {
        former.syn(PORT, TestNetwork.HOST, listener.getLocalPort());
        return true;
      });
      assertThat(scene.becomes(() -> former.heard().contains("syn-ack " + PORT))).isTrue();
      scene.on(() -> {
        if (claimed) {
          int address = former.address;
          next.send(
              TestNetwork.arp(
                  Ethernet.BROADCAST, Arp.REQUEST, next.mac, address, 0, TestNetwork.GATEWAY));
          scene.net.timers.advance(Duration.ofSeconds(1)); // in which the former one is silent
          former.port.drain();
          next.port.drain();
        }
        scene.nat.endGuest(former.ip(), former.mac);
        return true;
      });
      assertThat(scene.on(() -> scene.nat.flows().size())).isZero();
      return scene.on(() -> "former " + former.heard() + ", next " + next.heard());
    }
  }

  WireFamily family() {
    return WireFamily.IPV4;
  }

  @Test
  void theFormerGuestIsToldWhereTheAddressStillLeadsToIt() throws Exception {
    assertThat(heard(false)).isEqualTo("former [rst " + PORT + "], next []");
  }

  @Test
  void theNewGuestHearsNothingOfThem() throws Exception {
    assertThat(heard(true)).isEqualTo("former [], next []");
  }
}
