package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.gateway.NatScene.Guest;
import io.lanyard.nat.station.PortBudget;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

/** The gateway keeps nothing for a port whose guest has gone. */
class LostCarrierTest {
  private static final int CLIENTS = 200;

  private static PortBudget budget(NatScene scene, Guest guest) throws Exception {
    return scene.on(() -> scene.nat.gateway().stations().budget(guest.port));
  }

  private static boolean lose(NatScene scene, Guest guest) throws Exception {
    return scene.on(() -> {
      guest.port.carrier(false);
      return true;
    });
  }

  @Test
  void theFlowsAndStationsOfAPortThatLosesItsCarrierEnd() throws Exception {
    try (NatScene scene = new NatScene();
        DatagramSocket server =
            new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Guest gone = scene.guest(10);
      Guest stays = scene.guest(11);
      scene.on(() -> {
        for (Guest guest : new Guest[] {gone, stays}) {
          guest.datagram(20000, TestNetwork.HOST, server.getLocalPort());
          guest.syn(20001, TestNetwork.HOST, listener.getLocalPort());
        }
        return true;
      });
      assertThat(scene.becomes(() -> gone.heard().contains("syn-ack 20001"))).isTrue();
      PortBudget before = budget(scene, gone);
      lose(scene, gone);
      assertThat(before.released()).isTrue();
      assertThat(scene.on(() -> scene.nat.flows().size())).isEqualTo(2);
      assertThat(before.flows().memory().bytes()).isZero();
      assertThat(before.neighbours()).isZero();
      assertThat(scene.becomes(() -> before.descriptors().held() == 0)).isTrue();
      assertThat(scene.on(() -> scene.nat.gateway().stations().budgets()))
          .containsExactly(budget(scene, stays));
    }
  }

  @Test
  void clientsThatFollowOneAnotherOnAPortLeaveNothingBehind() throws Exception {
    try (NatScene scene = new NatScene();
        ServerSocket listener = new ServerSocket(0, 1000, InetAddress.getLoopbackAddress())) {
      Guest guest = scene.guest(10);
      for (int i = 0; i < CLIENTS; i++) {
        int client = i;
        scene.on(() -> {
          guest.port.carrier(true);
          guest.syn(20000 + client, TestNetwork.HOST, listener.getLocalPort());
          guest.port.carrier(false);
          guest.port.drain();
          return true;
        });
      }
      assertThat(scene.on(() -> scene.nat.flows().size())).isZero();
      assertThat(scene.on(() -> scene.nat.tcp().connections())).isZero();
      assertThat(scene.on(() -> scene.nat.gateway().stations().size())).isZero();
      assertThat(scene.on(() -> scene.nat.gateway().stations().neighbours().size())).isZero();
      assertThat(scene.becomes(() -> scene.nat.descriptors().used() == 0)).isTrue();
    }
  }
}
