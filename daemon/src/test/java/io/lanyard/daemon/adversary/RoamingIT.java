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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

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
            ports: [{name: guest, kind: tap, device: t0, netns: NS}]
          b:
            mode: host-only
            ipv4: {subnet: 10.67.0.0/24}
            host-adapter: {name: hb}
            ports: [{name: other, kind: tap, device: t0, netns: OTHER}]
        """
            .replace("NS", world.guestA)
            .replace("OTHER", world.guestB);
    daemons.await(
        daemons.daemon(configuration, DaemonHome.java("ip", "netns", "exec", world.host)));
    DaemonUnderAttack.address(world);
  }

  @AfterEach
  void end() throws Exception {
    daemons.close();
    world.close();
  }

  private Socket connect() throws IOException {
    return NetworkNamespace.run(
        world.guestA,
        () -> {
          Socket socket = new Socket();
          socket.connect(new InetSocketAddress("10.99.0.2", World.ECHO), WAIT_MILLIS);
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

  @Test
  void newConnectionsFollowTheHostAndThoseByItsFormerAddressAreReset() throws Exception {
    try (Socket old = connect()) {
      echo(old);
      host(
          """
          ip addr del 10.99.0.1/24 dev vh
          ip addr add 10.99.0.7/24 dev vh
          ip route add default via 10.99.0.2\
          """);
      try (Socket fresh = connect()) {
        echo(fresh);
        assertThatThrownBy(() -> old.getInputStream().read())
            .isInstanceOf(SocketException.class)
            .hasMessageContaining("reset");
        echo(fresh);
      }
    }
  }
}
