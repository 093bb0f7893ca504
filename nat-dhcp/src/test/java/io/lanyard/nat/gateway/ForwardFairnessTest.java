package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.lanyard.config.ForwardConfig;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.forward.ForwardMetrics;
import io.lanyard.nat.forward.ForwardStatus;
import io.lanyard.nat.gateway.NatScene.Guest;
import io.lanyard.nat.tcp.MemoryPool;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients of a forward that want more than it has, and the guest behind it. */
class ForwardFairnessTest {
  /** A forward takes 8 of both protocols, a client's address 4. */
  private static final String QUOTAS =
      "quotas: {tcp-per-guest: 8, tcp: 32, udp-per-guest: 8, udp: 64, icmp-per-guest: 8, icmp: 8}";

  private final List<Socket> clients = new ArrayList<>();

  @AfterEach
  void closeClients() throws IOException {
    for (Socket client : clients) {
      client.close();
    }
  }

  WireFamily family() {
    return WireFamily.IPV4;
  }

  /** The guest's address. */
  private String ten() {
    return family().address(TestNetwork.GUEST).toString();
  }

  private NatScene scene(Transport protocol) throws Exception {
    ForwardConfig forward =
        TestNetwork.forward(protocol, new Endpoint(Address.LOOPBACK_IPV4, 0), ten(), 80);
    return new NatScene(
        family(),
        TestNetworks.forwards(family().config(QUOTAS), forward),
        HostResources.alone(),
        nic -> null);
  }

  private static ForwardStatus status(NatScene scene) throws Exception {
    return scene.on(() -> scene.nat.forwards().list().getFirst());
  }

  private static int port(NatScene scene) throws Exception {
    assertThat(scene.becomes(() -> scene.nat.forwards().list().getFirst().port() != 0)).isTrue();
    return status(scene).port();
  }

  private void connect(NatScene scene, String from, int count) throws Exception {
    int port = port(scene);
    ForwardStatus before = status(scene);
    for (int i = 0; i < count; i++) {
      Socket client = new Socket();
      client.bind(new InetSocketAddress(from, 0));
      client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      clients.add(client);
    }
    assertThat(
            scene.becomes(() -> {
              ForwardStatus now = scene.nat.forwards().list().getFirst();
              return now.accepted() + now.refused() - before.accepted() - before.refused() == count;
            }))
        .isTrue();
  }

  private static long flowsOfTheGuestItself(NatScene scene) throws Exception {
    return scene.on(
        () -> scene.nat.listFlows().stream().filter(flow -> flow.forward() == null).count());
  }

  @Test
  void aClientThatHoldsAllThatAForwardTakesLeavesTheGuestItsOwnConnects() throws Exception {
    LogWatch.expect("forward-full");
    try (NatScene scene = scene(Transport.TCP);
        ServerSocket listener = new ServerSocket(0, 50, family().host())) {
      listener.setSoTimeout(60_000);
      Guest guest = scene.guest(10);
      connect(scene, "127.0.0.1", 20);
      for (int port = 20000; port < 20008; port++) {
        int own = port;
        scene.on(() -> {
          guest.syn(own, TestNetwork.HOST, listener.getLocalPort());
          return true;
        });
        listener.setSoTimeout(60_000);
        listener.accept().close();
      }
    }
  }

