package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.config.ForwardConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.egress.PortEgress;
import io.lanyard.nat.forward.ForwardStatus;
import io.lanyard.nat.gateway.NatScene.Guest;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import io.lanyard.testing.LogWatch;
import java.io.Closeable;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Rules about who comes in by a forward. */
class InwardRulesTest {
  private static final String TO = "192.168.127.10";
  private static final int SERVICE = 80;

  private final PortEgress ports = new PortEgress(UnaryOperator.identity());
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
  }

  private static NetworkConfig config(String egress, String ofPort) {
    return TestNetworks.nat(
        "egress: {" + egress + "}",
        "ports: [{name: p, kind: qemu-stream, path: p.sock, egress: {" + ofPort + "}}]");
  }

  /** A network with a forward of the protocol on all addresses of the host. */
  private NatScene scene(Transport protocol, String egress) throws Exception {
    ForwardConfig forward =
        TestNetwork.forward(protocol, new Endpoint(Address.ANY_IPV6, 0), TO, SERVICE);
    NatScene made =
        new NatScene(
            TestNetworks.forwards(config(egress, ""), forward), HostResources.alone(), nic -> null);
    open.add(made);
    made.on(() -> {
      made.nat.portRules(ports);
      return true;
    });
    return made;
  }

  private void rulesOfPort(NatScene scene, String egress) throws Exception {
    scene.on(() -> {
      ports.set("guest10", config("", egress).ports().getFirst().policy());
      return true;
    });
  }

  private static ForwardStatus status(NatScene scene) {
    return scene.nat.forwards().list().getFirst();
  }

  /** A client at an address of the host sends something, or connects. */
  private Client client(NatScene scene, Transport protocol, String address) throws Exception {
    assertThat(scene.becomes(() -> status(scene).port() != 0)).isTrue();
    InetSocketAddress from = new InetSocketAddress(InetAddress.ofLiteral(address), 0);
    InetSocketAddress to =
        new InetSocketAddress(from.getAddress(), scene.on(() -> status(scene).port()));
    Client made = protocol == Transport.TCP ? new Stream(from, to) : new Datagrams(from, to);
    open.add(made);
    return made;
  }

  private interface Client extends Closeable {}

  private static final class Stream implements Client {
    private final Socket socket = new Socket();

    Stream(InetSocketAddress from, InetSocketAddress to) throws IOException {
      socket.setSoTimeout(60_000);
      socket.bind(from);
      socket.connect(to);
    }

    /** Throws when the connection is reset. */
    int read() throws IOException {
      return socket.getInputStream().read();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private static final class Datagrams implements Client {
    private final DatagramSocket socket;

    Datagrams(InetSocketAddress from, InetSocketAddress to) throws IOException {
      socket = new DatagramSocket(from);
      socket.send(new DatagramPacket(new byte[3], 3, to));
    }

    @Override
    public void close() {
      socket.close();
    }
  }

  private static boolean hears(NatScene scene, Guest guest) throws Exception {
    List<String> heard = new ArrayList<>();
    return scene.becomes(() -> {
      heard.addAll(guest.heard());
      return heard.stream().anyMatch(word -> word.endsWith(" " + SERVICE));
    });
  }

  @ParameterizedTest
  @CsvSource({
    "TCP, 127.0.0.1, ::1",
    "TCP, ::1, 127.0.0.1",
    "UDP, 127.0.0.1, ::1",
    "UDP, ::1, 127.0.0.1"
  })
  void onlyWhomTheRulesLetInReachesTheGuest(Transport protocol, String friend, String stranger)
      throws Exception {
    String bracketed = friend.contains(":") ? "[" + friend + "]" : friend;
    NatScene scene =
        scene(
            protocol,
            "rules: [{allow: '%s:%d', direction: in}, {deny: '*', direction: in}]"
                .formatted(bracketed, SERVICE));
    Guest guest = scene.guest(10);
    Client refused = client(scene, protocol, stranger);
    assertThat(scene.becomes(() -> status(scene).refused() == 1)).isTrue();
    if (refused instanceof Stream stream) {
      assertThatThrownBy(stream::read).isInstanceOf(IOException.class);
    }
    assertThat(scene.on(guest::heard)).isEmpty();
    assertThat(scene.on(() -> scene.nat.gateway().counters().get(GatewayCount.EGRESS_DENIED)))
        .isEqualTo(1);
    assertThat(LogWatch.count("event=egress-denied")).isEqualTo(1);
    client(scene, protocol, friend);
    assertThat(hears(scene, guest)).isTrue();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aRuleThatIsOnlyTriedLetsIn(Transport protocol) throws Exception {
    NatScene scene = scene(protocol, "dry-run: true, rules: [{deny: '*', direction: in}]");
    Guest guest = scene.guest(10);
    client(scene, protocol, "127.0.0.1");
    assertThat(hears(scene, guest)).isTrue();
    assertThat(scene.on(() -> scene.nat.gateway().counters().get(GatewayCount.EGRESS_WOULD_DENY)))
        .isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aFlowEndsWhenTheRulesLetItsClientInNoLonger(Transport protocol) throws Exception {
    NatScene scene = scene(protocol, "default: allow");
    scene.guest(10);
    client(scene, protocol, "127.0.0.1");
    client(scene, protocol, "127.0.0.2");
    assertThat(scene.becomes(() -> status(scene).active() == 2)).isTrue();
    NetworkConfig next = config("rules: [{deny: 127.0.0.2, direction: in}]", "");
    assertThat(scene.on(() -> scene.nat.endedBy(next, ports))).hasSize(1);
    scene.on(() -> {
      scene.nat.configure(next);
      return true;
    });
    assertThat(scene.on(() -> status(scene).active())).isEqualTo(1);
    rulesOfPort(scene, "rules: [{deny: 127.0.0.1, direction: in}]");
    assertThat(scene.on(() -> status(scene).active())).isZero();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aGuestThatIsFoundBehindAPortHasItsRules(Transport protocol) throws Exception {
    NatScene scene = scene(protocol, "default: allow");
    Guest guest = scene.silentGuest(10);
    rulesOfPort(scene, "rules: [{allow: 127.0.0.1, direction: in}, {deny: '*', direction: in}]");
    client(scene, protocol, "127.0.0.1");
    client(scene, protocol, "127.0.0.2");
    assertThat(scene.becomes(() -> status(scene).active() == 2)).isTrue();
    scene.on(() -> {
      guest.announce();
      return true;
    });
    assertThat(scene.on(() -> status(scene).active()))
        .as("before anything reaches it")
        .isEqualTo(1);
    assertThat(scene.on(guest::heard).stream().filter(word -> !word.startsWith("rst")))
        .as("what has waited is dropped; who may come in tries again")
        .isEmpty();
    assertThat(scene.on(() -> scene.nat.gateway().counters().get(GatewayCount.EGRESS_DENIED)))
        .isEqualTo(1);
  }

  @Test
  void aRuleAboutWhatComesInCountsItsFlowsOnce() throws Exception {
    NatScene scene = scene(Transport.TCP, "rules: [{allow: 127.0.0.1, direction: in}]");
    Guest guest = scene.silentGuest(10);
    rulesOfPort(scene, "rules: [{deny: 127.0.0.2, direction: in}]");
    client(scene, Transport.TCP, "127.0.0.1");
    assertThat(scene.becomes(() -> status(scene).active() == 1)).isTrue();
    scene.on(() -> {
      guest.announce();
      return true;
    });
    String dump = scene.on(() -> scene.nat.egress().dump().toString());
    assertThat(dump).contains("flows=1");
  }
}
