package io.lanyard.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.ConfigLoader;
import io.lanyard.config.NatConfig;
import io.lanyard.nat.flow.FlowQuota;
import io.lanyard.testing.LogWatch;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class DescriptorDivisionTest {
  private static NatConfig nat(String quotas) throws Exception {
    String text =
        """
        version: 1
        networks:
          n:
            mode: nat
            ipv4: {subnet: 192.168.127.0/24}
            nat: {quotas: {%s}}
        """
            .formatted(quotas);
    return Objects.requireNonNull(
        Objects.requireNonNull(
                ConfigLoader.parse("test.yaml", text, Path.of(".")).networks().get("n"))
            .nat());
  }

  @Test
  void aReserveIsKeptBackWhateverTheLimit() {
    assertThat(DescriptorDivision.divisible(300, 100)).isEqualTo(300 - 100 - 64);
    assertThat(DescriptorDivision.divisible(20_000, 100)).isEqualTo(20_000 - 100 - 2048);
    assertThat(DescriptorDivision.divisible(120, 100)).isZero();
  }

  @Test
  void quotasThatNobodyHasWrittenFollowTheLimit() throws Exception {
    FlowQuota quota = DescriptorDivision.quota("n", nat(""), 500);
    assertThat(quota).isEqualTo(new FlowQuota(500, 500, 16_384, 65_536, 128, 500));
  }

  @Test
  void quotasOfTheFileThatDoNotFitTheLimitAreTold() throws Exception {
    LogWatch.expect("quotas-beyond-descriptors network=\"n\" tcp=\"9000\"");
    FlowQuota quota = DescriptorDivision.quota("n", nat("tcp: 9000"), 500);
    assertThat(quota.tcp()).isEqualTo(500);
  }

  @Test
  void quotasThatFitOneByOneAndNotTogetherAreTold() throws Exception {
    LogWatch.expect("quotas-beyond-descriptors .*together=\"1200\" sockets=\"1000\"");
    FlowQuota quota = DescriptorDivision.quota("n", nat("tcp: 600, udp: 500, icmp: 100"), 1000);
    assertThat(quota.tcp()).isEqualTo(600);
  }

  @Test
  void quotasOfTheFileThatFitAreTaken() throws Exception {
    FlowQuota quota = DescriptorDivision.quota("n", nat("tcp: 9000, tcp-per-guest: 10"), 10_000);
    assertThat(quota.tcp()).isEqualTo(9000);
    assertThat(quota.tcpPerGuest()).isEqualTo(10);
  }
}
