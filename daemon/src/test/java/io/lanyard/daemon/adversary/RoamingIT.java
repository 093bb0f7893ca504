package io.lanyard.daemon.adversary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.daemon.DaemonHome;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.testing.Await;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A host that moves to another network while guests have connections by it. Needs root. */
@Timeout(240)
final class RoamingIT {
  private static final int WAIT_MILLIS = 60_000;

  /** For an answer to a question, before it is asked again. */
  private static final int ATTEMPT_MILLIS = 500;

  /** The same by the daemon's clock. */
  private static final int ATTEMPT_SECONDS = 2;

  /** Addresses that do not come back so soon are lost. */
  private static final int LOST_SECONDS = 6;

  private static final int NAMES_OVER_TCP = 5300;

  /** A domain, behind a family's name, whose server is asked over TCP. */
  private static final String KEPT = ".kept.example";

  @TempDir Path home;
  private World world;
  private DaemonHome daemons;
  private DaemonHome.Running daemon;
  private int questions;

  @BeforeEach
  void start() throws Exception {
    world = new World();
    daemons = new DaemonHome(home);
    // While the host is on its way, no name server answers.
    daemons.expectWarning("event=dns-upstreams-silent ");
    nameServers(Family.IPV4.world.toString());
    String kept =
        Stream.of(Family.values())
            .map(family ->
                "%s%s: [\"tcp://%s\"]"
                    .formatted(family, KEPT, new Endpoint(family.world, NAMES_OVER_TCP)))
            .collect(Collectors.joining(", "));
    String configuration =
        """
        version: 1
        networks:
          a:
            mode: nat
            ipv4: {subnet: 10.66.0.0/16}
            ipv6: {subnet: "fd66::/64"}
            dns: {hosts-file: false, domains: {KEPT}}
            ports: [{name: guest, kind: tap, device: t0, netns: NS}]
          b:
            mode: host-only
            ipv4: {subnet: 10.67.0.0/24}
            ipv6: {subnet: "fd67::/64"}
            host-adapter: {name: hb}
            ports: [{name: other, kind: tap, device: t0, netns: OTHER}]
        """
            .replace("KEPT", kept)
            .replace("NS", world.guestA)
            .replace("OTHER", world.guestB);
    daemon =
        daemons.daemon(configuration, DaemonHome.steppedJava("ip", "netns", "exec", world.host));
    daemons.await(daemon);
    DaemonUnderAttack.address(world);
    DaemonUnderAttack.awaitRouter(world.guestA);
  }

  /** Writes the host's {@code resolv.conf}, which {@code ip netns exec} has mounted. */
  private void nameServers(String address) throws IOException {
    Path folder = Files.createDirectories(Path.of("/etc/netns", world.host));
    Files.writeString(folder.resolve("resolv.conf"), "nameserver " + address + "\n");
  }

  @AfterEach
  void end() throws Exception {
    try {
      daemons.close();
    } finally {
      Path folder = Path.of("/etc/netns", world.host);
      Files.deleteIfExists(folder.resolve("resolv.conf"));
      Files.deleteIfExists(folder);
      world.close();
    }
  }

  private Socket connect(Family family) throws IOException {
    return NetworkNamespace.run(
        world.guestA,
        () -> {
          Socket socket = new Socket();
          socket.connect(
              new InetSocketAddress(family.world.toInetAddress(), World.ECHO), WAIT_MILLIS);
          socket.setSoTimeout(WAIT_MILLIS);
          return socket;
        });
  }

  private static void echo(Socket socket) throws IOException {
    socket.getOutputStream().write('a');
    assertThat(socket.getInputStream().read()).isEqualTo('a');
  }

  private void host(String commands) throws Exception {
    World.run(commands.replace("ip ", "ip -n " + world.host + " "));
  }

  private static String prefix(Family family) {
    return family == Family.IPV4 ? "10.99.0." : "2001:db8:99::";
  }

  /** Has the host take another address of its network for the one that it has. */
  private void move(Family family, int from, int to) throws Exception {
    host(
        """
        set -e
        ip addr del PA/L dev vh
        ip addr add PB/L dev vh
        ip route replace default via W\
        """
            .replace("PA", prefix(family) + from)
            .replace("PB", prefix(family) + to)
            .replace("L", family == Family.IPV4 ? "24" : "64")
            .replace("W", family.world.toString()));
  }

  private DatagramSocket datagrams(Address server) throws IOException {
    return NetworkNamespace.run(
        world.guestA,
        () -> {
          DatagramSocket socket = new DatagramSocket();
          socket.connect(new InetSocketAddress(server.toInetAddress(), NameServer.PORT));
          socket.setSoTimeout(ATTEMPT_MILLIS);
          return socket;
        });
  }

