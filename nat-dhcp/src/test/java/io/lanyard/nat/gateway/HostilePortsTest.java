package io.lanyard.nat.gateway;

import static io.lanyard.nat.station.StationCount.CLAIM_REFUSED;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.HostResources;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowListener;
import io.lanyard.nat.gateway.NatScene.Guest;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.StationMemory;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.SinkPort;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several ports that fill the gateway's tables at once, and an honest guest beside them. */
class HostilePortsTest {
  private static final int HOSTILE = 5;

  private static List<Guest> hostile(NatScene scene) throws Exception {
    List<Guest> guests = new ArrayList<>();
    for (int i = 0; i < HOSTILE; i++) {
      guests.add(scene.guest(20 + i));
    }
    return guests;
  }

  /** One fragment of a UDP datagram of 24 bytes: the first 16, or the rest. */
  private static byte[] fragmentOf(Guest guest, int id, int toPort, boolean first) {
    byte[] udp =
        TestNetwork.udpPayload(guest.address, TestNetwork.HOST, 20_000, toPort, new byte[16]);
    byte[] part = new byte[first ? 16 : 8];
    System.arraycopy(udp, first ? 0 : 16, part, 0, part.length);
    int field = first ? Ipv4.MORE_FRAGMENTS : 2;
    return TestNetwork.ipv4(guest.address, TestNetwork.HOST, Ipv4.UDP, 64, id, field, part);
  }

  private static void fragment(Guest guest, int id, int toPort, boolean first) {
    guest.send(fragmentOf(guest, id, toPort, first));
  }

  WireFamily family() {
    return WireFamily.IPV4;
  }

  @Test
  void datagramsThatNeverBecomeWholeLeaveAnotherPortsTheirPlaces() throws Exception {
    try (NatScene scene = new NatScene(family());
        DatagramSocket server = new DatagramSocket(family().anyPort())) {
      server.setSoTimeout(60_000);
      Guest honest = scene.guest(10);
      List<Guest> hostile = hostile(scene);
      scene.on(() -> {
        flood(hostile, 0);
        fragment(honest, 1, server.getLocalPort(), true);
        flood(hostile, 100);
        fragment(honest, 1, server.getLocalPort(), false);
        return true;
      });
      DatagramPacket packet = new DatagramPacket(new byte[100], 100);
      server.receive(packet);
      assertThat(packet.getLength()).isEqualTo(16);
      int all = 0;
      for (Guest guest : hostile) {
        int held = scene.on(() -> scene.nat.gateway().stations().budget(guest.port).fragmented());
        assertThat(held).isBetween(Reassembly.TOTAL / HOSTILE - 2, Reassembly.PER_STATION);
        all += held;
      }
      assertThat(all).isLessThanOrEqualTo(Reassembly.TOTAL);
    }
  }

  @Test
  void aPortThatComesWhenAllPlacesAreTakenHoldsItsShareOfDatagrams() throws Exception {
    int share = Reassembly.TOTAL / (HOSTILE + 1);
    try (NatScene scene = new NatScene(family())) {
      Guest honest = scene.guest(10);
      List<Guest> hostile = hostile(scene);
      int held =
          scene.on(() -> {
            flood(hostile, 0);
            for (int id = 0; id < share; id++) {
              fragment(honest, id, 9, true);
            }
            return scene.nat.gateway().stations().budget(honest.port).fragmented();
          });
      assertThat(held).isEqualTo(share);
    }
  }

  @Test
  void datagramsOfStationsThatAPortMakesUpAreNoMoreThanOfAnyPort() throws Exception {
    try (NatScene scene = new NatScene(family())) {
      Guest hostile = scene.guest(20);
      int held =
          scene.on(() -> {
            for (int i = 0; i < 200; i++) {
              ByteBuf frame = TestNetwork.frame(fragmentOf(hostile, i, 9, true));
              Ethernet.setSource(frame, 12, hostile.mac + ((long) (1 + i % 4) << 16));
              hostile.port.send(frame);
            }
            return scene.nat.gateway().stations().budget(hostile.port).fragmented();
          });
      assertThat(held).isEqualTo(Reassembly.PER_PORT);
    }
  }

