package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two bridged networks that meet on one interface, because one of them follows the default route:
 * no check of the configuration can see that. Needs root, iproute2 and ping.
 */
@SuppressWarnings("NullAway.Init") // the fields are set before each test
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TwoOnOneUplinkIT {
  private static final String PREFIX = "lytu" + ProcessHandle.current().pid() % 100_000;

  /** In the order of their addresses: 10.97.1.1 and so on. */
  private static final List<String> ALL =
      List.of(PREFIX + "l", PREFIX + "h", PREFIX + "a", PREFIX + "b");

  @TempDir Path home;
  private Daemon daemon;

  private static void address(int end, String device) throws Exception {
    String ip = "ip -n " + ALL.get(end) + " ";
    HostCommand.runLine(ip + "addr add 10.97.1." + (end + 1) + "/24 dev " + device);
    HostCommand.runLine(ip + "link set " + device + " up");
  }

  @BeforeEach
  void start() throws Exception {
    for (String namespace : ALL) {
      HostCommand.runLine("ip netns add " + namespace);
    }
    HostCommand.runLine(
        "ip link add lan0 netns " + ALL.get(1) + " type veth peer name lan1 netns " + ALL.get(0));
    address(0, "lan1");
    address(1, "lan0");
    HostCommand.runLine("ip -n " + ALL.get(1) + " route add default via 10.97.1.1");
    daemon =
        InProcessDaemon.open(
            home,
            """
            version: 1
            networks:
              by-name:
                mode: bridged
                uplink: {interface: lan0, netns: %1$s, shared-mac: no}
                ports: [{name: guest, kind: tap, device: t0, netns: %2$s}]
              by-route:
                mode: bridged
                uplink: {interface: auto, netns: %1$s, shared-mac: no}
                ports: [{name: guest, kind: tap, device: t0, netns: %3$s}]
            """
                .formatted(ALL.get(1), ALL.get(2), ALL.get(3)));
    address(2, "t0");
    address(3, "t0");
  }

  @AfterEach
  void stop() throws Exception {
    daemon.close();
    for (String namespace : ALL) {
      HostCommand.runLine("ip netns del " + namespace);
    }
  }

  @Test
  void theLanTheHostAndTheGuestsOfBothReachEachOther() throws Exception {
    for (int from = 0; from < ALL.size(); from++) {
      for (int to = 0; to < ALL.size(); to++) {
        if (from != to) {
          String address = "10.97.1." + (to + 1);
          assertThat(BridgedIT.reaches(ALL.get(from), address))
              .as("%s to %s", ALL.get(from), address)
              .isTrue();
        }
      }
    }
    // Ping waits for the last answers for as long as the others took: a host that stands still for
    // seconds then has it count them as lost.
    Await.until(
        "pings that are all answered",
        () -> {
          String often = HostCommand.runIn(ALL.get(2), "ping -n -c 20 -i 0.05 10.97.1.4");
          assertThat(often).doesNotContain("DUP!");
          return often.contains(" 0% packet loss");
        });
  }
}
