package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.EgressTestInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.net.Address;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.HostCommand;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The verdict about the addresses of a guest's own network, where the switch passes packets on and
 * the gateway is not asked, beside what the guest experiences. Needs root, iproute2 and ping.
 */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EgressOnTheLinkIT {
  private static final long PID = ProcessHandle.current().pid() % 100_000;
  private static final String ADAPTER = "lyel" + PID;
  private static final int SERVED = FreePorts.range(2);

  /** An answer comes at once, unless the host stands still. */
  private static final int ANSWER_MILLIS = 60_000;

  private static final int SILENCE_MILLIS = 4_000;

  /** A destination that is not reached; its answer is there when it has been silent for long. */
  private record Denied(String what, Future<Boolean> reached) {}

  /** They are asked all at once. */
  private final List<Denied> denied = new ArrayList<>();

  @TempDir Path home;
  private @Nullable Daemon daemon;

  private static String namespace(String port) {
    return "lyel" + port + PID;
  }

  @BeforeEach
  void makeNamespaces() throws Exception {
    for (String port : List.of("one", "two", "alone")) {
      HostCommand.runLine("ip netns add " + namespace(port));
    }
  }

  @AfterEach
  void stop() throws Exception {
    if (daemon != null) {
      daemon.close();
    }
    for (String port : List.of("one", "two", "alone")) {
      HostCommand.runLine("ip netns del " + namespace(port));
    }
  }

  private void open(String keys) throws Exception {
    StringBuilder ports = new StringBuilder();
    for (String port : List.of("one", "two", "alone")) {
      ports.append(
          "        - {name: %s, kind: tap, device: t0, netns: %s, isolated: %s}\n"
              .formatted(port, namespace(port), port.equals("alone")));
    }
    daemon =
        InProcessDaemon.open(
            home,
            """
            version: 1
            networks:
              a:
                ipv4: {subnet: 10.91.17.0/24}
                ipv6: {subnet: "fd91:17::/64"}
                dns: {upstreams: []}
                %s
                ports:
            %s\
            """
                .formatted(keys, ports));
    int host = 50;
    for (String port : List.of("one", "two", "alone")) {
      String ip = "ip -n " + namespace(port) + " ";
      HostCommand.runLine(ip + "link set t0 up");
      // It asks for its neighbours as long as the loop stands still, as the whole host may.
      HostCommand.runIn(
          namespace(port),
          "sysctl -qw net.ipv4.neigh.t0.mcast_solicit=60 net.ipv6.neigh.t0.mcast_solicit=60");
      HostCommand.runLine(ip + "addr add 10.91.17." + host + "/24 dev t0");
      HostCommand.runLine(ip + "addr add fd91:17::" + host++ + "/64 dev t0 nodad");
    }
  }

  private Network network() {
    return Objects.requireNonNull(Objects.requireNonNull(daemon).network("a"));
  }

  private EgressTestInfo verdict(String port, String address, int service) {
    return network()
        .testEgress(
            port, new EgressQuestion(false, "", Address.parse(address), FlowKey.TCP, service))
        .getFirst();
  }

  /** Whether a packet comes to a host: it answers, if only that nothing listens there. */
  private static boolean reaches(String port, String address, int service, int millis)
      throws IOException {
    return NetworkNamespace.run(
        namespace(port),
        () -> {
          try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, service), millis);
            return true;
          } catch (ConnectException e) {
            return String.valueOf(e.getMessage()).contains("refused");
          } catch (SocketTimeoutException | SocketException e) {
            return false; // no answer at all, or the gateway's that it is prohibited
          }
        });
  }

  private void assertVerdict(String port, String address, int service, boolean allowed, String why)
      throws Exception {
    EgressTestInfo verdict = verdict(port, address, service);
    String what = "from " + port + " to " + address + " port " + service;
    assertThat(verdict.verdict()).as(what).isEqualTo(allowed ? "allow" : "deny");
    assertThat(verdict.reason()).as(what).contains(why);
    if (allowed) {
      assertThat(reaches(port, address, service, ANSWER_MILLIS)).as(what).isTrue();
    } else {
      FutureTask<Boolean> asking =
          new FutureTask<>(() -> reaches(port, address, service, SILENCE_MILLIS));
      Thread.ofPlatform().daemon().start(asking);
      denied.add(new Denied(what, asking));
    }
  }

  /** Waits for those that are not to be reached. */
  private void assertDenied() throws Exception {
    for (Denied one : denied) {
      assertThat(one.reached.get()).as(one.what).isFalse();
    }
    denied.clear();
  }

  @ParameterizedTest
  @ValueSource(strings = {"nat", "host-only"})
  void theHostsServicesAreReachedAtItsAdapterUnlessThePortIsIsolated(String mode) throws Exception {
    open("mode: " + mode + "\n    host-adapter: {name: " + ADAPTER + "}");
    for (String host : List.of("10.91.17.1", "fd91:17::1")) {
      try (ServerSocket _ = new ServerSocket(SERVED, 9, InetAddress.ofLiteral(host))) {
        assertVerdict("one", host, SERVED, true, "the host at its own adapter " + ADAPTER);
        assertVerdict("one", host, SERVED + 1, true, "no rule is about it");
        assertVerdict("alone", host, SERVED, false, "isolated");
      }
    }
    assertThat(network().report().info().hostServices())
        .isEqualTo(
            "what listens at 10.91.17.1 and fd91:17::1, or on all of the host's addresses; not for"
                + " isolated ports");
    for (String other : List.of("10.91.17.51", "fd91:17::51")) {
      assertVerdict("one", other, SERVED, true, "another station of the network");
      assertVerdict("alone", other, SERVED, false, "isolated");
    }
    for (String gateway : List.of("10.91.17.2", "fd91:17::2")) {
      assertVerdict("alone", gateway, 53, true, "the gateway's own address");
    }
    for (String alone : List.of("10.91.17.52", "fd91:17::52")) {
      // The gateway knows behind which port the address is when it has heard from it.
      HostCommand.runLine(
          "ip netns exec %s ping -c 1 -W 60 -I %s %s"
              .formatted(namespace("alone"), alone, alone.replace("52", "2")));
      assertVerdict("one", alone, SERVED, false, "isolated");
    }
    assertDenied();
  }

  @Test
  void nameServersOfTheHostsAreClosedWhereRulesAreAboutNames() throws Exception {
    open(
        "mode: nat\n    host-adapter: {name: "
            + ADAPTER
            + "}\n    egress: {rules: [{deny: evil.example}]}");
    for (String host : List.of("10.91.17.1", "fd91:17::1")) {
      assertVerdict("one", host, 53, false, "names are asked of the gateway");
      assertVerdict("one", host, SERVED, true, "the host at its own adapter");
    }
    assertDenied();
  }

  @Test
  void withoutAnAdapterTheHostIsThereWhereItsLoopbackIs() throws Exception {
    open("mode: nat");
    for (String host : List.of("10.91.17.1", "fd91:17::1")) {
      assertVerdict("one", host, SERVED, false, "the host has no address on the network");
      assertVerdict("alone", host, SERVED, false, "the host has no address on the network");
    }
    assertThat(network().report().info().hostServices()).isEmpty();
    assertDenied();
    Objects.requireNonNull(daemon).close();
    open("mode: nat\n    nat: {host-loopback: [" + SERVED + "]}");
    try (ServerSocket _ = new ServerSocket(SERVED, 9, InetAddress.ofLiteral("127.0.0.1"))) {
      assertVerdict("one", "10.91.17.1", SERVED, true, "host-loopback");
      assertVerdict("one", "10.91.17.1", SERVED + 1, false, "the port is not in host-loopback");
      assertVerdict("alone", "10.91.17.1", SERVED, true, "host-loopback");
      assertThat(network().report().info().hostServices())
          .isEqualTo(SERVED + " of the host's loopback, at 10.91.17.1 and fd91:17::1");
    }
    assertDenied();
  }

  @Test
  void aHostOnlyNetworkLeadsNoFurtherThanItsLink() throws Exception {
    open("mode: host-only\n    host-adapter: {name: " + ADAPTER + "}");
    assertThat(verdict("one", "192.0.2.1", 80).reason()).contains("leads nowhere");
    assertThat(verdict("one", "192.0.2.1", 80).verdict()).isEqualTo("deny");
    assertThat(verdict("one", "169.254.169.254", 80).verdict()).isEqualTo("deny");
  }
}
