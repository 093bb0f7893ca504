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
import io.lanyard.nat.egress.Translators;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.Grant;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.List;
import java.util.stream.Stream;
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
    return of(config, HostLoopback.NONE).behind(new EgressLevel("port p1", own, null));
  }

  /** The policy of a network whose name servers say prefixes of translators. */
  private static EgressPolicy of(
      NetworkConfig config, HostLoopback loopback, String... discovered) {
    EgressConfig egress = TestNetworks.mode(config).egress();
    List<Subnet> found = Stream.of(discovered).map(Subnet::parse).toList();
    return EgressPolicy.of(
        new EgressLevel("", egress, null), loopback, new Translators(egress.nat64().said(), found));
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
  void questionsAreLimitedWhereRulesInForceAreAboutNamesOrTheDefaultDenies() {
    assertThat(policy("default: deny", "").limitsQuestions()).isTrue();
    assertThat(policy("rules: [{deny: evil.example}]", "").limitsQuestions()).isTrue();
    assertThat(policy("", "rules: [{allow: good.example}]").limitsQuestions()).isTrue();
    assertThat(policy("default: allow, rules: [{deny: 192.0.2.1}]", "").limitsQuestions())
        .isFalse();
    assertThat(policy("default: deny", "default: allow").limitsQuestions()).isFalse();
    assertThat(policy("default: deny, dry-run: true", "").limitsQuestions()).isFalse();
    assertThat(policy("rules: [{deny: evil.example}], dry-run: true", "").limitsQuestions())
        .isFalse();
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
    EgressPolicy under = of(config, loopback);
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
  void aPrefixThatNameServersSayClosesWhatIpv4RulesForbidAndOpensNothing() {
    NetworkConfig config =
        TestNetworks.nat("egress: {rules: [{deny: 192.0.2.0/24}, {allow: 198.51.100.0/24}]}");
    EgressPolicy without = of(config, HostLoopback.NONE);
    EgressPolicy with = of(config, HostLoopback.NONE, "2001:db8:64::/96", "2001:db8:48::/48");
    assertThat(tcp(without, "2001:db8:64::192.0.2.7", 443).admitted()).isTrue();
    for (String denied : List.of("2001:db8:64::192.0.2.7", "2001:db8:48:c000:2:700::")) {
      assertThat(tcp(with, denied, 443).why()).isEqualTo("rule 0, deny 192.0.2.0/24");
    }
    assertThat(tcp(with, "2001:db8:64::10.1.1.1", 443).why())
        .isEqualTo("an address of the host itself");
    assertThat(tcp(with, "2001:db8:64::169.254.169.254", 443).admitted()).isFalse();
    assertThat(tcp(with, "2001:db8:64::203.0.113.1", 443).admitted()).isTrue();
  }

  /** A server that lies cannot have what other prefixes forbid judged as something else. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "64:ff9b::10.1.1.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::192.0.2.7",
        "64:ff9b:1::10.1.1.1",
        "64:ff9b:1::127.0.0.1",
        "64:ff9b:1::169.254.169.254",
        "64:ff9b:1::192.0.2.7",
        "64:ff9b:1::198.51.100.7",
        "2002:c000:207::1",
        "2001:db8:64::192.0.2.7",
        "10.1.1.1",
        "169.254.169.254",
        "fd00:ec2::254",
        "fd00::7",
        "2001:db8:1::7"
      })
  void noPrefixThatNameServersSayMakesAnythingMorePermitted(String address) {
    List<String> lies =
        List.of(
            "64:ff9b:1::/48",
            "64:ff9b:1::/56",
            "64:ff9b:1::/64",
            "64:ff9b::/40",
            "64:ff9b::/32",
            "2002:c000::/32",
            "2001:db8::/32",
            "2001:db8:64::/64",
            "fd00::/32",
            "fd00:ec2::/96");
    for (String rules :
        List.of(
            "default: allow, rules: [{deny: 192.0.2.0/24}]",
            "default: deny, rules: [{allow: 'www.example'}, {allow: 0.0.0.0/1}]",
            "default: deny, rules: [{allow: '[fd00::/16]:80'}, {allow: 'www.example:443'}]",
            "nat64-prefixes: ['2001:db8:64::/96'], rules: [{deny: 192.0.2.0/24}]")) {
      NetworkConfig config = TestNetworks.nat("egress: {" + rules + "}");
      boolean before = tcp(of(config, HostLoopback.NONE), address, 443, "www.example").admitted();
      for (String lie : lies) {
        EgressPolicy under = of(config, HostLoopback.NONE, lie);
        boolean after = tcp(under, address, 443, "www.example").admitted();
        assertThat(after && !before).as(rules + " and " + lie).isFalse();
      }
      EgressPolicy all = of(config, HostLoopback.NONE, lies.toArray(String[]::new));
      assertThat(tcp(all, address, 443, "www.example").admitted() && !before).isFalse();
    }
  }

  /** RFC 8215: by the last 32 bits it would be 1.0.0.0, 127.0.0.0, 224.0.0.0 and 10.0.0.0. */
  @ParameterizedTest
  @ValueSource(ints = {1, 127, 224, 10})
  void aPrefixOfASitesTranslatorsThatIsSaidIsJudgedByItsLength(int last) {
    String address = "64:ff9b:1:7:c0:2:%02x00::".formatted(last);
    String outside = "64:ff9b:1:7:c6:3364:%02x00::".formatted(last);
    String rules = "rules: [{deny: 192.0.2.0/24}, {deny: 10.0.0.0/8}, {allow: 'www.example'}]";
    NetworkConfig said =
        TestNetworks.nat("egress: {nat64-prefixes: ['64:ff9b:1:7::/64'], " + rules + "}");
    EgressPolicy under = of(said, HostLoopback.NONE);
    assertThat(tcp(under, address, 443).why()).isEqualTo("rule 0, deny 192.0.2.0/24");
    assertThat(tcp(under, outside, 443).why()).isEqualTo("default, allow");
    NetworkConfig named =
        TestNetworks.nat(
            "egress: {default: deny, nat64-prefixes: ['64:ff9b:1:7::/64'], " + rules + "}");
    assertThat(tcp(of(named, HostLoopback.NONE), outside, 443, "www.example").admitted())
        .as("a name leads there")
        .isTrue();
    NetworkConfig unknown = TestNetworks.nat("egress: {" + rules + "}");
    assertThat(tcp(of(unknown, HostLoopback.NONE, "64:ff9b:1:7::/64"), address, 443).admitted())
        .as("a name server says the prefix")
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255"})
  void noRuleOpensWhatNothingIsSentTo(String ipv4) {
    NetworkConfig config =
        TestNetworks.nat(
            "egress: {nat64-prefixes: ['2001:db8:64::/96'], rules: [{allow: 0.0.0.0/1},"
                + " {allow: 128.0.0.0/1}, {allow: '2000::/3'}, {allow: '64:ff9b::/32'}]}");
    EgressPolicy under = of(config, HostLoopback.NONE);
    for (String prefix : List.of("2001:db8:64::", "64:ff9b::", "64:ff9b:1::", "64:ff9b:1:7::")) {
      assertThat(tcp(under, prefix + ipv4, 443).passing()).as(prefix).isNull();
    }
  }

  @Test
  void aSitesPrivatePrefixLeadsWhereItsIpv4AddressesDo() {
    String rules = "default: deny, rules: [{allow: 'www.example'}]";
    EgressPolicy said =
        of(
            TestNetworks.nat("egress: {nat64-prefixes: ['fd64::/96'], " + rules + "}"),
            HostLoopback.NONE);
    assertThat(tcp(said, "fd64::198.51.100.1", 443, "www.example").admitted()).isTrue();
    assertThat(tcp(said, "fd64::10.9.9.9", 443, "www.example").admitted()).isFalse();
    assertThat(tcp(said, "fd65::1", 443, "www.example").admitted()).isFalse();
    EgressPolicy found =
        of(TestNetworks.nat("egress: {" + rules + "}"), HostLoopback.NONE, "fd64::/96");
    assertThat(tcp(found, "fd64::198.51.100.1", 443, "www.example").admitted()).isFalse();
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
