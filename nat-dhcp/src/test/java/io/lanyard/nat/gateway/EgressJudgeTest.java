package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.EgressConfig;
import io.lanyard.config.HostLoopback;
import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.egress.EgressLevel;
import io.lanyard.nat.egress.EgressPolicy;
import io.lanyard.nat.egress.Protection;
import io.lanyard.nat.egress.PublishedPorts;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.Grant;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The decision by the rules of a port before those of its network. */
class EgressJudgeTest {
  private final Protection protection = new Protection(new PublishedPorts());
  private final EgressJudge judge = new EgressJudge(protection);

  @BeforeEach
  void knowTheHost() {
    protection.hostAddresses(List.of(Subnet.parse("10.1.1.1/32")));
  }

  private static EgressConfig egress(String keys) {
    return TestNetworks.mode(TestNetworks.nat("egress: {" + keys + "}")).egress();
  }

  /** The policy of a port of a network, from the keys of their {@code egress}. */
  private static EgressPolicy policy(String network, String port) {
    NetworkConfig config =
        TestNetworks.nat(
            "egress: {" + network + "}",
            "ports: [{name: p1, kind: qemu-stream, path: p1.sock, egress: {" + port + "}}]");
    EgressConfig own = config.ports().getFirst().policy().egress();
    return EgressPolicy.of(
            new EgressLevel("", TestNetworks.mode(config).egress(), null), HostLoopback.NONE)
        .behind(new EgressLevel("port p1", own, null));
  }

  private EgressDecision tcp(EgressPolicy under, String address, int port, String... names) {
    Address to = Address.parse(address);
    return judge.judge(under, List.of(names), FlowKey.TCP, to.high(), to.low(), port);
  }

  @Test
  void aPortsRulesComeBeforeTheNetworks() {
    EgressPolicy under =
        policy(
            "default: allow, rules: [{deny: 192.0.2.0/24}]", "rules: [{allow: '192.0.2.7:443'}]");
    assertThat(tcp(under, "192.0.2.7", 443).admitted()).isTrue();
    assertThat(tcp(under, "192.0.2.7", 443).why())
        .isEqualTo("rule 0 of port p1, allow 192.0.2.7/32:443");
    assertThat(tcp(under, "192.0.2.8", 443).why()).isEqualTo("rule 0, deny 192.0.2.0/24");
    assertThat(tcp(under, "198.51.100.1", 443).why()).isEqualTo("default, allow");
  }

  @Test
  void whereAPortHasADefaultTheNetworkIsNotAsked() {
    EgressPolicy under = policy("rules: [{allow: 192.0.2.0/24}]", "default: deny");
    assertThat(tcp(under, "192.0.2.7", 443).admitted()).isFalse();
    EgressPolicy open = policy("default: deny, rules: [{deny: 192.0.2.0/24}]", "default: allow");
    assertThat(tcp(open, "192.0.2.7", 443).admitted()).isTrue();
    assertThat(tcp(open, "10.1.1.1", 443).why()).isEqualTo("an address of the host itself");
    assertThat(tcp(open, "169.254.169.254", 80).admitted()).isFalse();
  }

  @Test
  void aPortsRuleAboutANameOpensItsAddress() {
    EgressPolicy under = policy("default: deny", "rules: [{allow: '*.example:443'}]");
    assertThat(tcp(under, "192.0.2.7", 443, "www.example").grant())
        .isEqualTo(new Grant.ByName("www.example", false));
    assertThat(tcp(under, "192.0.2.7", 80, "www.example").admitted()).isFalse();
    assertThat(tcp(under, "10.1.1.1", 443, "www.example").why())
        .isEqualTo(
            "rule 0 of port p1 permits www.example, but not at an address of the host itself");
    assertThat(judge.question(under, "www.example").admitted()).isTrue();
    assertThat(judge.question(under, "www.other").why()).isEqualTo("no rule allows it");
    assertThat(tcp(under, "192.0.2.7", 853).why()).isEqualTo("names are asked of the gateway");
  }

  @Test
  void withoutOneFamilyNamesAreAskedForTheOther() {
    assertThat(judge.question(policy("rules: [{deny: '::/0'}]", ""), "www.example").admitted())
        .isTrue();
    EgressPolicy named =
        policy("default: deny", "rules: [{deny: '::/0'}, {allow: '*.example:443'}]");
    assertThat(judge.question(named, "www.example").admitted()).isTrue();
    assertThat(judge.question(named, "www.other").admitted()).isFalse();
    assertThat(tcp(named, "192.0.2.7", 443, "www.example").admitted()).isTrue();
    assertThat(tcp(named, "2001:db8::7", 443, "www.example").admitted()).isFalse();
  }

