package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class KnownStationTest {
  @Test
  void theGatewayIsListedWithItsAddressesOfBothFamilies(@TempDir Path home) throws Exception {
    try (Daemon daemon =
        InProcessDaemon.open(
            home,
            """
            version: 1
            networks:
              a: {mode: nat, ipv4: {subnet: 10.9.8.0/24}, ipv6: {subnet: "fd00:9::/64"}}
            """)) {
      assertThat(Objects.requireNonNull(daemon.network("a")).report().macs())
          .singleElement()
          .satisfies(mac -> assertThat(mac.port()).isEqualTo("gateway"))
          .satisfies(mac -> assertThat(mac.addresses()).containsExactly("10.9.8.2", "fd00:9::2"));
    }
  }
}
