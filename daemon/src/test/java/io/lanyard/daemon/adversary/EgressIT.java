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
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The destinations that a guest of a NAT network reaches through a whole daemon. Another network is
 * host-only, so that the host itself has a way to its guest. Needs root.
 */
@Timeout(120)
final class EgressIT {
  private static final int PORT = World.ECHO;
  private static final int WAIT_MILLIS = 10_000;
  private static final String WORLD = "10.99.0.2";
  private static final String OWN = "10.99.0.1";
  private static final String ADAPTER = "10.67.0.1";
  private static final String OTHER_GUEST = "10.67.0.100";
  private static final String METADATA = "169.254.169.254";

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
            egress: EGRESS
            ports: [{name: guest, kind: tap, device: t0, netns: NSA}]
          b:
            mode: host-only
            ipv4: {subnet: 10.67.0.0/24}
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
          }
        });
  }

  private String ping(String... arguments) throws Exception {
    Process process =
        NetworkNamespace.run(
            world.guestA,
            () -> {
              ProcessBuilder ping = new ProcessBuilder("ping", "-n", "-c", "1", "-W", "5");
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

  @Test
  void aGuestReachesTheWorldAndNeitherTheHostNorOtherNetworksNorMetadata() throws Exception {
    DaemonHome.Running daemon = start("{default: allow}");
    assertThat(reaches(WORLD, PORT)).isTrue();
    assertThat(reaches(OWN, PORT)).as("the host's address").isFalse();
    assertThat(reaches(OWN, 9323)).as("metrics on all addresses").isFalse();
    assertThat(reaches(ADAPTER, PORT)).as("another network's host adapter").isFalse();
    assertThat(reaches(OTHER_GUEST, PORT)).as("another network's guest").isFalse();
    assertThat(reaches(METADATA, PORT)).as("metadata").isFalse();
    assertThat(ping(WORLD)).contains("1 received");
    assertThat(ping("-t", "1", WORLD)).contains("From 10.66.0.2").contains("exceeded");
    for (String address : List.of(OWN, ADAPTER, OTHER_GUEST, METADATA)) {
      assertThat(ping(address)).as(address).contains("Packet filtered").contains("0 received");
    }
    assertThat(daemon.said()).contains("event=egress-denied").contains("port=\"guest\"");
  }

  @Test
  void rulesOpenTheHostAndOtherNetworksByAddressProtocolAndPort() throws Exception {
    start(
        "{default: allow, rules: [{allow: \"10.99.0.1:tcp/7000\"}, {allow: 10.67.0.100},"
            + " {deny: \"10.99.0.2:tcp/7001\"}]}");
    assertThat(reaches(OWN, PORT)).isTrue();
    assertThat(reaches(OWN, 9323)).as("another port").isFalse();
    assertThat(ping(OWN)).as("another protocol").contains("0 received");
    assertThat(reaches(OTHER_GUEST, PORT)).isTrue();
    assertThat(ping(OTHER_GUEST)).contains("1 received");
    assertThat(reaches(ADAPTER, PORT)).as("another address").isFalse();
    assertThat(reaches(WORLD, PORT)).isTrue();
    assertThat(reaches(WORLD, World.SOURCE)).as("what is denied").isFalse();
  }

  @Test
  void aDatagramReachesTheHostOnlyByARule() throws Exception {
    start("{default: deny, rules: [{allow: \"10.99.0.1:udp/7000\"}]}");
    assertThat(reaches(WORLD, PORT)).isFalse();
    sendDatagram(ADAPTER);
    sendDatagram(OWN);
    DatagramPacket packet = new DatagramPacket(new byte[64], 64);
    datagrams.setSoTimeout(WAIT_MILLIS);
    datagrams.receive(packet);
    assertThat(new String(packet.getData(), 0, packet.getLength(), UTF_8)).isEqualTo(OWN);
  }
}
