package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import io.lanyard.testing.LogWatch;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ports of kind {@code interface}: one end of a pair of the host's, named as Xen names a virtual
 * machine's, and an interface within a container's namespace. Needs root, iproute2, ping and
 * iperf3.
 */
@SuppressWarnings("NullAway.Init") // the fields are set before each test
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InterfacePortsIT {
  private static final String PREFIX = "lyif" + ProcessHandle.current().pid() % 100_000;
  private static final String HOST = PREFIX + "h";
  private static final String CONTAINER = PREFIX + "c";
  private static final String ONE = PREFIX + "1";
  private static final String TWO = PREFIX + "2";
  private static final List<String> ALL = List.of(HOST, CONTAINER, ONE, TWO);

  @TempDir Path home;
  private Daemon daemon;

  @BeforeEach
  void start() throws Exception {
    for (String namespace : ALL) {
      HostCommand.runLine("ip netns add " + namespace);
    }
    connect("vif1.0", HOST, ONE, 1);
    connect("c0", CONTAINER, TWO, 2);
    daemon =
        InProcessDaemon.open(
            home,
            """
            version: 1
            networks:
              lab:
                mode: isolated
                ports:
                  - {name: xen, kind: interface, interface: vif1.0, netns: %s}
                  - {name: box, kind: interface, interface: c0, netns: %s}
            """
                .formatted(HOST, CONTAINER));
  }

  @AfterEach
  void stop() throws Exception {
    daemon.close();
    for (String namespace : ALL) {
      HostCommand.runLine("ip netns del " + namespace);
    }
  }

  /** Makes an interface for a port, whose other end somebody has. */
  private static void connect(String device, String netns, String end, int number)
      throws Exception {
    HostCommand.runLine(
        "ip link add " + device + " netns " + netns + " type veth peer name e0 netns " + end);
    HostCommand.runLine("ip -n " + netns + " link set " + device + " up");
    HostCommand.runLine("ip -n " + end + " addr add 10.97.0." + number + "/24 dev e0");
    HostCommand.runLine("ip -n " + end + " addr add fd97::" + number + "/64 dev e0 nodad");
    HostCommand.runLine("ip -n " + end + " link set e0 up");
  }

  private boolean isUp(String name) {
    for (PortInfo port : Objects.requireNonNull(daemon.network("lab")).report().ports()) {
      if (port.name().equals(name)) {
        assertThat(port.kind()).isEqualTo("interface");
        return port.state().equals("up");
      }
    }
    return false;
  }

  @Test
  void aGuestThatIsOffIsNoProblem() throws Exception {
    Network network = Objects.requireNonNull(daemon.network("lab"));
    Await.until("both ports", () -> isUp("xen") && isUp("box"));
    HostCommand.runLine("ip -n " + ONE + " link set e0 down");
    Await.until("the port without a link", () -> !isUp("xen"));

    assertThat(network.report().info().problems()).isEmpty();
    assertThat(network.report().ports())
        .filteredOn(port -> port.name().equals("xen"))
        .singleElement()
        .satisfies(port -> assertThat(port.state()).isEqualTo("no-carrier"))
        .satisfies(port -> assertThat(port.problem()).contains("vif1.0 has no link"));
  }

  @Test
  void whoIsAtTheirOtherEndsMeetsAlsoAfterAnInterfaceWasMadeAnew() throws Exception {
    Await.until("both ports", () -> isUp("xen") && isUp("box"));
    Await.until("IPv4", () -> BridgedIT.reaches(ONE, "10.97.0.2"));
    Await.until("IPv6", () -> BridgedIT.reaches(TWO, "fd97::1"));
    // The ends leave checksums and segments to their interfaces.
    Process server =
        new ProcessBuilder("ip", "netns", "exec", TWO, "iperf3", "-s", "-1")
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("server").toFile())
            .start();
    Await.until("the server", () -> HostCommand.runIn(TWO, "ss -Hlnt").contains(":5201"));
    assertThat(HostCommand.runIn(ONE, "timeout 100 iperf3 -c 10.97.0.2 -n 20M"))
        .contains("receiver");
    assertThat(server.waitFor(60, TimeUnit.SECONDS)).as("the server has ended").isTrue();

    LogWatch.expect("event=port-failed network=\"lab\" port=\"xen\"");
    HostCommand.runLine(
        "ip -n " + HOST + " link del vif1.0"); // as when the virtual machine restarts
    Await.until("the port without its interface", () -> !isUp("xen"));
    connect("vif1.0", HOST, ONE, 1);
    Await.until("the port", () -> isUp("xen"));
    // It has another MAC address now, which the other end hears of by its question.
    Await.until("IPv4 again", () -> BridgedIT.reaches(ONE, "10.97.0.2"));
  }
}
