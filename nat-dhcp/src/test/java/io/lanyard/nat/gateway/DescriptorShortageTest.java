package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.gateway.NatScene.Guest;
import io.lanyard.nat.tcp.TcpCount;
import io.lanyard.nat.udp.UdpCount;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Tcp;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The effects on guests when there are few descriptors, and when one guest wants them all. */
class DescriptorShortageTest {
  @BeforeEach
  void expectTheWarning() {
    LogWatch.expect("no-descriptor");
  }

  WireFamily family() {
    return WireFamily.IPV4;
  }

  private NatScene scene(NetworkConfig config, int descriptors) throws Exception {
    return new NatScene(family(), config, host(descriptors), nic -> null);
  }

  private static HostResources host(int descriptors) {
    DescriptorBudget budget = new DescriptorBudget(() -> descriptors, Clock.system());
    return HostResources.of(budget, List.of(), HostResources.alone().prefixes());
  }

  private NatScene scene(int descriptors) throws Exception {
    return scene(family().config(), descriptors);
  }

  private DatagramSocket server() throws Exception {
    DatagramSocket socket = new DatagramSocket(family().anyPort());
    socket.setSoTimeout(60_000);
    return socket;
  }

  private static long count(NatScene scene, TcpCount what) throws Exception {
    return scene.on(() -> scene.nat.tcp().counters().get(what));
  }

  @Test
  void aGuestThatWantsAllSocketsLeavesTheOthersTheirs() throws Exception {
    try (NatScene scene = scene(60);
        DatagramSocket server = server();
        ServerSocket listener = new ServerSocket(0, 50, family().host())) {
      Guest greedy = scene.guest(10);
      Guest honest = scene.guest(11);
      scene.on(() -> {
        for (int port = 20000; port < 20400; port++) {
          greedy.datagram(port, TestNetwork.HOST, server.getLocalPort());
          greedy.syn(port, TestNetwork.HOST, listener.getLocalPort());
          greedy.ping(TestNetwork.WORLD, port);
        }
        return true;
      });
      assertThat(scene.on(() -> scene.nat.descriptors().used())).isBetween(25, 35);
      assertThat(scene.nat.descriptors().problem()).contains("guest10");
      for (int port = 30000; port < 30005; port++) {
        int own = port;
        scene.on(() -> {
          honest.datagram(own, TestNetwork.HOST, server.getLocalPort());
          honest.syn(own, TestNetwork.HOST, listener.getLocalPort());
          return true;
        });
      }
      assertThat(scene.becomes(() -> scene.nat.tcp().counters().get(TcpCount.OPENED_BY_GUEST) > 4))
          .isTrue();
      assertThat(scene.on(() -> flowsOf(scene, honest))).isEqualTo(10);
    }
  }

  private static long flowsOf(NatScene scene, Guest guest) {
    return scene.nat.listFlows().stream()
        .filter(flow -> flow.guest().address().equals(guest.ip()))
        .count();
  }

  @Test
  void aSynWithoutADescriptorIsDroppedAndTakenWhenOneIsFree() throws Exception {
    try (NatScene scene = scene(2);
        ServerSocket listener = new ServerSocket(0, 50, family().host())) {
      listener.setSoTimeout(60_000);
      Guest guest = scene.guest(10);
      scene.on(() -> {
        guest.syn(20000, TestNetwork.HOST, listener.getLocalPort());
        guest.syn(20001, TestNetwork.HOST, listener.getLocalPort());
        return true;
      });
      try (Socket first = listener.accept()) {
        assertThat(first.isConnected()).isTrue();
        assertThat(count(scene, TcpCount.NO_DESCRIPTOR)).isEqualTo(1);
        assertThat(scene.on(guest::heard)).doesNotContain("rst 20001").doesNotContain("icmp 3/1");
        assertThat(scene.on(() -> scene.nat.flows().size(FlowKey.TCP))).isEqualTo(1);
        scene.on(() -> {
          guest.segment(
              20000, TestNetwork.HOST, listener.getLocalPort(), NatScene.ISN + 1, 0, Tcp.RST);
          return true;
        });
        // The number is free when the loop's turn is over.
        assertThat(scene.becomes(() -> scene.nat.descriptors().used() == 0)).isTrue();
      }
      scene.on(() -> {
        guest.syn(20001, TestNetwork.HOST, listener.getLocalPort());
        return true;
      });
      try (Socket second = listener.accept()) {
        assertThat(second.isConnected()).isTrue();
      }
    }
  }

