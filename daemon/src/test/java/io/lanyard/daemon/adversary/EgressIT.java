package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.daemon.DaemonHome;
import io.lanyard.linux.NetworkNamespace;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The destinations that a guest of a NAT network reaches through a whole daemon. Another network is
 * host-only, so that the host itself has a way to its guest. Needs root.
 */
@Timeout(240)
final class EgressIT {
  private static final int PORT = World.ECHO;
  private static final int WAIT_MILLIS = 60_000;

  /** The destinations in one family. */
  enum Places {
    IPV4("10.99.0.2", "10.99.0.1", "10.67.0.1", "10.67.0.100", "169.254.169.254"),
    IPV6("2001:db8:99::2", "2001:db8:99::1", "fd67::1", "fd67::100", "fd00:ec2::254");

    final String world;
    final String own;
    final String adapter;
    final String otherGuest;
    final String metadata;

    Places(String world, String own, String adapter, String otherGuest, String metadata) {
      this.world = world;
      this.own = own;
      this.adapter = adapter;
      this.otherGuest = otherGuest;
      this.metadata = metadata;
    }

    /** An address as rules have it. */
    String rule(String address) {
      return this == IPV4 ? address : "[" + address + "]";
    }

    String gateway() {
      return (this == IPV4 ? Family.IPV4 : Family.IPV6).gateway.toString();
    }

    /** Ping's word for a destination that a rule closes. */
    String closed() {
      return this == IPV4 ? "Packet filtered" : "Administratively prohibited";
    }
  }

  @TempDir Path home;
  private World world;
  private DaemonHome daemons;
  private List<ServerSocket> listening;
  private DatagramSocket datagrams;

  @BeforeEach
  void makeTheWorld() throws Exception {
    world = new World();
    daemons = new DaemonHome(home);
    listening = List.of(listen(world.host), listen(world.guestB));
    datagrams = NetworkNamespace.run(world.host, () -> new DatagramSocket(PORT));
  }

  private static ServerSocket listen(String namespace) throws IOException {
    return NetworkNamespace.run(namespace, () -> new ServerSocket(PORT));
  }

  @AfterEach
  void deleteTheWorld() throws Exception {
    daemons.close();
    for (ServerSocket server : listening) {
      server.close();
    }
    datagrams.close();
    world.close();
  }

  private DaemonHome.Running start(String egress) throws Exception {
    String configuration =
        """
        version: 1
        metrics: {listen: "*:9323"}
        networks:
          a:
            mode: nat
            ipv4: {subnet: 10.66.0.0/16}
            ipv6: {subnet: "fd66::/64"}
            egress: EGRESS
            ports: [{name: guest, kind: tap, device: t0, netns: NSA}]
          b:
            mode: host-only
            ipv4: {subnet: 10.67.0.0/24}
            ipv6: {subnet: "fd67::/64"}
            host-adapter: {name: hb}
            ports: [{name: other, kind: tap, device: t0, netns: NSB}]
        """
            .replace("EGRESS", egress)
            .replace("NSA", world.guestA)
            .replace("NSB", world.guestB);
    DaemonHome.Running daemon =
        daemons.daemon(configuration, DaemonHome.java("ip", "netns", "exec", world.host));
    daemons.await(daemon);
    DaemonUnderAttack.address(world);
    DaemonUnderAttack.awaitRouter(world.guestA);
    return daemon;
  }

  private boolean reaches(String address, int port) throws IOException {
    return NetworkNamespace.run(
        world.guestA,
        () -> {
          try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, port), WAIT_MILLIS);
            return true;
          } catch (NoRouteToHostException e) {
            return false; // the gateway says at once that it is prohibited
          } catch (SocketException e) {
            assertThat(e).hasMessageContaining("Permission denied"); // the same, by IPv6
            return false;
          }
        });
  }

  private String ping(String... arguments) throws Exception {
    Process process =
        NetworkNamespace.run(
            world.guestA,
            () -> {
              ProcessBuilder ping = new ProcessBuilder("ping", "-n", "-c", "1", "-W", "60");
              ping.command().addAll(List.of(arguments));
              return ping.redirectErrorStream(true).start();
            });
    return new String(process.getInputStream().readAllBytes(), UTF_8);
  }

  private void sendDatagram(String address) throws IOException {
    NetworkNamespace.run(
        world.guestA,
        () -> {
          try (DatagramSocket socket = new DatagramSocket()) {
            byte[] data = address.getBytes(UTF_8);
            socket.send(
                new DatagramPacket(data, data.length, new InetSocketAddress(address, PORT)));
            return true;
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void aGuestReachesTheWorldAndNeitherTheHostNorOtherNetworksNorMetadata(Places at)
      throws Exception {
    DaemonHome.Running daemon = start("{default: allow}");
    assertThat(reaches(at.world, PORT)).isTrue();
    assertThat(reaches(at.own, PORT)).as("the host's address").isFalse();
    assertThat(reaches(at.own, 9323)).as("metrics on all addresses").isFalse();
    assertThat(reaches(at.adapter, PORT)).as("another network's host adapter").isFalse();
    assertThat(reaches(at.otherGuest, PORT)).as("another network's guest").isFalse();
    assertThat(reaches(at.metadata, PORT)).as("metadata").isFalse();
    assertThat(ping(at.world)).contains("1 received");
    assertThat(ping("-t", "1", at.world)).contains("From " + at.gateway()).contains("exceeded");
    for (String address : List.of(at.own, at.adapter, at.otherGuest, at.metadata)) {
      assertThat(ping(address)).as(address).contains(at.closed()).contains("0 received");
    }
    assertThat(daemon.said()).contains("event=egress-denied").contains("port=\"guest\"");
  }

  @ParameterizedTest
  @EnumSource
  void rulesOpenTheHostAndOtherNetworksByAddressProtocolAndPort(Places at) throws Exception {
    start(
        "{default: allow, rules: [{allow: '%s:tcp/7000'}, {allow: '%s'}, {deny: '%s:tcp/7001'}]}"
            .formatted(at.rule(at.own), at.rule(at.otherGuest), at.rule(at.world)));
    assertThat(reaches(at.own, PORT)).isTrue();
    assertThat(reaches(at.own, 9323)).as("another port").isFalse();
    assertThat(ping(at.own)).as("another protocol").contains("0 received");
    assertThat(reaches(at.otherGuest, PORT)).isTrue();
    assertThat(ping(at.otherGuest)).contains("1 received");
    assertThat(reaches(at.adapter, PORT)).as("another address").isFalse();
    assertThat(reaches(at.world, PORT)).isTrue();
    assertThat(reaches(at.world, World.SOURCE)).as("what is denied").isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void aDatagramReachesTheHostOnlyByARule(Places at) throws Exception {
    start("{default: deny, rules: [{allow: '" + at.rule(at.own) + ":udp/7000'}]}");
    assertThat(reaches(at.world, PORT)).isFalse();
    sendDatagram(at.adapter);
    sendDatagram(at.own);
    DatagramPacket packet = new DatagramPacket(new byte[64], 64);
    datagrams.setSoTimeout(WAIT_MILLIS);
    datagrams.receive(packet);
    assertThat(new String(packet.getData(), 0, packet.getLength(), UTF_8)).isEqualTo(at.own);
  }
}
