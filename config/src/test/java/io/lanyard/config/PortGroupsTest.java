package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.EgressConfig.Verdict;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Ports and NICs inherit from their port groups. */
class PortGroupsTest {
  private static final String GROUPS =
      """
      version: 1
      networks:
        vmnet8:
          mode: nat
          ipv4: {subnet: 192.168.4.0/24}
          guard: learn
          storm-control: {broadcast: 100}
          port-groups:
            lab:
              mtu: 1400
              guard: strict
              isolated: true
              mac-limit: 3
              storm-control: {multicast: 7}
              limits: {from-guest: 10Mbit, new-flows: 5}
              egress: {default: deny, rules: [{allow: "deb.debian.org:443"}]}
            plain: {}
          ports:
            - {name: all, kind: tap, device: t0, port-group: lab}
            - name: some
              kind: tap
              device: t1
              port-group: lab
              mtu: 1450
              guard: off
              isolated: false
              mac-limit: 9
              storm-control: {broadcast: 8}
              limits: {new-flows: 6}
              egress: {rules: [{allow: 192.0.2.0/24}]}
            - {name: none, kind: tap, device: t2}
            - {name: free, kind: tap, device: t3, port-group: lab, storm-control: off}
            - {name: bare, kind: tap, device: t4, port-group: plain}
            - {name: fast, kind: tap, device: t5, port-group: lab, limits: off}
            - {name: many, kind: tap, device: t6, port-group: lab, limits: {new-flows: off}}
      guests:
        web:
          nics: [{network: vmnet8, port-group: lab, isolated: false}, {network: vmnet8}]
          egress: {rules: [{deny: 10.0.0.0/8}]}
      """;

  private static Configuration groups() throws ConfigException {
    return Document.of("groups.yaml", GROUPS, Path.of("/nowhere")).configuration();
  }

  private static NetworkConfig network() throws ConfigException {
    return groups().networks().get("vmnet8");
  }

