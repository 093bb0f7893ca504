package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.ForwardConfig;
import io.lanyard.linux.DatagramEnds;
import io.lanyard.linux.InetDatagram;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.forward.ForwardStatus;
import io.lanyard.nat.gateway.NatScene.Guest;
import io.lanyard.nat.udp.UdpCount;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Transport;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** UDP forwards and the addresses of the host that their clients ask, over the loopback. */
class UdpForwardTest {
  private static final int SERVICE = 53;
  private static final String TEN = "192.168.127.10";

  private static NatScene scene(String listen) throws Exception {
    ForwardConfig forward =
        TestNetwork.forward(Transport.UDP, new Endpoint(Address.parse(listen), 0), TEN, SERVICE);
    return new NatScene(forward);
  }

  private static ForwardStatus status(NatScene scene) throws Exception {
    return scene.on(() -> scene.nat.forwards().list().getFirst());
  }

  private static DatagramSocket client() throws Exception {
    DatagramSocket client = new DatagramSocket();
    client.setSoTimeout(10);
    return client;
  }

  private static void ask(DatagramSocket client, String address, int port, String text)
      throws Exception {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    client.send(new DatagramPacket(bytes, bytes.length, InetAddress.ofLiteral(address), port));
  }

  /** The guest sends back whatever has come for its service; how many datagrams that were. */
  private static int echo(Guest guest) {
    int count = 0;
    for (byte[] frame : guest.port.drain()) {
      ByteBuf b = TestNetwork.view(frame);
      if (Ethernet.type(b, 0) == Ethernet.TYPE_IPV4 && Ipv4.protocol(b, 14) == Ipv4.UDP) {
        assertThat(Udp.destinationPort(b, 34)).isEqualTo(SERVICE);
        byte[] data = ByteBufUtil.getBytes(b, 42, Udp.length(b, 34) - Udp.HEADER_LENGTH);
        guest.send(
            TestNetwork.udp(
                guest.address, TestNetwork.GATEWAY, SERVICE, Udp.sourcePort(b, 34), data));
        count++;
      }
    }
    return count;
  }

  /** Lets the guest answer until an answer is there. */
  private static String answer(NatScene scene, Guest guest, DatagramSocket client)
      throws Exception {
    DatagramPacket packet = new DatagramPacket(new byte[2000], 2000);
    for (long end = System.nanoTime() + 60_000_000_000L; ; ) {
      scene.on(() -> {
        int echoed = echo(guest);
        scene.nat.udp().flush();
        return echoed;
      });
      try {
        client.receive(packet);
        return new String(
            packet.getData(), packet.getOffset(), packet.getLength(), StandardCharsets.UTF_8);
      } catch (SocketTimeoutException e) {
        assertThat(System.nanoTime()).as("an answer has come").isLessThan(end);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0, 127.0.0.1",
    "0.0.0.0, 127.0.0.2",
    "127.0.0.2, 127.0.0.2",
    "::, ::1",
    "::, 127.0.0.1",
    "::, 127.0.0.2",
    "::1, ::1"
  })
  void aConnectedClientGetsItsAnswer(String listen, String asked) throws Exception {
    try (NatScene scene = scene(listen);
        DatagramSocket client = client()) {
      Guest guest = scene.guest(10);
      int port = status(scene).port();
      // Takes answers from this very address only, and leaves from the one that leads there.
      client.connect(InetAddress.ofLiteral(asked), port);
      ask(client, asked, port, "who");
      assertThat(answer(scene, guest, client)).isEqualTo("who");
      assertThat(status(scene).accepted()).isEqualTo(1);
    }
  }

  @Test
  void aClientThatAsksTwoAddressesHasAFlowForEach() throws Exception {
    try (NatScene scene = scene("0.0.0.0");
        DatagramSocket client = client()) {
      Guest guest = scene.guest(10);
      int port = status(scene).port();
      for (String asked : List.of("127.0.0.1", "127.0.0.2", "127.0.0.1")) {
        ask(client, asked, port, asked);
        DatagramPacket packet = new DatagramPacket(new byte[100], 100);
        assertThat(scene.becomes(() -> echo(guest) > 0)).isTrue();
        scene.on(() -> {
          scene.nat.udp().flush();
          return true;
        });
        client.setSoTimeout(60_000);
        client.receive(packet);
        assertThat(packet.getAddress()).isEqualTo(InetAddress.ofLiteral(asked));
        assertThat(new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8))
            .isEqualTo(asked);
      }
      assertThat(status(scene).accepted()).isEqualTo(2);
      assertThat(status(scene).active()).isEqualTo(2);
    }
  }

