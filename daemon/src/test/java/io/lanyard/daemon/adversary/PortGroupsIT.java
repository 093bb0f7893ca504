package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.control.client.HttpClient;
import io.lanyard.daemon.DaemonHome;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.net.Address;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two port groups of one NAT network through a whole daemon: guest A is in the open one, guest B in
 * the closed one. Needs root.
 */
@Timeout(240)
final class PortGroupsIT {
  private static final String A = "10.66.1.100/16";
  private static final String A_IPV6 = "fd66::100/64";
  private static final String B = "10.66.1.101/16";
  private static final String B_IPV6 = "fd66::101/64";

  private static final String ALL = "{\"egress\": {\"default\": \"allow\"}}";

  private static final String ONLY_ECHO =
      "{\"egress\": {\"default\": \"deny\", \"rules\": [{\"allow\": \"*:tcp/7000\"}]}}";

  private static final int WAIT_MILLIS = 60_000;

  @TempDir Path home;
  private World world;
  private DaemonHome daemons;
  private DaemonHome.Running daemon;

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
            egress: {default: deny}
            port-groups:
              open: ALL
              closed: ECHO
            ports:
              - {name: a, kind: tap, device: t0, netns: NSA, port-group: open}
              - {name: b, kind: tap, device: t0, netns: NSB, port-group: closed}
        """
            .replace("ALL", ALL)
            .replace("ECHO", ONLY_ECHO)
            .replace("NSA", world.guestA)
            .replace("NSB", world.guestB);
    daemon = daemons.daemon(configuration, DaemonHome.java("ip", "netns", "exec", world.host));
    daemons.await(daemon);
    address(world.guestA, A, A_IPV6);
    address(world.guestB, B, B_IPV6);
    DaemonUnderAttack.awaitRouter(world.guestA);
    DaemonUnderAttack.awaitRouter(world.guestB);
  }

  @AfterEach
  void stop() throws Exception {
    daemons.close();
    world.close();
  }

  /** Gives a guest addresses in the place of those that it has. */
  private static void address(String guest, String ipv4, String ipv6) throws Exception {
    World.run(
        """
        set -e
        ip -n N addr flush dev t0 scope global
        ip -n N addr add IPV4 dev t0; ip -n N addr add IPV6 dev t0 nodad
        ip -n N link set t0 up
        ip -n N route replace default via 10.66.0.2
        """
            .replaceAll("\\bN\\b", guest)
            .replace("IPV4", ipv4)
            .replace("IPV6", ipv6));
  }

  private static Socket connect(String guest, Address to, int port) throws IOException {
    return NetworkNamespace.run(
        guest,
        () -> {
          Socket socket = new Socket();
          try {
            socket.setSoTimeout(WAIT_MILLIS);
            socket.connect(new InetSocketAddress(to.toString(), port), WAIT_MILLIS);
            return socket;
          } catch (IOException e) {
            socket.close();
            throw e;
          }
        });
  }

  private static boolean reaches(String guest, Address to, int port) throws IOException {
    try (Socket _ = connect(guest, to, port)) {
      return true;
    } catch (NoRouteToHostException e) {
      return false; // the gateway says at once that it is prohibited
    } catch (SocketException e) {
      assertThat(e).hasMessageContaining("Permission denied"); // the same, by IPv6
      return false;
    }
  }

  private static void echoes(Socket flow, String text) throws IOException {
    byte[] sent = text.getBytes(UTF_8);
    flow.getOutputStream().write(sent);
    assertThat(flow.getInputStream().readNBytes(sent.length)).isEqualTo(sent);
  }

  private void setGroup(String group, String value) throws IOException {
    try (HttpClient.Answer answer =
        new HttpClient(home.resolve("run/api.sock"))
            .send(
                "PUT",
                "/v1/networks/a/port-groups/" + group + "?yes=true",
                Map.of("Content-Type", "application/json"),
                value.getBytes(UTF_8))) {
      assertThat(answer.status()).as(new String(answer.bytes(), UTF_8)).isEqualTo(200);
    }
  }

  @Test
  void rulesOfAGroupThatChangeEndWhatTheyForbidAndNoOtherFlow() throws Exception {
    for (Family family : Family.values()) {
      Address to = family.world;
      setGroup("open", ALL);
      assertThat(reaches(world.guestB, to, World.ENDLESS)).as("the closed group").isFalse();
      try (Socket allowed = connect(world.guestA, to, World.ECHO);
          Socket forbidden = connect(world.guestA, to, World.ENDLESS);
          Socket ofOther = connect(world.guestB, to, World.ECHO)) {
        echoes(allowed, "before");
        echoes(ofOther, "before");
        assertThat(forbidden.getInputStream().read()).isNotNegative();

        setGroup("open", ONLY_ECHO);
        assertThatThrownBy(
                () -> forbidden.getInputStream().transferTo(OutputStream.nullOutputStream()))
            .as("reset by the gateway, not silent")
            .isInstanceOf(SocketException.class);
        echoes(allowed, "after");
        echoes(ofOther, "after");
        assertThat(reaches(world.guestA, to, World.ENDLESS)).as("a new flow").isFalse();

        setGroup("closed", ALL);
        assertThat(reaches(world.guestB, to, World.ENDLESS)).as("the other group").isTrue();
        assertThat(reaches(world.guestA, to, World.ENDLESS)).isFalse();
        setGroup("closed", ONLY_ECHO);
        echoes(ofOther, "still allowed");
      }
    }
  }

  @Test
  void aGuestGainsNothingByTheAddressesOfAnotherGroupsGuest() throws Exception {
    for (Family family : Family.values()) {
      try (Socket flow = connect(world.guestA, family.world, World.ECHO)) {
        echoes(flow, "learn me");
      }
    }
    World.run("ip -n " + world.guestA + " link set t0 down");
    address(world.guestB, A, A_IPV6);
    deniesB("by its IP addresses");
    World.run(
        "ip -n "
            + world.guestB
            + " link set t0 address $(ip netns exec "
            + world.guestA
            + " cat /sys/class/net/t0/address)");
    deniesB("by its MAC address too");
    address(world.guestB, B, B_IPV6);
    deniesB("by its MAC address");
    assertThat(daemon.said()).contains("event=egress-denied").contains("port=\"b\"");

    World.run("ip -n " + world.guestB + " link set t0 down");
    address(world.guestA, A, A_IPV6);
    DaemonUnderAttack.awaitRouter(world.guestA);
    for (Family family : Family.values()) {
      assertThat(reaches(world.guestA, family.world, World.ENDLESS)).as("its owner").isTrue();
    }
  }

  private void deniesB(String how) throws Exception {
    DaemonUnderAttack.awaitRouter(world.guestB);
    for (Family family : Family.values()) {
      assertThat(reaches(world.guestB, family.world, World.ENDLESS)).as(how).isFalse();
      assertThat(reaches(world.guestB, family.world, World.ECHO)).as("its own group's").isTrue();
    }
  }
}
