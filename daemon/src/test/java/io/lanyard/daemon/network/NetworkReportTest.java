package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.ForwardInfo;
import io.lanyard.control.api.NetworkInfo;
import io.lanyard.control.api.PortGroupInfo;
import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The report of a network that runs, and of one that is stopped. */
@Timeout(60)
class NetworkReportTest {
  private static final String WEB =
      "forwards: [{protocol: tcp, listen: '127.0.0.1:18080', to: '10.9.8.3:80'}]";

  @TempDir private Path home;

  private Daemon daemon(String settings) throws Exception {
    return InProcessDaemon.open(
        home,
        """
        version: 1
        networks:
          a:
            mode: nat
            ipv4: {subnet: 10.9.8.0/24}
            port-groups: {lab: {isolated: true}}
            ports: [{name: q, kind: qemu-stream, path: q.sock, port-group: lab}]
            %s
        """
            .formatted(settings));
  }

  private static NetworkReport report(Daemon daemon) {
    return Objects.requireNonNull(daemon.network("a")).report();
  }

  @Test
  void aRunningNetworkHasItsGatewayAndItsPorts() throws Exception {
    try (Daemon daemon = daemon("mtu: 1400")) {
      NetworkInfo info = report(daemon).info();
      assertThat(info.state()).isEqualTo("running");
      assertThat(info.gateway()).isEqualTo("10.9.8.2");
      assertThat(info.problems()).isEmpty();
      assertThat(report(daemon).ports())
          .extracting(PortInfo::name)
          .containsExactlyInAnyOrder("gateway", "q");
      assertThat(info.mtu()).isEqualTo(1400);
      assertThat(report(daemon).ask().get().name()).isEqualTo("a");
    }
  }

  @Test
  void aStoppedNetworkListsItsPortsAndForwardsAsStopped() throws Exception {
    try (Daemon daemon = daemon("enabled: false\n    " + WEB)) {
      NetworkInfo info = report(daemon).info();
      assertThat(info.state()).isEqualTo("stopped");
      assertThat(info.subnet()).isEqualTo("10.9.8.0/24");
      assertThat(info.gateway()).isEmpty();
      assertThat(report(daemon).ports()).extracting(PortInfo::state).containsExactly("stopped");
      assertThat(report(daemon).forwards())
          .extracting(ForwardInfo::state)
          .containsExactly("stopped");
    }
  }

  @Test
  void aPortGroupIsListedWithThePortsThatNameIt() throws Exception {
    try (Daemon daemon = daemon("mtu: 1400")) {
      assertThat(report(daemon).portGroups())
          .containsExactly(new PortGroupInfo("a", "lab", List.of("q")));
    }
  }
}