  private EgressDecision in(EgressPolicy under, String client, int port) {
    return judge.judgeInward(under, FlowKey.TCP, Address.parse(client), port);
  }

  @Test
  void whatComesInIsJudgedByTheClientAndTheGuestsPortWhateverTheDefaultsAre() {
    EgressPolicy under =
        policy(
            "default: deny, rules: [{deny: 192.0.2.0/24, direction: in}]",
            "default: deny, rules: ["
                + "{allow: '192.0.2.7:80', direction: in}, "
                + "{deny: '2001:db8::/32', direction: in}, {allow: 198.51.100.1}]");
    assertThat(in(under, "192.0.2.7", 80).why())
        .isEqualTo("rule 0 of port p1, allow 192.0.2.7/32:80 in");
    assertThat(in(under, "192.0.2.7", 81).why()).isEqualTo("rule 0, deny 192.0.2.0/24 in");
    assertThat(in(under, "2001:db8::1", 80).admitted()).isFalse();
    assertThat(in(under, "198.51.100.9", 80).admitted()).as("no rule").isTrue();
    assertThat(in(under, "127.0.0.1", 80).admitted()).as("the host itself").isTrue();
  }

  @Test
  void aRuleAboutOneDirectionSaysNothingAboutTheOther() {
    EgressPolicy under =
        policy(
            "default: deny, rules: [{allow: '*', direction: in}, {deny: 192.0.2.0/24}]",
            "rules: [{allow: 'www.example:443'}]");
    assertThat(tcp(under, "198.51.100.1", 443).admitted()).isFalse();
    assertThat(judge.question(under, "www.other").admitted()).isFalse();
    assertThat(in(under, "192.0.2.1", 80).admitted()).isTrue();
  }

  @Test
  void rulesAboutWhatComesInAreTried() {
    EgressPolicy under =
        policy(
            "rules: [{deny: 192.0.2.7, direction: in}]",
            "dry-run: true, rules: [{deny: 192.0.2.0/24, direction: in}]");
    assertThat(in(under, "192.0.2.8", 80).dry()).isTrue();
    assertThat(in(under, "192.0.2.8", 80).why())
        .isEqualTo("rule 0 of port p1, deny 192.0.2.0/24 in");
    assertThat(in(under, "192.0.2.7", 80).passing()).as("a trial opens nothing").isNull();
  }

  @Test
  void onlyTheLevelThatDeniesIsTried() {
    EgressPolicy tried =
        policy("rules: [{deny: 192.0.2.8}]", "rules: [{deny: 192.0.2.7}], dry-run: true");
    assertThat(tcp(tried, "192.0.2.7", 443).dry()).isTrue();
    assertThat(tcp(tried, "192.0.2.8", 443).dry()).isFalse();
  }

  @Test
  void aTriedRuleOpensNothingThatIsClosedWithoutIt() {
    String rules = "rules: [{deny: 192.0.2.0/24}, {deny: evil.example}], dry-run: true";
    EgressPolicy closed = policy("default: deny", rules);
    assertThat(tcp(closed, "192.0.2.7", 443).passing()).isNull();
    assertThat(tcp(closed, "192.0.2.7", 443).why()).isEqualTo("no rule allows it");
    assertThat(judge.question(closed, "evil.example").passing()).isNull();

    EgressPolicy named =
        policy("default: deny, rules: [{allow: 'good.example:tcp/443', sni: required}]", rules);
    EgressDecision tried = tcp(named, "192.0.2.7", 443, "good.example");
    assertThat(tried.admitted()).isFalse();
    assertThat(tried.why()).isEqualTo("rule 0 of port p1, deny 192.0.2.0/24");
    EgressDecision passing = tried.passing();
    assertThat(passing).isNotNull();
    assertThat(passing.grant()).isEqualTo(new Grant.ByName("good.example", true));

    EgressPolicy both = policy("default: deny, dry-run: true", rules);
    assertThat(tcp(both, "192.0.2.7", 443).dry()).isTrue();
    assertThat(judge.question(both, "evil.example").dry()).isTrue();
  }

