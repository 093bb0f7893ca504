package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.ForwardConfig;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.forward.ForwardStatus;
import io.lanyard.nat.gateway.NatScene.Guest;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Transport;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.SinkPort;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Forwards whose clients come before it is known which port the guest is behind. */
class UnlocatedGuestTest {
  private static final int SERVICE = 80;
  private static final MacAddress NIC = MacAddress.parse("52:54:00:00:01:0a");
  private static final Endpoint LISTEN = new Endpoint(Address.LOOPBACK_IPV4, 0);
  private static final Duration READ = Duration.ofMillis(1);

  private final AtomicReference<NatScene> running = new AtomicReference<>();
  private final AtomicReference<Address> lease = new AtomicReference<>();

  private static NatScene toAddress(Transport protocol) throws Exception {
    ForwardConfig forward = TestNetwork.forward(protocol, LISTEN, "192.168.127.10", SERVICE);
    return new NatScene(forward);
  }

  /** A UDP forward to a guest's lease, where to look at the lease takes {@link #READ}. */
  private NatScene toLease() throws Exception {
    ForwardConfig forward =
        new ForwardConfig(
            null, Transport.UDP, LISTEN, new ForwardConfig.ToGuest("web", NIC, SERVICE), 1);
    NatScene scene =
        new NatScene(
            TestNetworks.forwards(TestNetwork.config(), forward),
            HostResources.alone(),
            nic -> {
              running.get().net.timers.clock().advance(READ);
              return lease.get();
            });
    running.set(scene);
    return scene;
  }

  private static ForwardStatus status(NatScene scene) {
    return scene.nat.forwards().list().getFirst();
  }

  private static int port(NatScene scene) throws Exception {
    assertThat(scene.becomes(() -> status(scene).port() != 0)).isTrue();
    return scene.on(() -> status(scene).port());
  }