  /** Each holds 64 KiB outside the heap, of which networks together have some. */
  @Test
  void datagramsThatNeverBecomeWholeAreFewWhereOtherNetworksHaveTheRest() throws Exception {
    HostResources ample = HostResources.alone();
    StationMemory memory = new StationMemory(4096, 16);
    StationMemory.Share other = memory.share();
    other.changed(StationMemory.Table.DATAGRAMS, 8);
    HostResources small =
        new HostResources(
            ample.descriptors(),
            ample.ports(),
            ample.published(),
            ample.subnets(),
            ample.prefixes(),
            ample.memory(),
            ample.flows(),
            memory,
            ample.names(),
            ample.ipv6Route());
    try (NatScene scene = new NatScene(family(), family().config(), small, nic -> null)) {
      List<Guest> hostile = hostile(scene);
      scene.on(() -> {
        flood(hostile, 0);
        flood(hostile, 100);
        return true;
      });
      int held = 0;
      for (Guest guest : hostile) {
        held += scene.on(() -> scene.nat.gateway().stations().budget(guest.port).fragmented());
      }
      // A floor of 4, and half of what the other has left of the pool.
      assertThat(held).isBetween(4, 8);
    }
  }

  @Test
  void whatComesForAFlowIsChargedToThePortThatBeganItWhoseverAddressItHasUsed() throws Exception {
    try (NatScene scene = new NatScene(family());
        DatagramSocket server = new DatagramSocket(family().anyPort())) {
      server.setSoTimeout(60_000);
      Guest hostile = scene.guest(20);
      int honest = TestNetwork.GUEST;
      // The clock stands still but for the millisecond that a frame to the honest guest takes.
      AtomicInteger heard = new AtomicInteger();
      SinkPort port =
          scene.on(() ->
              new SinkPort(
                  "honest",
                  Offloads.NONE,
                  scene.net.network,
                  frame -> {
                    heard.incrementAndGet();
                    scene.net.timers.clock().advance(Duration.ofMillis(1));
                  }));
      scene.on(() -> {
        hostile.send(
            TestNetwork.udp(honest, TestNetwork.HOST, 20_000, server.getLocalPort(), new byte[8]));
        scene.nat.udp().flush();
        announce(scene, port);
        scene.net.timers.advance(Duration.ofSeconds(1)); // in which nobody answers for it there
        return true;
      });
      DatagramPacket packet = new DatagramPacket(new byte[100], 100);
      server.receive(packet);
      assertThat(charged(scene, server, packet, heard, hostile.port, port))
          .containsExactly(1_000_000L, 0L);
      scene.on(() -> {
        byte[] own =
            TestNetwork.udp(honest, TestNetwork.HOST, 20_000, server.getLocalPort(), new byte[8]);
        receive(scene, port, own);
        scene.nat.udp().flush();
        return true;
      });
      server.receive(packet);
      assertThat(charged(scene, server, packet, heard, hostile.port, port))
          .as("of what the holder has sent")
          .containsExactly(0L, 1_000_000L);
      assertThat(scene.on(() -> scene.nat.listFlows()))
          .singleElement()
          .matches(flow -> flow.port().equals("honest"));
    }
  }

  /** Answers a datagram; what the frame to the guest costs the first port, and the second one. */
  private static List<Long> charged(
      NatScene scene,
      DatagramSocket server,
      DatagramPacket packet,
      AtomicInteger heard,
      Port first,
      Port second)
      throws Exception {
    int frames = heard.get();
    long ofFirst = scene.on(() -> first.counters().loopNanos());
    long ofSecond = scene.on(() -> second.counters().loopNanos());
    server.send(packet);
    assertThat(scene.becomes(() -> heard.get() > frames)).isTrue();
    return List.of(
        scene.on(() -> first.counters().loopNanos()) - ofFirst,
        scene.on(() -> second.counters().loopNanos()) - ofSecond);
  }

