package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.testing.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The MAC addresses that the gateway and the host adapter of a network have on two hosts. Needs
 * root.
 */
@Timeout(240)
final class OwnAddressesIT {
  @TempDir Path home;

  /** The MAC addresses of the network's own ports, on one host. */
  private Map<String, Long> addresses(int host) throws Exception {
    Path directory = Files.createDirectories(home.resolve("h" + host));
    String yaml =
        """
        version: 1
        networks:
          lab:
            mode: host-only
            ipv4: {subnet: 10.93.%d.0/24}
            host-adapter: {name: lyown%d}
        """
            .formatted(20 + host, host);
    try (Daemon daemon = InProcessDaemon.open(directory, yaml)) {
      Network lab = Objects.requireNonNull(daemon.network("lab"));
      Await.until(
          () -> lab.report().stations().stream().anyMatch(one -> one.port().equals("host")));
      return lab.report().stations().stream()
          .collect(Collectors.toMap(KnownStation::port, KnownStation::mac, (one, other) -> one));
    }
  }

  /** Joined by VXLAN or a bridge, each would take the other's frames for its own. */
  @Test
  void theyDifferOnEveryHostAndOutliveTheDaemon() throws Exception {
    Map<String, Long> one = addresses(1);
    Map<String, Long> other = addresses(2);
    assertThat(one).containsOnlyKeys("gateway", "host");
    assertThat(other).containsOnlyKeys("gateway", "host");
    assertThat(one.values()).doesNotContainAnyElementsOf(other.values());
    assertThat(addresses(1)).isEqualTo(one);
  }
}
