package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.lanyard.base.Clock;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.egress.PortEgress;
import io.lanyard.nat.flow.FlowRecord;
import io.lanyard.nat.gateway.NatScene.Guest;
import io.lanyard.nat.udp.UdpCount;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.PooledByteBufAllocator;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A NAT that takes another configuration while flows go through it. */
@Timeout(240)
class NatChangeTest {
  private final NatScene scene;
  private final Guest guest;

  NatChangeTest() throws Exception {
    scene = new NatScene();
    guest = scene.guest(10);
  }

  @AfterEach
  void close() {
    scene.close();
  }

  private void configure(NetworkConfig next) throws Exception {
    scene.on(() -> {
      scene.nat.configure(next);
      return true;
    });
  }

  private static DatagramSocket server() throws Exception {
    DatagramSocket socket =
        new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    socket.setSoTimeout(60_000);
    return socket;
  }

  private void sends(int from, int to) throws Exception {
    scene.on(() -> {
      guest.datagram(from, TestNetwork.HOST, to);
      scene.nat.udp().flush();
      return true;
    });
  }

  private int flows() throws Exception {
    return scene.on(() -> scene.nat.flows().size());
  }

  private void advance(Duration time) throws Exception {
    scene.on(() -> {
      scene.net.timers.advance(time);
      return true;
    });
  }

  private static DatagramPacket receive(DatagramSocket socket) throws Exception {
    DatagramPacket packet = new DatagramPacket(new byte[100], 100);
    socket.receive(packet);
    return packet;
  }

  @Test
  void aStricterFilterKeepsStrangersOutAndTheFlowThatIsThereGoesOn() throws Exception {
    try (DatagramSocket server = server();
        DatagramSocket stranger = server()) {
      sends(40_001, server.getLocalPort());
      DatagramPacket first = receive(server);
      configure(TestNetwork.config("filtering: address-and-port-dependent"));
      stranger.send(
          new DatagramPacket(new byte[3], 3, InetAddress.getLoopbackAddress(), first.getPort()));
      assertThat(scene.becomes(() -> scene.nat.udp().counters().get(UdpCount.FILTERED) == 1))
          .isTrue();
      sends(40_001, server.getLocalPort());
      assertThat(receive(server).getPort()).isEqualTo(first.getPort());
      configure(TestNetwork.config());
      stranger.send(
          new DatagramPacket(new byte[3], 3, InetAddress.getLoopbackAddress(), first.getPort()));
      assertThat(scene.becomes(() -> guest.heard().contains("udp 40001"))).isTrue();
    }
  }

  @Test
  void aShorterTimeoutHoldsForTheFlowsThatAreThere() throws Exception {
    try (DatagramSocket server = server();
        ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      sends(40_001, server.getLocalPort());
      scene.on(() -> {
        guest.syn(40_002, TestNetwork.HOST, listener.getLocalPort());
        return true;
      });
      assertThat(scene.becomes(() -> guest.heard().contains("syn-ack 40002"))).isTrue();
      assertThat(flows()).isEqualTo(2);
      configure(TestNetwork.config("timeouts: {udp: 10s, tcp-transitory: 30s}"));
      advance(Duration.ofSeconds(12));
      assertThat(flows()).isEqualTo(1);
      advance(Duration.ofSeconds(25));
      assertThat(flows()).isZero();
    }
  }

  @Test
  void aLongerTimeoutHoldsForTheFlowsThatAreThere() throws Exception {
    try (DatagramSocket server = server()) {
      sends(40_001, server.getLocalPort());
      configure(TestNetwork.config("timeouts: {udp: 1h}"));
      advance(Duration.ofMinutes(50));
      assertThat(flows()).isEqualTo(1);
      advance(Duration.ofMinutes(11));
      assertThat(flows()).isZero();
    }
  }

  @Test
  void aLoweredQuotaEndsNoConnectionAndAdmitsNoMore() throws Exception {
    LogWatch.expect("flows-refused");
    try (ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      for (int port = 40_000; port < 40_005; port++) {
        int from = port;
        scene.on(() -> {
          guest.syn(from, TestNetwork.HOST, listener.getLocalPort());
          return true;
        });
      }
      assertThat(flows()).isEqualTo(5);
      configure(TestNetwork.config("quotas: {tcp-per-guest: 3}"));
      scene.on(() -> {
        guest.syn(40_010, TestNetwork.HOST, listener.getLocalPort());
        return true;
      });
      assertThat(flows()).isEqualTo(5);
      configure(TestNetwork.config());
      scene.on(() -> {
        guest.syn(40_011, TestNetwork.HOST, listener.getLocalPort());
        return true;
      });
      assertThat(flows()).isEqualTo(6);
    }
  }