  @Test
  void aSecondClientAddressGetsInWhereTheFirstWantsTheWholeForward() throws Exception {
    LogWatch.expect("forward-full");
    try (NatScene scene = scene(Transport.TCP)) {
      scene.guest(10);
      connect(scene, "127.0.0.1", 20);
      assertThat(status(scene).active()).isEqualTo(4);
      connect(scene, "127.0.0.2", 1);
      assertThat(status(scene).accepted()).isEqualTo(5);
      assertThat(status(scene).active()).isEqualTo(5);
      assertThat(scene.on(() -> scene.nat.forwards().dump()).children().getFirst().properties())
          .containsEntry("limit", 8)
          .containsEntry("limitPerClient", 4)
          .containsEntry("clients", 2)
          .containsEntry("full", 16L);
      ForwardMetrics metrics =
          scene.on(() -> scene.nat.forwards().metrics().values().iterator().next());
      assertThat(metrics.listening()).isTrue();
      assertThat(metrics.accepted()).isEqualTo(5);
      assertThat(metrics.refused()).isEqualTo(16);
      assertThat(metrics.evicted()).isZero();
      assertThat(metrics.flows()).isEqualTo(5);
      assertThat(metrics.flowLimit()).isEqualTo(8);
      assertThat(metrics.clients()).isEqualTo(2);
      assertThat(metrics.sockets()).as("five connections and the port").isEqualTo(6);
    }
  }

  @Test
  void aForwardThatIsFullIsAProblemWhileItLasts() throws Exception {
    LogWatch.expect("forward-full");
    try (NatScene scene = scene(Transport.TCP)) {
      scene.guest(10);
      connect(scene, "127.0.0.1", 4);
      assertThat(status(scene).shortage()).as("all places of a client, and none refused").isNull();
      connect(scene, "127.0.0.1", 1);
      assertThat(status(scene).problem()).isNull();
      assertThat(status(scene).problems())
          .containsExactly(
              "tcp/127.0.0.1:0 is full, so that new connections are refused or end idle ones:"
                  + " client 127.0.0.1 has all 4 connections that one client takes; raise nat:"
                  + " {quotas: {tcp: ...}}, of which that is one part in 8");
      connect(scene, "127.0.0.2", 4);
      advance(scene, Duration.ofSeconds(2));
      connect(scene, "127.0.0.3", 1);
      assertThat(status(scene).shortage())
          .contains("its clients have all 8 connections that it takes", "one part in 4");
      assertThat(scene.on(() -> scene.nat.forwards().dump()).toString()).contains("is full");
      advance(scene, Duration.ofSeconds(61));
      assertThat(status(scene).shortage()).isNull();
    }
  }

  private static void advance(NatScene scene, Duration time) throws Exception {
    scene.on(() -> {
      scene.net.timers.advance(time);
      return true;
    });
  }

  @Test
  void aUdpForwardWhoseClientsTakeAllItsFlowsIsAProblem() throws Exception {
    LogWatch.expect("forward-full");
    try (NatScene scene = scene(Transport.UDP)) {
      scene.guest(10);
      for (int i = 1; i <= 9; i++) {
        datagram(scene, "127.0.1." + i, 0);
      }
      assertThat(scene.becomes(() -> scene.nat.forwards().list().getFirst().accepted() == 9))
          .isTrue();
      assertThat(status(scene).shortage())
          .contains("its clients have all 8 flows that it takes", "{udp: ...}", "one part in 8");
    }
  }

  @Test
  void aRefusedClientIsResetAtOnce() throws Exception {
    LogWatch.expect("forward-full");
    try (NatScene scene = scene(Transport.TCP)) {
      scene.guest(10);
      connect(scene, "127.0.0.1", 5);
      Socket last = clients.getLast();
      last.setSoTimeout(60_000);
      assertThat(catchThrowable(() -> last.getInputStream().read()))
          .isInstanceOf(SocketException.class)
          .hasMessageContaining("reset");
    }
  }

  @Test
  void clientsThatMakeUpAddressesEndNoneOfTheGuestsOwnFlows() throws Exception {
    LogWatch.expect("forward-full");
    try (NatScene scene = scene(Transport.UDP);
        DatagramSocket server = new DatagramSocket(0, family().host())) {
      Guest guest = scene.guest(10);
      scene.on(() -> {
        for (int port = 20000; port < 20008; port++) {
          guest.datagram(port, TestNetwork.HOST, server.getLocalPort());
        }
        return true;
      });
      assertThat(flowsOfTheGuestItself(scene)).isEqualTo(8);
      for (int i = 1; i <= 100; i++) {
        datagram(scene, "127.0.1." + i, 0);
      }
      assertThat(scene.becomes(() -> scene.nat.forwards().list().getFirst().accepted() == 100))
          .isTrue();
      assertThat(flowsOfTheGuestItself(scene)).isEqualTo(8);
      assertThat(status(scene).active()).isEqualTo(8);
    }
  }