  @Test
  void aNewDatagramTakesTheSocketOfTheGuestsOwnIdlestFlow() throws Exception {
    try (NatScene scene = scene(40);
        DatagramSocket server = server()) {
      Guest guest = scene.guest(10);
      // As many again as there can be, each in a turn of its own: as a resolver does.
      for (int port = 20000; port < 20060; port++) {
        int own = port;
        scene.on(() -> {
          guest.datagram(own, TestNetwork.HOST, server.getLocalPort());
          return true;
        });
        server.receive(new DatagramPacket(new byte[10], 10));
      }
      assertThat(scene.on(() -> scene.nat.descriptors().used())).isLessThanOrEqualTo(20);
      assertThat(scene.on(() -> scene.nat.udp().counters().get(UdpCount.NO_DESCRIPTOR))).isZero();
      // For the warning that this class expects.
      scene.on(() -> {
        for (int port = 30000; port < 30060; port++) {
          guest.datagram(port, TestNetwork.HOST, server.getLocalPort());
        }
        return true;
      });
      assertThat(scene.on(() -> scene.nat.udp().counters().get(UdpCount.NO_DESCRIPTOR)))
          .isPositive();
    }
  }

  @Test
  void aConnectionTakesTheSocketsOfIdleFlowsWhenAnotherGuestHasTakenItsShareMeanwhile()
      throws Exception {
    try (NatScene scene = scene(60);
        DatagramSocket server = server();
        ServerSocket listener = new ServerSocket(0, 50, family().host())) {
      listener.setSoTimeout(60_000);
      Guest honest = scene.guest(11);
      for (int port = 20000; port < 20025; port++) {
        int own = port;
        scene.on(() -> {
          honest.datagram(own, TestNetwork.HOST, server.getLocalPort());
          return true;
        });
      }
      Guest greedy = scene.guest(10);
      scene.on(() -> {
        for (int port = 20000; port < 20400; port++) {
          greedy.syn(port, TestNetwork.HOST, listener.getLocalPort());
        }
        return true;
      });
      // A guest sends a SYN again that has no answer.
      for (int i = 0; i < 2; i++) {
        scene.on(() -> {
          honest.syn(30000, TestNetwork.HOST, listener.getLocalPort());
          return true;
        });
      }
      assertThat(scene.on(() -> scene.nat.listFlows()))
          .anyMatch(flow -> flow.protocol().equals("tcp") && flow.guest().port() == 30000);
    }
  }

  @Test
  void aPingWithoutADescriptorIsDroppedInSilence() throws Exception {
    NetworkConfig config = family().network();
    try (NatScene scene = new NatScene(family(), config, host(0), nic -> null, NatNetwork::new)) {
      Guest guest = scene.guest(10);
      scene.on(() -> {
        guest.ping(TestNetwork.WORLD, 7);
        return true;
      });
      assertThat(scene.on(guest::heard)).isEmpty();
    }
  }

  /** A forward has a quarter of the network's flows, which are no more than its sockets. */
  @Test
  void clientsOfAForwardTakeNoSocketsFromGuests() throws Exception {
    LogWatch.expect("forward-full");
    ForwardConfig forward =
        TestNetwork.forward(
            Transport.TCP,
            new Endpoint(Address.LOOPBACK_IPV4, 0),
            family().address(TestNetwork.GUEST).toString(),
            80);
    try (NatScene scene = scene(TestNetworks.forwards(family().config(), forward), 20);
        ServerSocket listener = new ServerSocket(0, 50, family().host())) {
      Guest guest = scene.guest(10);
      assertThat(scene.becomes(() -> scene.nat.forwards().list().getFirst().port() != 0)).isTrue();
      int port = scene.on(() -> scene.nat.forwards().list().getFirst().port());
      Socket[] clients = new Socket[20];
      for (int i = 0; i < clients.length; i++) {
        clients[i] = new Socket();
        clients[i].bind(new InetSocketAddress("127.0.0." + (i + 1), 0));
        clients[i].connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      }
      assertThat(scene.becomes(() -> scene.nat.forwards().list().getFirst().refused() == 15))
          .isTrue();
      // And the one that the forward listens by.
      assertThat(scene.on(() -> scene.nat.descriptors().used())).isEqualTo(1 + 5);
      scene.on(() -> {
        for (int own = 20_000; own < 20_020; own++) {
          guest.syn(own, TestNetwork.HOST, listener.getLocalPort());
        }
        return true;
      });
      // The guest's port holds as many as it leaves to others.
      assertThat(scene.on(() -> scene.nat.descriptors().used())).isEqualTo(1 + 5 + 7);
      for (Socket client : clients) {
        client.close();
      }
    }
  }
}
