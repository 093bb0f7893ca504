package io.lanyard.daemon.adversary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.daemon.DaemonHome;
import io.lanyard.linux.NetworkNamespace;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A host that moves to another network while guests have connections by it. Needs root. */
@Timeout(120)
final class RoamingIT {
  private static final int WAIT_MILLIS = 30_000;

  @TempDir Path home;
  private World world;
  private DaemonHome daemons;

  @BeforeEach
  void start() throws Exception {
    world = new World();
    daemons = new DaemonHome(home);
    String configuration =
        """
        version: 1
        networks:
          a:
            mode: nat
            ipv4: {subnet: 10.66.0.0/16}
            ipv6: {subnet: "fd66::/64"}
            ports: [{name: guest, kind: tap, device: t0, netns: NS}]
          b:
            mode: host-only
            ipv4: {subnet: 10.67.0.0/24}
            ipv6: {subnet: "fd67::/64"}
            host-adapter: {name: hb}
            ports: [{name: other, kind: tap, device: t0, netns: OTHER}]
        """
            .replace("NS", world.guestA)
            .replace("OTHER", world.guestB);
    daemons.await(
        daemons.daemon(configuration, DaemonHome.java("ip", "netns", "exec", world.host)));
    DaemonUnderAttack.address(world);
    DaemonUnderAttack.awaitRouter(world.guestA);
  }

  @AfterEach
  void end() throws Exception {
    daemons.close();
    world.close();
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

  @ParameterizedTest
  @EnumSource
  void newConnectionsFollowTheHostAndThoseByItsFormerAddressAreReset(Family family)
      throws Exception {
    try (Socket old = connect(family)) {
      echo(old);
      host(
          """
          set -e
          ip addr del P1/L dev vh
          ip addr add P7/L dev vh
          ip route replace default via W\
          """
              .replace("P", family == Family.IPV4 ? "10.99.0." : "2001:db8:99::")
              .replace("L", family == Family.IPV4 ? "24" : "64")
              .replace("W", family.world.toString()));
      try (Socket fresh = connect(family)) {
        echo(fresh);
        assertThatThrownBy(() -> old.getInputStream().read())
            .isInstanceOf(SocketException.class)
            .hasMessageContaining("reset");
        echo(fresh);
      }
    }
  }
}