  /** Sends one packet of each protocol in the name of another; the frame's source is its own. */
  private static void forge(Guest hostile, long mac, int address, int udp, int tcp) {
    byte[] echo = TestNetwork.icmp(8, 77, new byte[8]);
    for (byte[] packet :
        List.of(
            TestNetwork.udp(address, TestNetwork.HOST, 20_000, udp, new byte[] {9}),
            TestNetwork.tcp(address, TestNetwork.HOST, 20_000, tcp, 1, 0, Tcp.SYN),
            TestNetwork.ipv4(address, TestNetwork.HOST, Ipv4.ICMP, 64, 7, 0, echo),
            TestNetwork.ipv4(address, TestNetwork.WORLD, Ipv4.ICMP, 64, 7, 0, echo))) {
      ByteBuf frame = TestNetwork.frame(packet);
      Ethernet.setSource(frame, frame.readerIndex() + 12, mac);
      hostile.port.send(frame);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nothingLeavesInTheNameOfAGuestThatIsThere(boolean withItsMacAddress) throws Exception {
    try (NatScene scene = new NatScene(family());
        DatagramSocket udp = new DatagramSocket(family().anyPort());
        ServerSocket tcp = new ServerSocket(0, 50, family().host())) {
      udp.setSoTimeout(60_000);
      Guest honest = scene.guest(10);
      Guest hostile = scene.guest(20);
      long mac = withItsMacAddress ? honest.mac : hostile.mac;
      List<String> heard =
          scene.on(() -> {
            honest.port.drain();
            forge(hostile, mac, honest.address, udp.getLocalPort(), tcp.getLocalPort());
            scene.nat.udp().flush();
            assertThat(scene.nat.flows().size()).isZero();
            assertThat(honest.port.drain()).as("the question whether it is there").hasSize(1);
            honest.announce();
            forge(hostile, mac, honest.address, udp.getLocalPort(), tcp.getLocalPort());
            honest.port.drain();
            honest.datagram(20_000, TestNetwork.HOST, udp.getLocalPort());
            scene.nat.udp().flush();
            return hostile.heard();
          });
      DatagramPacket packet = new DatagramPacket(new byte[100], 100);
      udp.receive(packet);
      assertThat(packet.getLength()).as("the first datagram is the honest guest's").isEqualTo(3);
      assertThat(heard).isEmpty();
      assertThat(scene.on(() -> scene.nat.listFlows()))
          .singleElement()
          .matches(flow -> flow.port().equals("guest10"));
      assertThat(scene.on(() -> scene.nat.gateway().counters().get(GatewayCount.FORGED_SOURCE)))
          .isEqualTo(8);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aGuestThatHasMovedToAnotherPortGoesOnWithinASecond(boolean announces) throws Exception {
    try (NatScene scene = new NatScene(family());
        DatagramSocket udp = new DatagramSocket(family().anyPort())) {
      udp.setSoTimeout(60_000);
      Guest former = scene.guest(10);
      Guest moved = scene.silentGuest(11);
      DatagramPacket packet = new DatagramPacket(new byte[100], 100);
      scene.on(() -> {
        former.datagram(20_000, TestNetwork.HOST, udp.getLocalPort());
        scene.nat.udp().flush();
        return true;
      });
      udp.receive(packet);
      scene.on(() -> {
        byte[] datagram =
            TestNetwork.udp(
                former.address, TestNetwork.HOST, 20_000, udp.getLocalPort(), new byte[] {9});
        if (announces) {
          byte[] unasked =
              TestNetwork.arp(
                  TestNetwork.GATEWAY_MAC,
                  Arp.REPLY,
                  former.mac,
                  former.address,
                  TestNetwork.GATEWAY_MAC,
                  TestNetwork.GATEWAY);
          moved.port.send(TestNetwork.frame(unasked));
        } else {
          ByteBuf lost = TestNetwork.frame(datagram);
          Ethernet.setSource(lost, lost.readerIndex() + 12, former.mac);
          moved.port.send(lost);
        }
        scene.net.timers.advance(Duration.ofSeconds(1));
        ByteBuf frame = TestNetwork.frame(datagram);
        Ethernet.setSource(frame, frame.readerIndex() + 12, former.mac);
        moved.port.send(frame);
        scene.nat.udp().flush();
        moved.port.drain();
        return true;
      });
      udp.receive(packet);
      assertThat(packet.getLength()).isEqualTo(1);
      udp.send(packet);
      assertThat(scene.becomes(() -> moved.heard().contains("udp 20000"))).isTrue();
      assertThat(scene.on(former::heard)).isEmpty();
      assertThat(scene.on(() -> scene.nat.listFlows()))
          .singleElement()
          .matches(flow -> flow.port().equals("guest11"));
    }
  }

  /** A retransmission, the end of an idle flow: timers go off outside of any port's burst. */
  @Test
  void theWorkOfAFlowsTimersIsChargedToItsPort() throws Exception {
    try (NatScene scene = new NatScene(family());
        ServerSocket server = new ServerSocket(0, 50, family().host())) {
      AtomicInteger heard = new AtomicInteger();
      SinkPort port =
          scene.on(() ->
              new SinkPort(
                  "hostile",
                  Offloads.NONE,
                  scene.net.network,
                  frame -> {
                    heard.incrementAndGet();
                    scene.net.timers.clock().advance(Duration.ofMillis(1));
                  }));
      scene.on(() -> {
        for (byte[] frame :
            List.of(
                TestNetwork.arp(
                    Ethernet.BROADCAST,
                    Arp.REQUEST,
                    TestNetwork.GUEST_MAC,
                    TestNetwork.GUEST,
                    0,
                    TestNetwork.GATEWAY),
                TestNetwork.tcp(
                    TestNetwork.GUEST,
                    TestNetwork.HOST,
                    20_000,
                    server.getLocalPort(),
                    1,
                    0,
                    Tcp.SYN))) {
          ByteBuf b = family().frame(TestNetwork.frame(frame));
          scene.net.network.receive(port, b);
          b.release();
        }
        scene.nat.gateway().flush();
        return true;
      });
      assertThat(scene.becomes(() -> heard.get() == 2)).as("an ARP reply and a SYN-ACK").isTrue();
      scene.on(() -> {
        long before = port.counters().loopNanos();
        scene.net.timers.advance(Duration.ofSeconds(2));
        int again = heard.get() - 2;
        assertThat(again).as("SYN-ACKs sent again").isPositive();
        assertThat(port.counters().loopNanos() - before).isEqualTo(again * 1_000_000L);
        return true;
      });
    }
  }

  /** A port whose own frames take a millisecond each, and count. */
  private static SinkPort slow(NatScene scene, AtomicInteger heard) throws Exception {
    return scene.on(() ->
        new SinkPort(
            "hostile",
            Offloads.NONE,
            scene.net.network,
            frame -> {
              if (!Ethernet.isGroup(Ethernet.destination(frame, frame.readerIndex() + 12))) {
                heard.incrementAndGet();
                scene.net.timers.clock().advance(Duration.ofMillis(1));
              }
            }));
  }

  private void receive(NatScene scene, SinkPort port, byte[] bytes) {
    ByteBuf frame = family().frame(TestNetwork.frame(bytes));
    scene.net.network.receive(port, frame);
    frame.release();
    scene.nat.gateway().flush();
  }

  private void announce(NatScene scene, SinkPort port) {
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

  /** Everything that leaves for the port while time passes is charged to it. */
  private static void passes(NatScene scene, Duration time, SinkPort port, AtomicInteger heard) {
    int before = heard.get();
    long charged = port.counters().loopNanos();
    scene.net.timers.advance(time);
    assertThat(heard.get() - before).as("frames").isPositive();
    assertThat(port.counters().loopNanos() - charged)
        .isEqualTo((heard.get() - before) * 1_000_000L);
  }

  @Test
  void theErrorAboutADatagramThatNeverBecameWholeIsChargedToItsPort() throws Exception {
    try (NatScene scene = new NatScene(family())) {
      AtomicInteger heard = new AtomicInteger();
      SinkPort port = slow(scene, heard);
      scene.on(() -> {
        announce(scene, port);
        byte[] part = new byte[16];
        receive(
            scene,
            port,
            TestNetwork.ipv4(
                TestNetwork.GUEST, TestNetwork.HOST, Ipv4.UDP, 64, 1, Ipv4.MORE_FRAGMENTS, part));
        passes(scene, Duration.ofSeconds(31), port, heard);
        return true;
      });
    }
  }

  /** The host lets SYNs fall: its queue of accepted connections is full. */
  @Test
  void theEndOfAConnectionThatTheHostNeverMadeIsChargedToItsPort() throws Exception {
    List<SocketChannel> waiting = new ArrayList<>();
    try (NatScene scene = new NatScene(family());
        ServerSocket server = new ServerSocket(0, 1, family().host())) {
      for (int i = 0; i < 8; i++) {
        SocketChannel channel = SocketChannel.open();
        waiting.add(channel);
        channel.configureBlocking(false);
        channel.connect(server.getLocalSocketAddress());
      }
      AtomicInteger heard = new AtomicInteger();
      SinkPort port = slow(scene, heard);
      scene.on(() -> {
        announce(scene, port);
        receive(
            scene,
            port,
            TestNetwork.tcp(
                TestNetwork.GUEST, TestNetwork.HOST, 20_000, server.getLocalPort(), 1, 0, Tcp.SYN));
        passes(scene, Duration.ofMinutes(3), port, heard);
        return true;
      });
    } finally {
      for (SocketChannel channel : waiting) {
        channel.close();
      }
    }
  }

  @Test
  void theEndOfAnIdleFlowIsChargedToItsPort() throws Exception {
    try (NatScene scene = new NatScene(family());
        DatagramSocket server = new DatagramSocket(family().anyPort())) {
      Guest hostile = scene.guest(20);
      scene.on(() -> {
        scene
            .nat
            .flows()
            .listen(
                new FlowListener() {
                  @Override
                  public void began(Flow flow) {}

                  @Override
                  public void ended(Flow flow) {
                    scene.net.timers.clock().advance(Duration.ofMillis(1));
                  }
                });
        hostile.datagram(20_000, TestNetwork.HOST, server.getLocalPort());
        scene.nat.udp().flush();
        long before = hostile.port.counters().loopNanos();
        scene.net.timers.advance(Duration.ofMinutes(10));
        assertThat(scene.nat.flows().size()).isZero();
        assertThat(hostile.port.counters().loopNanos() - before).isEqualTo(1_000_000);
        return true;
      });
    }
  }

  private static void flood(List<Guest> hostile, int firstId) {
    for (int id = firstId; id < firstId + 100; id++) {
      for (Guest guest : hostile) {
        fragment(guest, id, 9, true);
      }
    }
  }

  @Test
  void madeUpStationsOfSeveralPortsDoNotMoveAnHonestNeighbourOut() throws Exception {
    LogWatch.expect("table-full");
    try (NatScene scene = new NatScene(family())) {
      Guest honest = scene.guest(10);
      List<Guest> hostile = hostile(scene);
      scene.on(() -> {
        for (int i = 0; i < 1000; i++) {
          for (Guest guest : hostile) {
            long made = guest.mac + ((long) (i + 1) << 16);
            int address = (TestNetwork.GUEST & 0xffffff00) | (100 + i % 100);
            byte[] claim =
                TestNetwork.arp(
                    Ethernet.BROADCAST, Arp.REQUEST, made, address, 0, TestNetwork.GATEWAY);
            guest.port.send(TestNetwork.frame(claim));
            guest.port.drain();
          }
        }
        return true;
      });
      Neighbour neighbour =
          scene.on(() -> scene.nat.gateway().stations().neighbours().get(honest.ip()));
      assertThat(neighbour).isNotNull();
      assertThat(neighbour.mac()).isEqualTo(honest.mac);
      assertThat(scene.on(() -> scene.nat.gateway().stations().size())).isLessThanOrEqualTo(4096);
      assertThat(scene.on(() -> scene.nat.gateway().stations().budget(honest.port).stations()))
          .isEqualTo(1);
      assertThat(scene.on(() -> scene.nat.problems()).toString()).contains("port guest2");
    }
  }

  /** Says, in an ARP request to the gateway, to have its address at another MAC address. */
  private static void claim(Guest guest, long mac) {
    guest.send(
        TestNetwork.arp(
            Ethernet.BROADCAST, Arp.REQUEST, mac, guest.address, 0, TestNetwork.GATEWAY));
  }

  /** Has a server answer the first guest; the packets that each of the two heard. */
  private static List<List<String>> answered(
      NatScene scene, DatagramSocket server, Guest hostile, Guest honest) throws Exception {
    server.setSoTimeout(60_000);
    scene.on(() -> {
      hostile.datagram(20_000, TestNetwork.HOST, server.getLocalPort());
      scene.nat.udp().flush();
      hostile.port.drain();
      honest.port.drain();
      return true;
    });
    DatagramPacket packet = new DatagramPacket(new byte[100], 100);
    server.receive(packet);
    server.send(packet);
    List<String> heard = new ArrayList<>();
    List<String> others = new ArrayList<>();
    assertThat(
            scene.becomes(() -> {
              heard.addAll(hostile.heard());
              others.addAll(honest.heard());
              return !heard.isEmpty() || !others.isEmpty();
            }))
        .isTrue();
    return List.of(heard, others);
  }

  @Test
  void whatGoesToAMadeUpMacAddressReachesThePortThatNamedItAlone() throws Exception {
    try (NatScene scene = new NatScene(family());
        DatagramSocket server = new DatagramSocket(family().anyPort())) {
      Guest honest = scene.guest(10);
      Guest hostile = scene.guest(20);
      long before = scene.on(() -> scene.net.network.floods());
      scene.on(() -> {
        claim(hostile, 0x5254_0000_6666L);
        return true;
      });
      assertThat(scene.on(() -> scene.net.network.floods() - before))
          .as("the question alone goes to all")
          .isEqualTo(1);
      assertThat(answered(scene, server, hostile, honest))
          .containsExactly(List.of("udp 20000"), List.of());
    }
  }

  @Test
  void anAddressIsNotBelievedToBeAtTheMacAddressOfAnotherPort() throws Exception {
    try (NatScene scene = new NatScene(family());
        DatagramSocket server = new DatagramSocket(family().anyPort())) {
      Guest honest = scene.guest(10);
      Guest hostile = scene.guest(20);
      scene.on(() -> {
        claim(hostile, honest.mac);
        return true;
      });
      assertThat(answered(scene, server, hostile, honest))
          .containsExactly(List.of("udp 20000"), List.of());
      assertThat(scene.on(() -> scene.nat.gateway().stations().counters().get(CLAIM_REFUSED)))
          .isEqualTo(1);
    }
  }
}