  /** The last byte of the address that a name server has for a new name; asks until it answers. */
  private int ask(DatagramSocket socket, String domain) throws IOException {
    int id = ++questions;
    byte[] question = Forgery.question(id, "q" + id + domain, 0);
    byte[] answer = new byte[512];
    DatagramPacket packet = new DatagramPacket(answer, answer.length);
    Await.until(
        "an answer to question " + id,
        () -> {
          socket.send(new DatagramPacket(question, question.length));
          try {
            do {
              packet.setLength(answer.length);
              socket.receive(packet);
            } while (((answer[0] << 8) | (answer[1] & 0xff)) != id || (answer[3] & 0xf) != 0);
            return true;
          } catch (SocketTimeoutException e) {
            daemon.putForward(ATTEMPT_SECONDS);
            return false; // asks again, as resolvers do
          }
        });
    return answer[packet.getLength() - 1];
  }

  /** One conversation of pings, by its identifier: one answer will do. */
  private void ping(Family family) throws Exception {
    World.run(
        "ip netns exec %s ping -e 77 -c 5 -i 0.2 -W 60 %s".formatted(world.guestA, family.world));
  }

  @ParameterizedTest
  @EnumSource
  void datagramsPingsAndNewConnectionsFollowAHostThatMovesBackAndForth(Family family)
      throws Exception {
    try (DatagramSocket socket = datagrams(family.world)) {
      assertThat(ask(socket, World.FAST)).isEqualTo(1);
      ping(family);
      for (int i = 0; i < 3; i++) {
        boolean away = i % 2 == 0;
        move(family, away ? 1 : 7, away ? 7 : 1);
        assertThat(ask(socket, World.FAST)).as("after move " + i).isEqualTo(1);
        ping(family);
        try (Socket fresh = connect(family)) {
          echo(fresh);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void questionsGoToTheNameServerOfTheNetworkThatTheHostIsInNow(Family family) throws Exception {
    nameServers(family.world.toString());
    String elsewhere = family == Family.IPV4 ? "10.97.0.2" : "2001:db8:97::2";
    try (NameServer _ = new NameServer(world.hostile, 2);
        DatagramSocket socket = datagrams(family.gateway)) {
      assertThat(ask(socket, World.FAST)).isEqualTo(1);
      World.run(
          """
          set -e
          ip link add vo netns H type veth peer name vp netns E
          ip netns exec E sysctl -qw net.ipv6.conf.vp.disable_ipv6=0
          ip -n H addr add 10.97.0.1/24 dev vo; ip -n E addr add 10.97.0.2/24 dev vp
          ip -n H addr add 2001:db8:97::1/64 dev vo nodad
          ip -n E addr add 2001:db8:97::2/64 dev vp nodad
          ip -n H link set vo up; ip -n E link set vp up; ip -n H link set vh down
          ip -n H route add default via 10.97.0.2; ip -n H route replace default via 2001:db8:97::2
          """
              .replaceAll("\\bH\\b", world.host)
              .replaceAll("\\bE\\b", world.hostile));
      nameServers(elsewhere);
      assertThat(ask(socket, World.FAST)).isEqualTo(2);
      assertThat(ask(socket, World.FAST)).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aKeptConnectionToANameServerIsMadeAnewAfterAMove(Family family) throws Exception {
    try (ServerSocket _ = world.serve(NAMES_OVER_TCP, client -> NameServer.serve(client, 3));
        DatagramSocket socket = datagrams(family.gateway)) {
      assertThat(ask(socket, "." + family + KEPT)).isEqualTo(3);
      move(family, 1, 7);
      assertThat(ask(socket, "." + family + KEPT)).isEqualTo(3);
      move(family, 7, 1);
      assertThat(ask(socket, "." + family + KEPT)).isEqualTo(3);
    }
  }

  @ParameterizedTest
  @EnumSource
  void newConnectionsFollowTheHostAndThoseByItsFormerAddressAreReset(Family family)
      throws Exception {
    try (Socket old = connect(family)) {
      echo(old);
      move(family, 1, 7);
      try (Socket fresh = connect(family)) {
        echo(fresh);
        daemon.putForward(LOST_SECONDS);
        assertThatThrownBy(() -> old.getInputStream().read())
            .isInstanceOf(SocketException.class)
            .hasMessageContaining("reset");
        echo(fresh);
      }
    }
  }
}