  @Test
  void theHostsLoopbackIsClosedAndItsFlowsEnd() throws Exception {
    try (DatagramSocket server = server();
        ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      sends(40_001, server.getLocalPort());
      scene.on(() -> {
        guest.syn(40_002, TestNetwork.HOST, listener.getLocalPort());
        return true;
      });
      assertThat(scene.becomes(() -> guest.heard().contains("syn-ack 40002"))).isTrue();
      NetworkConfig closed = TestNetworks.named("test");
      assertThat(scene.on(() -> scene.nat.endedBy(closed, new PortEgress(port -> port))))
          .hasSize(2);
      configure(closed);
      assertThat(flows()).isZero();
      assertThat(scene.on(guest::heard)).contains("rst 40002");
      sends(40_001, server.getLocalPort());
      assertThat(flows()).isZero();
      assertThat(arpAnswers()).isZero();
      configure(TestNetwork.config());
      assertThat(arpAnswers()).isEqualTo(1);
      sends(40_001, server.getLocalPort());
      assertThat(flows()).isEqualTo(1);
    }
  }

  /** How often the host's address is answered for. */
  private long arpAnswers() throws Exception {
    return scene.on(() -> {
      guest.port.drain();
      guest.send(
          TestNetwork.arp(
              Ethernet.BROADCAST, Arp.REQUEST, guest.mac, guest.address, 0, TestNetwork.HOST));
      List<byte[]> frames = guest.port.drain();
      return frames.stream()
          .filter(frame -> Ethernet.type(TestNetwork.view(frame), 0) == Ethernet.TYPE_ARP)
          .filter(frame -> Arp.operation(TestNetwork.view(frame), 14) == Arp.REPLY)
          .count();
    });
  }

  @Test
  void aPortThatLeavesTheHostsLoopbackEndsItsFlowsAndNoOthers() throws Exception {
    try (DatagramSocket first = server();
        DatagramSocket second = server()) {
      sends(40_001, first.getLocalPort());
      sends(40_002, second.getLocalPort());
      configure(
          TestNetworks.named("test", "nat: {host-loopback: [udp/" + second.getLocalPort() + "]}"));
      assertThat(scene.on(() -> scene.nat.listFlows().stream().map(FlowRecord::remote).toList()))
          .singleElement()
          .satisfies(remote -> assertThat(remote.port()).isEqualTo(second.getLocalPort()));
    }
  }

  @Test
  void theAddressesOfARunningGatewayStay() throws Exception {
    NetworkConfig moved = TestNetworks.of("test", "ipv4: {subnet: 192.168.128.0/24}");
    scene.on(() -> {
      NetworkConfig before = scene.nat.config();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> scene.nat.configure(moved))
          .withMessageContaining("keeps its name, mode, MTU and addresses");
      assertThat(scene.nat.config()).isSameAs(before);
      return true;
    });
  }

  @Test
  void aServiceThatIsWithdrawnAnswersNoMoreAndItsConnectionsEnd() throws Exception {
    scene.on(() -> {
      scene.nat.serve(7, (payload, from) -> from.answer(payload.copy()));
      guest.datagram(40_001, TestNetwork.GATEWAY, 7);
      return true;
    });
    assertThat(scene.becomes(() -> guest.heard().contains("udp 40001"))).isTrue();
    scene.on(() -> {
      scene.nat.withdraw(7);
      guest.datagram(40_001, TestNetwork.GATEWAY, 7);
      return true;
    });
    assertThat(scene.on(guest::heard)).containsExactly("icmp 3/3");
    scene.on(() -> {
      guest.segment(40_003, TestNetwork.GATEWAY, 7, NatScene.ISN, 0, Tcp.SYN);
      return true;
    });
    assertThat(scene.on(guest::heard)).containsExactly("rst 40003");
  }

  @Test
  void aGatewayThatFindsItsAddressTakenLeavesNothingBehind() throws Exception {
    DescriptorBudget budget = new DescriptorBudget(() -> 100, Clock.system());
    HostResources host = HostResources.of(budget, List.of(), HostResources.alone().prefixes());
    scene.on(() -> {
      Switch network =
          new Switch("other", scene.net.timers, scene.loop, PooledByteBufAllocator.DEFAULT);
      InMemoryPort other = InMemoryPort.attached("other", Offloads.NONE, network);
      assertThat(network.pin(TestNetwork.GATEWAY_MAC, other)).isTrue();
      assertThatIllegalStateException()
          .isThrownBy(() -> gateway(network, host))
          .withMessageContaining("another port has the gateway's address");
      assertThat(budget.dump().children()).as("shares of descriptors").isEmpty();
      network.unpin(TestNetwork.GATEWAY_MAC, other);
      gateway(network, host).close();
      other.close();
      network.close();
      return true;
    });
  }

  private NatNetwork gateway(Switch network, HostResources host) {
    return TestNetworks.inward(
        scene.loop,
        network,
        scene.net.timers,
        PooledByteBufAllocator.DEFAULT,
        TestNetwork.config(),
        host,
        nic -> null);
  }
}