  @Test
  void aThousandClientsGetEachItsOwnAnswerFromTheAddressThatItHasAsked() throws Exception {
    List<String> addresses = List.of("127.0.0.1", "127.0.0.2", "127.0.0.3", "::1");
    List<DatagramSocket> clients = new ArrayList<>();
    try (NatScene scene = scene("::")) {
      Guest guest = scene.guest(10);
      int port = status(scene).port();
      for (int i = 0; i < 1000; i++) {
        String asked = addresses.get(i % addresses.size());
        DatagramSocket client = client();
        clients.add(client);
        client.connect(InetAddress.ofLiteral(asked), port);
        ask(client, asked, port, "client " + i);
        // No faster than the socket's buffer takes them.
        int asking = i + 1;
        assertThat(scene.becomes(() -> scene.nat.forwards().list().getFirst().accepted() == asking))
            .isTrue();
      }
      for (int i = 0; i < 1000; i++) {
        assertThat(answer(scene, guest, clients.get(i))).isEqualTo("client " + i);
      }
      assertThat(status(scene).accepted()).isEqualTo(1000);
      assertThat(status(scene).refused()).isZero();
    } finally {
      clients.forEach(DatagramSocket::close);
    }
  }

  @ParameterizedTest
  @CsvSource({"0.0.0.0, 127.0.0.2", "::, 127.0.0.2", "::, ::1"})
  void aClientThatIsGoneEndsTheFlowOfTheAddressThatItHasAskedAndNoOther(String listen, String asked)
      throws Exception {
    try (NatScene scene = scene(listen);
        DatagramSocket stays = client()) {
      Guest guest = scene.guest(10);
      int port = status(scene).port();
      DatagramSocket goes = client();
      ask(goes, asked, port, "soon gone");
      ask(stays, asked, port, "stays");
      assertThat(scene.becomes(() -> scene.nat.forwards().list().getFirst().active() == 2))
          .isTrue();
      goes.close();
      assertThat(answer(scene, guest, stays)).isEqualTo("stays");
      assertThat(scene.becomes(() -> scene.nat.forwards().list().getFirst().active() == 1))
          .isTrue();
      ask(stays, asked, port, "again");
      assertThat(answer(scene, guest, stays)).isEqualTo("again");
      assertThat(status(scene).accepted()).isEqualTo(2);
    }
  }

  @Test
  void aDatagramThatIsTooLargeForIpv4IsDroppedAndCounted() throws Exception {
    try (NatScene scene = scene("::1");
        InetDatagram client = InetDatagram.udp(Address.LOOPBACK_IPV6, 0)) {
      Guest guest = scene.guest(10);
      ByteBuf data = Unpooled.directBuffer(65_527).writeZero(65_527);
      try {
        DatagramEnds to = DatagramEnds.to(Address.LOOPBACK_IPV6, status(scene).port());
        assertThat(client.send(data.memoryAddress(), 65_508, to)).isEqualTo(65_508);
        assertThat(scene.becomes(() -> scene.nat.udp().counters().get(UdpCount.TOO_LARGE) == 1))
            .isTrue();
        assertThat(scene.on(guest::heard)).doesNotContain("udp " + SERVICE);
        assertThat(client.send(data.memoryAddress(), 65_507, to)).isEqualTo(65_507);
        assertThat(scene.becomes(() -> scene.nat.udp().counters().get(UdpCount.IN) == 1)).isTrue();
      } finally {
        data.release();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.2", "127.0.0.1"})
  void aBatchOfAClientThatAsksAnAddressComesWhole(String asked) throws Exception {
    try (NatScene scene = scene("::");
        InetDatagram client = InetDatagram.udp(Address.LOOPBACK_IPV4, 0)) {
      Guest guest = scene.guest(10);
      ByteBuf data = Unpooled.directBuffer(2500).writeZero(2500);
      try {
        DatagramEnds to = DatagramEnds.to(Address.parse(asked), status(scene).port());
        assertThat(client.sendBatch(data.memoryAddress(), 2500, 1000, to)).isEqualTo(2500);
        List<Integer> lengths = new ArrayList<>();
        assertThat(
                scene.becomes(() -> {
                  for (byte[] frame : guest.port.drain()) {
                    lengths.add(Udp.length(TestNetwork.view(frame), 34) - Udp.HEADER_LENGTH);
                  }
                  return lengths.size() == 3;
                }))
            .isTrue();
        assertThat(lengths).isEqualTo(Arrays.asList(1000, 1000, 500));
        assertThat(status(scene).accepted()).isEqualTo(1);
      } finally {
        data.release();
      }
    }
  }

  @Test
  void aForwardToAGuestLeadsWhereTheLeaseOfItsNicIs() throws Exception {
    MacAddress nic = MacAddress.parse("52:54:00:00:01:0a");
    AtomicReference<Address> lease = new AtomicReference<>();
    ForwardConfig forward =
        new ForwardConfig(
            null,
            Transport.UDP,
            new Endpoint(Address.LOOPBACK_IPV4, 0),
            new ForwardConfig.ToGuest("web", nic, SERVICE),
            1);
    try (NatScene scene =
            new NatScene(
                TestNetworks.forwards(TestNetwork.config(), forward),
                HostResources.alone(),
                asked -> asked.equals(nic) ? lease.get() : null);
        DatagramSocket client = client()) {
      Guest guest = scene.guest(10);
      int port = status(scene).port();
      ask(client, "127.0.0.1", port, "too early");
      assertThat(scene.becomes(() -> scene.nat.forwards().list().getFirst().refused() == 1))
          .isTrue();
      lease.set(guest.ip());
      ask(client, "127.0.0.1", port, "now");
      assertThat(answer(scene, guest, client)).isEqualTo("now");
    }
  }
}
