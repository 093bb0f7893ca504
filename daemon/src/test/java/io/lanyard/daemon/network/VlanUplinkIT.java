package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two networks with a VLAN each over one interface. The LAN's end is a second daemon, whose uplink
 * has the tags of both: this needs no 802.1Q device of the kernel. Needs root, iproute2, ping and
 * tcpdump.
 */
@SuppressWarnings("NullAway.Init") // the fields are set before each test
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VlanUplinkIT {
  private static final String PREFIX = "lyvl" + ProcessHandle.current().pid() % 100_000;
  private static final String HOST = PREFIX + "h";
  private static final String LAN = PREFIX + "l";
  private static final List<String> ENDS =
      List.of(PREFIX + "a10", PREFIX + "a20", PREFIX + "b10", PREFIX + "b20");

  @TempDir Path home;
  private Daemon here;
  private Daemon there;

  @BeforeEach
  void start() throws Exception {
    for (String namespace :
        List.of(HOST, LAN, ENDS.get(0), ENDS.get(1), ENDS.get(2), ENDS.get(3))) {
      HostCommand.runLine("ip netns add " + namespace);
      HostCommand.runLine("ip -n " + namespace + " link set lo up");
    }
    HostCommand.runLine("ip link add w0 netns " + HOST + " type veth peer name w1 netns " + LAN);
    HostCommand.runLine("ip -n " + HOST + " link set w0 up");
    HostCommand.runLine("ip -n " + LAN + " link set w1 up");
  }

  @AfterEach
  void stop() throws Exception {
    here.close();
    there.close();
    for (String namespace :
        List.of(HOST, LAN, ENDS.get(0), ENDS.get(1), ENDS.get(2), ENDS.get(3))) {
      HostCommand.runLine("ip netns del " + namespace);
    }
  }

  private Daemon open(String name, String device, String netns, String driver, int ends)
      throws Exception {
    StringBuilder text = new StringBuilder("version: 1\nnetworks:\n");
    for (int i = 0; i < 2; i++) {
      text.append(
          """
            v%1$d:
              mode: bridged
              uplink: {interface: %2$s, netns: %3$s, driver: %4$s, vlan: %1$d, shared-mac: no}
              ports: [{name: g, kind: tap, device: t0, netns: %5$s}]
          """
              .formatted(10 + 10 * i, device, netns, driver, ENDS.get(ends + i)));
    }
    Path at = Files.createDirectory(home.resolve(name));
    Daemon daemon = InProcessDaemon.open(at, text.toString());
    for (int i = 0; i < 2; i++) {
      String ip = "ip -n " + ENDS.get(ends + i) + " ";
      HostCommand.runLine(ip + "addr add 10.98.1." + (ends + 1) + "/24 dev t0");
      HostCommand.runLine(ip + "link set t0 up");
    }
    return daemon;
  }

  @ParameterizedTest
  @ValueSource(strings = {"packet", "pcap"})
  void networksShareAnInterfaceAndTheirFramesHaveTheirTags(String driver) throws Exception {
    here = open("here", "w0", HOST, driver, 0);
    there = open("there", "w1", LAN, "packet", 2);
    Process dump =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                LAN,
                "timeout",
                "100",
                "tcpdump",
                "-c",
                "2",
                "-lenni",
                "w1",
                "vlan 20 and icmp")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    Await.until("VLAN 10", () -> BridgedIT.reaches(ENDS.get(0), "10.98.1.3"));
    // The other one has the same addresses: nothing of it is heard here.
    Await.until("VLAN 20", () -> BridgedIT.reaches(ENDS.get(1), "10.98.1.3") && !dump.isAlive());
    assertThat(BridgedIT.reaches(ENDS.get(3), "10.98.1.1")).isTrue();
    String seen = new String(dump.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(seen).contains("802.1Q (0x8100)", "vlan 20").doesNotContain("vlan 10");
    // Frames with an unfinished checksum and super-frames get their tags, too.
    Process server =
        new ProcessBuilder("ip", "netns", "exec", ENDS.get(2), "iperf3", "-s", "-1")
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("server").toFile())
            .start();
    Await.until("the server", () -> HostCommand.runIn(ENDS.get(2), "ss -Hlnt").contains(":5201"));
    assertThat(HostCommand.runIn(ENDS.get(0), "timeout 100 iperf3 -c 10.98.1.3 -n 20M"))
        .contains("receiver");
    assertThat(server.waitFor(60, TimeUnit.SECONDS)).as("the server has ended").isTrue();
    Network network = Objects.requireNonNull(here.network("v10"));
    assertThat(network.report().ports()).allMatch(port -> !port.state().equals("failed"));
  }

  @Test
  void aGuestsFramesReachNoOtherVlan() throws Exception {
    here = open("here", "w0", HOST, "packet", 0);
    there = open("there", "w1", LAN, "packet", 2);
    Await.until("VLAN 10", () -> BridgedIT.reaches(ENDS.get(0), "10.98.1.3"));
    HostCommand.runLine("ip -n " + ENDS.get(2) + " link set t0 down");
    assertThat(BridgedIT.isSilent(ENDS.get(0), "10.98.1.3")).isTrue();
  }
}