  private static PortConfig port(String name) throws ConfigException {
    return network().ports().stream()
        .filter(port -> port.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aPortOfAGroupHasWhatTheGroupSays() throws ConfigException {
    PortConfig port = port("all");
    PortPolicy policy = port.policy();

    assertThat(port.mtu()).isEqualTo(1400);
    assertThat(policy.group()).isEqualTo("lab");
    assertThat(policy.guard()).isEqualTo(GuardMode.STRICT);
    assertThat(policy.isolated()).isTrue();
    assertThat(policy.macLimit()).isEqualTo(3);
    assertThat(policy.storm()).isEqualTo(new PortStorm(null, 7, null));
    assertThat(policy.limits()).isEqualTo(new PortLimits(BitRate.parse("10Mbit"), null, 5));
  }

  @Test
  void whatAPortSaysItselfComesBeforeItsGroupEachKeyOnItsOwn() throws ConfigException {
    PortConfig port = port("some");
    PortPolicy policy = port.policy();

    assertThat(port.mtu()).isEqualTo(1450);
    assertThat(policy.guard()).isEqualTo(GuardMode.OFF);
    assertThat(policy.isolated()).isFalse();
    assertThat(policy.macLimit()).isEqualTo(9);
    assertThat(policy.storm()).isEqualTo(new PortStorm(8, 7, null));
    assertThat(policy.limits()).isEqualTo(new PortLimits(BitRate.parse("10Mbit"), null, 6));
  }

  @Test
  void theNetworkSaysWhatNeitherSays() throws ConfigException {
    NetworkConfig network = network();
    StormConfig storm = network.switching().storm();

    assertThat(port("none").policy()).isEqualTo(PortPolicy.DEFAULT);
    assertThat(port("none").mtu()).isEqualTo(1500);
    assertThat(port("bare").policy().guard()).isNull();
    assertThat(port("bare").policy().group()).isEqualTo("plain");
    assertThat(port("none").policy().storm().over(storm)).isEqualTo(storm);
    assertThat(port("some").policy().storm().over(storm)).isEqualTo(new StormConfig(8, 7, 50_000));
  }

  @Test
  void aPortIsWithoutStormControlWhereItSaysSo() throws ConfigException {
    assertThat(port("free").policy().storm().over(network().switching().storm())).isNull();
    assertThat(port("all").policy().storm().over((StormConfig) null))
        .extracting(StormConfig::multicast)
        .isEqualTo(7);
  }

  @Test
  void aPortIsWithoutTheLimitsOfItsGroupWhereItSaysSo() throws ConfigException {
    assertThat(port("fast").policy().limits()).isEqualTo(PortLimits.NONE);
    assertThat(port("many").policy().limits())
        .isEqualTo(new PortLimits(BitRate.parse("10Mbit"), null, null));
  }

  @Test
  void theRulesOfAPortAndOfItsGroupStayApart() throws ConfigException {
    PortPolicy policy = port("some").policy();

    assertThat(policy.egress().otherwise()).isNull();
    assertThat(policy.egress().rules())
        .extracting(rule -> rule.target().toString())
        .containsExactly("192.0.2.0/24");
    assertThat(policy.groupEgress().otherwise()).isEqualTo(Verdict.DENY);
    assertThat(policy.groupEgress().rules())
        .extracting(rule -> rule.target().toString())
        .containsExactly("deb.debian.org:443");
  }

  @Test
  void aNicIsInAGroupAsAPortIs() throws ConfigException {
    List<GuestConfig.Nic> nics = groups().guests().get("web").nics();
    PortPolicy policy = nics.getFirst().policy();

    assertThat(nics.getFirst().mtu()).isEqualTo(1400);
    assertThat(policy.group()).isEqualTo("lab");
    assertThat(policy.guard()).isEqualTo(GuardMode.STRICT);
    assertThat(policy.isolated()).isFalse();
    assertThat(policy.egress().rules()).hasSize(1);
    assertThat(policy.groupEgress().otherwise()).isEqualTo(Verdict.DENY);
    assertThat(nics.get(1).mtu()).isNull();
    assertThat(nics.get(1).policy().groupEgress()).isEqualTo(EgressConfig.INHERITED);
  }

  @Test
  void everySettingOfAPortSaysFromWhereItIsInherited() throws ConfigException {
    assertThat(Document.of("groups.yaml", GROUPS, Path.of("/nowhere")).settings(true))
        .extracting(setting -> setting.path() + " = " + setting.value() + " # " + setting.origin())
        .contains(
            "networks.vmnet8.ports[all].guard = strict"
                + " # networks.vmnet8.port-groups.lab.guard, groups.yaml:11:16",
            "networks.vmnet8.ports[all].mtu = 1400"
                + " # networks.vmnet8.port-groups.lab.mtu, groups.yaml:10:14",
            "networks.vmnet8.ports[all].limits.from-guest = 10Mbit"
                + " # networks.vmnet8.port-groups.lab.limits.from-guest, groups.yaml:15:30",
            "networks.vmnet8.ports[all].storm-control.broadcast = 100"
                + " # networks.vmnet8.storm-control.broadcast, groups.yaml:7:32",
            "networks.vmnet8.ports[all].storm-control.unknown = 50000 # default",
            "networks.vmnet8.ports[some].guard = off # groups.yaml:25:16",
            "networks.vmnet8.ports[some].limits.new-flows = 6 # groups.yaml:29:29",
            "networks.vmnet8.ports[some].limits.from-guest = 10Mbit"
                + " # networks.vmnet8.port-groups.lab.limits.from-guest, groups.yaml:15:30",
            "networks.vmnet8.ports[fast].limits = off # groups.yaml:34:70",
            "networks.vmnet8.ports[many].limits.new-flows = off # groups.yaml:35:82",
            "networks.vmnet8.ports[none].guard = learn # networks.vmnet8.guard, groups.yaml:6:12",
            "networks.vmnet8.ports[none].isolated = false # default",
            "networks.vmnet8.port-groups.plain.guard = learn"
                + " # networks.vmnet8.guard, groups.yaml:6:12",
            "guests.web.nics[0].guard = strict"
                + " # networks.vmnet8.port-groups.lab.guard, groups.yaml:11:16",
            "guests.web.nics[0].isolated = false # groups.yaml:38:57",
            "guests.web.nics[1].guard = learn # networks.vmnet8.guard, groups.yaml:6:12");
  }
}
