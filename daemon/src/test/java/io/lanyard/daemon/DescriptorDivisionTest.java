package io.lanyard.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.config.ConfigException;
import io.lanyard.config.ConfigLoader;
import io.lanyard.config.Configuration;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.FlowQuota;
import io.lanyard.testing.LogWatch;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class DescriptorDivisionTest {
  private static Configuration networks(String... quotas) throws ConfigException {
    StringBuilder text = new StringBuilder("version: 1\nnetworks:\n");
    for (int i = 0; i < quotas.length; i++) {
      text.append(
          "  n%d: {mode: nat, ipv4: {subnet: 10.0.%d.0/24}, nat: {quotas: {%s}}}\n"
              .formatted(i, i, quotas[i]));
    }
    return ConfigLoader.parse("test.yaml", text.toString(), Path.of("."));
  }

  private static Configuration shipped() throws ConfigException {
    return ConfigLoader.load(Path.of("../config/etc/lanyard.yaml"));
  }

  private static FlowQuota quota(String quotas, int most) throws ConfigException {
    NetworkConfig network = Objects.requireNonNull(networks(quotas).networks().get("n0"));
    return new FlowQuota(((NetworkMode.Nat) network.mode()).nat().quotas(), most);
  }

  @Test
  void aReserveIsKeptBackWhateverTheLimit() {
    assertThat(DescriptorDivision.divisible(300, 100)).isEqualTo(300 - 100 - 64);
    assertThat(DescriptorDivision.divisible(20_000, 100)).isEqualTo(20_000 - 100 - 2048);
    assertThat(DescriptorDivision.divisible(120, 100)).isZero();
  }

  @Test
  void theTapOfAHostAdapterIsADescriptorToo() throws Exception {
    String text = "version: 1\nnetworks: {n: {mode: nat, ipv4: {subnet: 10.0.0.0/24}%s}}\n";
    int without =
        DescriptorDivision.lasting(
            ConfigLoader.parse("test.yaml", text.formatted(""), Path.of(".")));
    int with =
        DescriptorDivision.lasting(
            ConfigLoader.parse(
                "test.yaml", text.formatted(", host-adapter: {name: h0}"), Path.of(".")));
    assertThat(with).isGreaterThan(without);
  }

  @Test
  void eachFurtherNicOfAGuestMayBeAVhostUserPort() throws Exception {
    String text =
        """
        version: 1
        networks: {n: {mode: nat, ipv4: {subnet: 10.0.0.0/24}}}
        guests: {g: {vmm: lanyard, memory: 64M, kernel: k, nics: [%s]}}
        """;
    int one =
        DescriptorDivision.lasting(
            ConfigLoader.parse("test.yaml", text.formatted("{network: n}"), Path.of(".")));
    int three =
        DescriptorDivision.lasting(
            ConfigLoader.parse(
                "test.yaml",
                text.formatted("{network: n}, {network: n}, {network: n}"),
                Path.of(".")));
    assertThat(three - one).isEqualTo(2 * (2 + 12));
  }

  @Test
  void quotasThatNobodyHasWrittenFollowTheLimit() throws Exception {
    FlowQuota quota = quota("", 500);
    assertThat(quota.total(FlowKey.TCP)).isEqualTo(500);
    assertThat(quota.perGuest(FlowKey.TCP)).isEqualTo(500);
    assertThat(quota.total(FlowKey.UDP)).isEqualTo(65_536);
    assertThat(quota.perGuest(FlowKey.UDP)).isEqualTo(16_384);
    assertThat(quota.total(FlowKey.ICMP)).isEqualTo(500);
    assertThat(quota.perGuest(FlowKey.ICMP)).isEqualTo(128);
  }

  @Test
  void quotasOfTheFileThatFitAreTaken() throws Exception {
    FlowQuota quota = quota("tcp: 9000, tcp-per-guest: 10", 10_000);
    assertThat(quota.total(FlowKey.TCP)).isEqualTo(9000);
    assertThat(quota.perGuest(FlowKey.TCP)).isEqualTo(10);
  }

  @Test
  void defaultsThatTheLimitCutsAreToldForEachNetworkWithoutAWarning() throws Exception {
    var _ = DescriptorDivision.tell(shipped(), 8900, 17_800, Map.of());

    long networks =
        shipped().networks().values().stream()
            .filter(network -> network.mode() instanceof NetworkMode.Nat)
            .count();
    assertThat(networks).isPositive();
    assertThat(LogWatch.count("event=quotas-beyond-descriptors")).isEqualTo(networks);
    assertThat(LogWatch.count("tcp=\"8900\" tcp-per-guest=\"4096\"")).isEqualTo(networks);
    assertThat(LogWatch.count("sockets=\"8900\"")).isEqualTo(networks);
  }

  @Test
  void defaultsThatFitAreNotTold() throws Exception {
    var _ = DescriptorDivision.tell(shipped(), 130_000, 260_000, Map.of());
    assertThat(LogWatch.count("event=quotas-beyond-descriptors")).isZero();
  }

  @Test
  void quotasOfTheFileThatDoNotFitTheLimitAreWarnedOf() throws Exception {
    LogWatch.expect("quotas-beyond-descriptors network=\"n0\" tcp=\"500\"");
    var _ = DescriptorDivision.tell(networks("tcp: 9000"), 500, 500, Map.of());
  }

  @Test
  void aQuotaOfTheFileThatIsTheDefaultIsWarnedOfToo() throws Exception {
    LogWatch.expect("quotas-beyond-descriptors network=\"n0\" tcp=\"500\"");
    var _ = DescriptorDivision.tell(networks("tcp: 16384"), 500, 500, Map.of());
  }

  @Test
  void quotasThatFitOneByOneAndNotTogetherAreWarnedOf() throws Exception {
    LogWatch.expect("quotas-beyond-descriptors .*asked=\"1200\" sockets=\"1000\"");
    var _ =
        DescriptorDivision.tell(networks("tcp: 600, udp: 500, icmp: 100"), 1000, 1000, Map.of());
  }

  @Test
  void aGuestsQuotasThatDoNotFitAreWarnedOf() throws Exception {
    LogWatch.expect("quotas-beyond-descriptors .*tcp-per-guest=\"1000\"");
    var _ = DescriptorDivision.tell(networks("tcp-per-guest: 2000"), 1000, 1000, Map.of());
  }

  @Test
  void quotasThatFitEachNetworkAndNotAllTogetherAreWarnedOf() throws Exception {
    LogWatch.expect("quotas-beyond-descriptors network=\"n0\"");
    LogWatch.expect(
        "quotas-beyond-descriptors network=\"n1\" .*asked-by-all-networks=\"1800\""
            + " sockets-of-all-networks=\"1500\"");
    String quotas = "tcp: 900, udp: 0, icmp: 0, udp-per-guest: 0, tcp-per-guest: 9";
    var _ = DescriptorDivision.tell(networks(quotas, quotas), 1000, 1500, Map.of());
  }

  private static DescriptorDivision running(Configuration present) {
    return new DescriptorDivision(present, 40, () -> 256, Clock.system());
  }

  @Test
  void aNetworkThatLeavesTheOthersTooFewSocketsToStartWithDoesNotFit() throws Exception {
    DescriptorDivision division = running(networks(""));
    assertThat(division.misfit(networks("", ""))).isEmpty();
    assertThat(division.misfit(networks("", "", "", "")))
        .isEqualTo("the limit of 256 open files leaves 120 sockets for the flows of 4 networks");
  }

  @Test
  void whatLeavesTheNetworksNoLessThanTheyHaveFitsInAnyCase() throws Exception {
    DescriptorDivision division = running(networks("", "", "", "", ""));
    assertThat(division.misfit(networks("", "", "", "", "", ""))).isNotEmpty();
    assertThat(division.misfit(networks("tcp: 9", "", "", "", ""))).isEmpty();
    assertThat(division.misfit(networks("", "", "", ""))).isEmpty();
  }

  @Test
  void quotasOfAChangeThatDoNotFitAreWarnedOfOnce() throws Exception {
    LogWatch.expect("quotas-beyond-descriptors network=\"n0\" .*asked-by-all-networks=");
    DescriptorDivision division = running(networks("tcp: 10, udp: 1, icmp: 1"));
    division.follow(networks("tcp: 1000000"));
    division.follow(networks("tcp: 1000000"));
    assertThat(LogWatch.count("event=quotas-beyond-descriptors")).isEqualTo(1);
  }
}