  private static void datagram(DatagramSocket client, int port) throws Exception {
    client.send(new DatagramPacket(new byte[3], 3, InetAddress.getLoopbackAddress(), port));
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aFlowIsThePortsOnceTheGuestHasAnsweredAndEndsWithIt(Transport protocol) throws Exception {
    try (NatScene scene = toAddress(protocol);
        Socket client = new Socket();
        DatagramSocket sender = new DatagramSocket()) {
      Guest guest = scene.silentGuest(10);
      if (protocol == Transport.TCP) {
        client.connect(new Endpoint(Address.LOOPBACK_IPV4, port(scene)).toSocketAddress());
      } else {
        datagram(sender, port(scene));
      }
      assertThat(scene.becomes(() -> status(scene).active() == 1)).isTrue();
      assertThat(scene.on(() -> scene.nat.listFlows().getFirst().port())).isEqualTo("(unlocated)");
      scene.on(() -> {
        guest.announce();
        return true;
      });
      assertThat(scene.on(() -> scene.nat.listFlows().getFirst().port())).isEqualTo("guest10");
      scene.on(() -> {
        scene.net.network.detach(guest.port);
        return true;
      });
      assertThat(scene.on(() -> status(scene).active())).isZero();
    }
  }

  @Test
  void aFlowFindsItsGuestAgainAfterItsAddressWasForgotten() throws Exception {
    try (NatScene scene = toAddress(Transport.UDP);
        DatagramSocket sender = new DatagramSocket()) {
      Guest guest = scene.silentGuest(10);
      datagram(sender, port(scene));
      assertThat(scene.becomes(() -> status(scene).active() == 1)).isTrue();
      scene.on(() -> {
        scene
            .nat
            .gateway()
            .stations()
            .neighbours()
            .list()
            .forEach(scene.nat.gateway().stations().neighbours()::forget);
        guest.announce();
        return true;
      });
      assertThat(scene.on(() -> scene.nat.listFlows().getFirst().port())).isEqualTo("guest10");
      scene.on(() -> {
        guest.port.carrier(false);
        return true;
      });
      assertThat(scene.on(() -> status(scene).active())).isZero();
    }
  }

  @Test
  void datagramsForAForwardAreReadInTheTurnOfTheGuestsPortOnceItHasAnswered() throws Exception {
    try (NatScene scene = toLease();
        DatagramSocket first = new DatagramSocket();
        DatagramSocket second = new DatagramSocket()) {
      Guest guest = scene.silentGuest(10);
      lease.set(guest.ip());
      datagram(first, port(scene));
      assertThat(scene.becomes(() -> status(scene).accepted() == 1)).isTrue();
      scene.on(() -> {
        guest.announce();
        return true;
      });
      long before = scene.on(() -> guest.port.counters().loopNanos());
      datagram(second, port(scene));
      assertThat(scene.becomes(() -> status(scene).accepted() == 2)).isTrue();
      assertThat(scene.on(() -> guest.port.counters().loopNanos() - before))
          .isEqualTo(READ.toNanos());
    }
  }

  @Test
  void datagramsForAGuestWithoutAddressAreReadInATurnToo() throws Exception {
    try (NatScene scene = toLease();
        DatagramSocket client = new DatagramSocket()) {
      Turn turn = scene.on(() -> scene.nat.gateway().unlocatedTurn());
      assertThat(scene.on(() -> turn.begin() && turn.end())).as("credit is left").isTrue();
      datagram(client, port(scene));
      assertThat(scene.becomes(() -> status(scene).refused() == 1)).isTrue();
      // Beside another's work: one that is alone gets new credit at once.
      Turn other = scene.on(() -> scene.net.network.turns().unowned());
      boolean left =
          scene.on(() -> {
            boolean _ = other.begin() && other.end();
            return turn.begin() && turn.end();
          });
      assertThat(left).as("credit is left").isFalse();
    }
  }

  @Test
  void aConnectionOfAForwardIsAcceptedInTheTurnOfTheGuestsPortOnceThatIsKnown() throws Exception {
    try (NatScene scene = toAddress(Transport.TCP);
        Socket client = new Socket()) {
      AtomicInteger segments = new AtomicInteger();
      SinkPort port =
          scene.on(() ->
              new SinkPort(
                  "guest10",
                  Offloads.NONE,
                  scene.net.network,
                  frame -> {
                    if (Ethernet.type(frame, frame.readerIndex() + 12) == Ethernet.TYPE_IPV4) {
                      scene.net.timers.clock().advance(READ);
                      segments.incrementAndGet();
                    }
                  }));
      announce(scene, port);
      client.connect(new Endpoint(Address.LOOPBACK_IPV4, port(scene)).toSocketAddress());
      assertThat(scene.becomes(() -> segments.get() == 1)).as("the SYN").isTrue();
      assertThat(scene.on(() -> port.counters().loopNanos())).isEqualTo(READ.toNanos());
    }
  }

  @Test
  void aConnectionOfAForwardIsReadInTheTurnOfTheGuestsPortOnceItHasAnswered() throws Exception {
    try (NatScene scene = toAddress(Transport.TCP);
        Socket client = new Socket()) {
      AtomicInteger syn = new AtomicInteger();
      AtomicInteger segments = new AtomicInteger();
      SinkPort port =
          scene.on(() ->
              new SinkPort(
                  "guest10",
                  Offloads.NONE,
                  scene.net.network,
                  frame -> {
                    int at = frame.readerIndex() + 12;
                    if (Ethernet.type(frame, at) == Ethernet.TYPE_IPV4) {
                      scene.net.timers.clock().advance(READ);
                      segments.incrementAndGet();
                      if ((Tcp.flags(frame, at + 34) & Tcp.SYN) != 0) {
                        syn.set(frame.getInt(at + 38));
                      }
                    }
                  }));
      client.connect(new Endpoint(Address.LOOPBACK_IPV4, port(scene)).toSocketAddress());
      assertThat(scene.becomes(() -> status(scene).active() == 1)).isTrue();
      announce(scene, port);
      assertThat(scene.becomes(() -> segments.get() > 0)).isTrue();
      int remote = scene.on(() -> scene.nat.listFlows().getFirst().remote().port());
      receive(scene, port, answer(remote, syn.get() + 1));
      assertThat(scene.on(() -> scene.nat.listFlows().getFirst().state())).isEqualTo("established");
      int before = segments.get();
      long charged = scene.on(() -> port.counters().loopNanos());
      client.getOutputStream().write('!');
      assertThat(scene.becomes(() -> segments.get() > before)).isTrue();
      assertThat(scene.on(() -> port.counters().loopNanos() - charged)).isEqualTo(READ.toNanos());
    }
  }

  private static byte[] answer(int toPort, int ack) {
    return TestNetwork.tcp(
        TestNetwork.GUEST,
        TestNetwork.GATEWAY,
        SERVICE,
        toPort,
        NatScene.ISN,
        ack,
        Tcp.SYN | Tcp.ACK);
  }

  private static void announce(NatScene scene, SinkPort port) throws Exception {
    receive(
        scene,
        port,
        TestNetwork.arp(
            Ethernet.BROADCAST,
            Arp.REQUEST,
            TestNetwork.GUEST_MAC,
            TestNetwork.GUEST,
            0,
            TestNetwork.GATEWAY));
  }

  private static void receive(NatScene scene, SinkPort port, byte[] bytes) throws Exception {
    scene.on(() -> {
      ByteBuf frame = TestNetwork.frame(bytes);
      scene.net.network.receive(port, frame);
      frame.release();
      scene.net.network.flush();
      return true;
    });
  }
}