  @Test
  void aNameServerOnTheHostsLoopbackIsReachedByItsPortAlone() {
    NetworkConfig all =
        TestNetworks.nat(
            "nat: {host-loopback: true}", "egress: {rules: [{allow: 'good.example'}]}");
    NetworkConfig some =
        TestNetworks.nat(
            "nat: {host-loopback: [udp/53]}", "egress: {rules: [{allow: 'good.example'}]}");
    NetworkConfig without = TestNetworks.nat("nat: {host-loopback: true}");
    assertThat(loopback(all, 53)).isFalse();
    assertThat(loopback(all, 853)).isFalse();
    assertThat(loopback(all, 8080)).isTrue();
    assertThat(loopback(some, 53)).isTrue();
    assertThat(loopback(without, 53)).isTrue();
  }

  private boolean loopback(NetworkConfig config, int port) {
    HostLoopback loopback = TestNetworks.mode(config).nat().hostLoopback();
    EgressPolicy under =
        EgressPolicy.of(new EgressLevel("", TestNetworks.mode(config).egress(), null), loopback);
    Address to = Address.LOOPBACK_IPV4;
    return judge.judge(under, List.of(), FlowKey.UDP, to.high(), to.low(), port).admitted();
  }

  @Test
  void namesAreNotAskedOfTheHostWhereTheyAreAskedOfTheGateway() {
    EgressPolicy open = policy("default: allow", "");
    assertThat(atHost(open, "192.168.127.1", 53)).isTrue();
    for (String network :
        List.of("default: deny", "default: allow, rules: [{deny: evil.example}]")) {
      EgressPolicy under = policy(network, "");
      for (String address : List.of("192.168.127.1", "fd00::1", "224.0.0.251", "ff02::fb")) {
        for (int port : List.of(53, 853, 5353, 5355, 137)) {
          assertThat(atHost(under, address, port)).as("%s port %d", address, port).isFalse();
        }
        assertThat(atHost(under, address, 8080)).isTrue();
      }
    }
    EgressPolicy named =
        policy(
            "default: deny, rules: [{allow: good.example}]",
            "rules: [{allow: '192.168.127.1:udp/53'}, {allow: '[fd00::1]'}]");
    assertThat(atHost(named, "192.168.127.1", 53)).isTrue();
    assertThat(atHost(named, "fd00::1", 53)).as("a rule that names no service").isFalse();
    assertThat(atHost(policy("default: deny, dry-run: true", ""), "fd00::1", 53)).isTrue();
  }

  private boolean atHost(EgressPolicy under, String address, int port) {
    Address to = Address.parse(address);
    return judge.judgeAtHost(under, FlowKey.UDP, to.high(), to.low(), port).admitted();
  }

  @ParameterizedTest
  @ValueSource(strings = {"192.0.2.7", "2001:db8::7"})
  void quicPassesBesideARuleAboutTlsWhereTheDefaultAllowsAndNowhereElse(String address) {
    String tls = "rules: [{allow: 'good.example:tcp/443', sni: required}]";
    assertThat(quic(policy("default: deny", tls), address).why()).isEqualTo("no rule allows it");
    assertThat(quic(policy("default: allow", tls), address).admitted()).isTrue();
    assertThat(quic(policy("rules: [{deny: '*:udp/443'}]", tls), address).admitted()).isFalse();
  }

  private EgressDecision quic(EgressPolicy under, String address) {
    Address to = Address.parse(address);
    return judge.judge(under, List.of("good.example"), FlowKey.UDP, to.high(), to.low(), 443);
  }

  @Test
  void whatIpv4RulesOfAPortForbidIsNotReachedByIpv6() {
    EgressPolicy under = policy("default: allow", "rules: [{deny: 192.0.2.0/24}]");
    assertThat(tcp(under, "64:ff9b::c000:207", 443).admitted()).isFalse();
    assertThat(tcp(under, "64:ff9b:1::c000:207", 443).admitted()).isFalse();
    assertThat(tcp(under, "64:ff9b:1:5::c000:207", 443).admitted()).isFalse();
    assertThat(tcp(under, "64:ff9b:1::c000:307", 443).admitted()).isTrue();
    assertThat(tcp(under, "2002:c000:207::1", 443).admitted()).isFalse();
  }