  private static int datagram(NatScene scene, String from, int fromPort) throws Exception {
    int to = port(scene);
    try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(from, fromPort))) {
      socket.send(new DatagramPacket(new byte[3], 3, InetAddress.getLoopbackAddress(), to));
      return socket.getLocalPort();
    }
  }

  /** Sends one from each of several ports, all open at a time: the kernel gives a free one anew. */
  private static void datagrams(NatScene scene, String from, int count) throws Exception {
    int to = port(scene);
    List<DatagramSocket> open = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        DatagramSocket socket = new DatagramSocket(new InetSocketAddress(from, 0));
        open.add(socket);
        socket.send(new DatagramPacket(new byte[3], 3, InetAddress.getLoopbackAddress(), to));
      }
    } finally {
      open.forEach(DatagramSocket::close);
    }
  }

  @Test
  void theDatagramClientThatHasBeenSilentForLongestMakesPlace() throws Exception {
    LogWatch.expect("forward-full");
    try (NatScene scene = scene(Transport.UDP)) {
      scene.guest(10);
      int first = datagram(scene, "127.0.1.1", 0);
      for (int i = 2; i <= 8; i++) {
        datagram(scene, "127.0.1." + i, 0);
      }
      datagram(scene, "127.0.1.1", first);
      datagram(scene, "127.0.1.9", 0);
      assertThat(scene.becomes(() -> scene.nat.forwards().list().getFirst().accepted() == 9))
          .isTrue();
      // Still known, so not a client that is accepted anew.
      datagram(scene, "127.0.1.1", first);
      datagram(scene, "127.0.1.10", 0);
      assertThat(scene.becomes(() -> scene.nat.forwards().list().getFirst().accepted() >= 10))
          .isTrue();
      assertThat(status(scene).accepted()).isEqualTo(10);
      assertThat(status(scene).active()).isEqualTo(8);
    }
  }

  @Test
  void oneDatagramClientAddressLeavesTheOthersTheirPlaces() throws Exception {
    LogWatch.expect("forward-full");
    try (NatScene scene = scene(Transport.UDP)) {
      scene.guest(10);
      int[] others = new int[4];
      for (int i = 0; i < 4; i++) {
        others[i] = datagram(scene, "127.0.1." + (i + 1), 0);
      }
      datagrams(scene, "127.0.0.1", 50);
      assertThat(scene.becomes(() -> scene.nat.forwards().list().getFirst().accepted() == 54))
          .isTrue();
      for (int i = 0; i < 4; i++) {
        datagram(scene, "127.0.1." + (i + 1), others[i]);
      }
      datagram(scene, "127.0.0.1", 0);
      assertThat(scene.becomes(() -> scene.nat.forwards().list().getFirst().accepted() >= 55))
          .isTrue();
      assertThat(status(scene).accepted()).isEqualTo(55);
    }
  }

  @Test
  void aForwardThatHoldsAllTheMemoryIsAProblem() throws Exception {
    HostResources ample = HostResources.alone();
    HostResources small =
        new HostResources(
            ample.descriptors(),
            ample.ports(),
            ample.published(),
            ample.subnets(),
            ample.prefixes(),
            new MemoryPool(1 << 20),
            ample.flows(),
            ample.stations(),
            ample.names(),
            ample.ipv6Route());
    ForwardConfig forward =
        TestNetwork.forward(Transport.TCP, new Endpoint(Address.LOOPBACK_IPV4, 0), ten(), 80);
    try (NatScene scene =
        new NatScene(
            family(), TestNetworks.forwards(family().config(), forward), small, nic -> null)) {
      Guest guest = scene.guest(10);
      connect(scene, "127.0.0.1", 16);
      for (Socket client : clients) {
        Thread.ofVirtual().start(() -> flood(client));
      }
      // The guest takes the connections, and then nothing.
      assertThat(
              scene.becomes(() -> {
                acceptAll(guest);
                return !scene.nat.problems().isEmpty();
              }))
          .isTrue();
      assertThat(scene.on(() -> scene.nat.problems()))
          .singleElement()
          .asString()
          .startsWith("tcp memory: forward tcp/127.0.0.1:0 holds");
    }
  }

  private static void flood(Socket client) {
    try {
      client.getOutputStream().write(new byte[1 << 20]);
    } catch (IOException e) {
      // The test is over.
    }
  }

  private static void acceptAll(Guest guest) {
    for (byte[] frame : guest.port.drain()) {
      ByteBuf b = TestNetwork.view(frame);
      if (Ethernet.type(b, 0) == Ethernet.TYPE_IPV4 && Tcp.flags(b, 34) == Tcp.SYN) {
        int client = Tcp.sourcePort(b, 34);
        int ack = Tcp.sequence(b, 34) + 1;
        guest.segment(80, TestNetwork.GATEWAY, client, NatScene.ISN, ack, Tcp.SYN | Tcp.ACK);
      }
    }
  }

  @Test
  void theConnectionsOfAForwardEndWithTheGuestsPort() throws Exception {
    try (NatScene scene = scene(Transport.TCP)) {
      Guest guest = scene.guest(10);
      connect(scene, "127.0.0.1", 3);
      assertThat(status(scene).active()).isEqualTo(3);
      scene.on(() -> {
        scene.net.network.detach(guest.port);
        return true;
      });
      assertThat(scene.becomes(() -> scene.nat.forwards().list().getFirst().active() == 0))
          .isTrue();
    }
  }

  @Test
  void whatLeftAForwardIsNoLongerCountedAgainstItsClients() throws Exception {
    LogWatch.expect("forward-full");
    try (NatScene scene = scene(Transport.TCP)) {
      Guest guest = scene.guest(10);
      connect(scene, "127.0.0.1", 5);
      connect(scene, "127.0.0.2", 4);
      scene.on(() -> {
        scene.net.network.detach(guest.port);
        return true;
      });
      assertThat(scene.on(() -> scene.nat.forwards().dump()).children().getFirst().properties())
          .containsEntry("clients", 0)
          .containsEntry("active", 0);
      assertThat(scene.on(() -> scene.nat.flows().size())).isZero();
    }
  }

  /** Many have gone before they are accepted, others have said something, which is lost. */
  @Test
  void clientsThatResetAtOnceLeaveNothingBehind() throws Exception {
    LogWatch.allowWarnings(); // the forward is full from time to time
    try (NatScene scene = scene(Transport.TCP)) {
      scene.guest(10);
      int port = port(scene);
      int resets = 400;
      for (int i = 0; i < resets; i++) {
        try (Socket client = new Socket()) {
          client.setSoLinger(true, 0);
          client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
          if (i % 3 == 0) {
            client.getOutputStream().write(new byte[1 + i]);
          }
        } catch (SocketException e) {
          // It was refused: the forward is full.
        }
      }
      assertThat(
              scene.becomes(() -> {
                ForwardStatus now = scene.nat.forwards().list().getFirst();
                return now.accepted() + now.refused() >= resets && now.active() == 0;
              }))
          .isTrue();
      assertThat(scene.on(() -> scene.nat.forwards().dump()).children().getFirst().properties())
          .containsEntry("clients", 0)
          .containsEntry("active", 0);
      assertThat(scene.on(() -> scene.nat.flows().size())).isZero();
      long before = status(scene).accepted();
      connect(scene, "127.0.0.1", 1);
      assertThat(status(scene).accepted()).isEqualTo(before + 1);
    }
  }
}