  @Test
  void whatIpv4RulesForbidIsNotReachedByTranslatorsOfASite() {
    String prefixes = "nat64-prefixes: ['2001:db8:64::/96', '2001:db8:48::/48']";
    EgressPolicy under =
        policy(prefixes + ", rules: [{deny: 192.0.2.0/24}]", "rules: [{allow: 'www.example'}]");
    for (String prefix : List.of("2001:db8:64::c000:2", "2001:db8:48:c000:2:")) {
      boolean whole = prefix.endsWith(":");
      assertThat(tcp(under, prefix + (whole ? "700::" : "07"), 443).why())
          .isEqualTo("rule 0, deny 192.0.2.0/24");
    }
    assertThat(tcp(under, "2001:db8:64::10.1.1.1", 443).why())
        .isEqualTo("an address of the host itself");
    assertThat(tcp(under, "2001:db8:64::127.0.0.1", 443).admitted()).isFalse();
    assertThat(tcp(under, "2001:db8:64::169.254.169.254", 443).admitted()).isFalse();
    assertThat(tcp(under, "2001:db8:64::198.51.100.1", 443).admitted()).isTrue();
    EgressPolicy named =
        policy("default: deny, " + prefixes, "default: deny, rules: [{allow: 'www.example'}]");
    assertThat(tcp(named, "2001:db8:64::198.51.100.1", 443, "www.example").admitted()).isTrue();
    assertThat(tcp(named, "2001:db8:64::10.9.9.9", 443, "www.example").why())
        .isEqualTo("rule 0 of port p1 permits www.example, but not at a private address");
  }

  @Test
  void anIpv4RuleThatIsOnlyTriedLetsPassByIpv6AndCounts() {
    EgressPolicy under =
        policy("rules: [{deny: 198.51.100.0/24}]", "rules: [{deny: 192.0.2.0/24}], dry-run: true");
    EgressDecision tried = tcp(under, "64:ff9b::c000:207", 443);
    assertThat(tried.dry()).isTrue();
    assertThat(tried.why()).isEqualTo("rule 0 of port p1, deny 192.0.2.0/24");
    EgressDecision denied = tcp(under, "64:ff9b::c633:6407", 443);
    assertThat(denied.passing()).isNull();
    assertThat(denied.rule()).isZero();
    EgressPolicy both =
        policy("rules: [{deny: 192.0.2.7}]", "rules: [{deny: 192.0.2.0/24}], dry-run: true");
    assertThat(tcp(both, "2002:c000:207::1", 443).passing()).as("a trial opens nothing").isNull();
    EgressPolicy network = policy("rules: [{deny: 192.0.2.7}], dry-run: true", "");
    assertThat(tcp(network, "2002:c000:207::1", 443).dry()).isTrue();
    assertThat(tcp(network, "64:ff9b::a01:101", 443).passing()).as("a host address").isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"64:ff9b:1::a09:909", "100::1", "2001:2::1", "5f00::1"})
  void aNameThatLeadsWhereNobodyIsInTheWorldOpensNothing(String address) {
    EgressPolicy under = policy("default: deny", "rules: [{allow: 'www.example:443'}]");
    assertThat(tcp(under, address, 443, "www.example").why())
        .isEqualTo("rule 0 of port p1 permits www.example, but not at a private address");
  }

  @Test
  void aSetStandsForItsSubnets() {
    EgressPolicy under = policy("rules: [{deny: '@doh:443'}]", "rules: [{allow: '@doh:80'}]");
    assertThat(tcp(under, "1.1.1.1", 443).why()).isEqualTo("rule 0, deny @doh:443");
    assertThat(tcp(under, "2606:4700:4700::1111", 443).admitted()).isFalse();
    assertThat(tcp(under, "1.1.1.1", 80).why()).isEqualTo("rule 0 of port p1, allow @doh:80");
  }

  @Test
  void rulesThatStayGoOnCounting() {
    EgressConfig one = egress("rules: [{deny: 192.0.2.7}]");
    EgressConfig two = egress("rules: [{deny: 192.0.2.1}, {deny: 192.0.2.7}]");
    EgressLevel before = new EgressLevel("", one, null);
    before.count(0);
    EgressLevel after = new EgressLevel("", two, before);
    String dump = after.addTo(io.lanyard.base.DumpNode.of("egress")).build().toString();
    assertThat(dump).contains("flows=0").contains("flows=1");
  }
}
