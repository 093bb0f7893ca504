package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DumpNode;
import io.lanyard.config.EgressConfig;
import io.lanyard.config.HostLoopback;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortPolicy;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.egress.EgressPolicies;
import io.lanyard.nat.egress.PortEgress;
import io.lanyard.nat.egress.Protection;
import io.lanyard.nat.egress.PublishedPorts;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.net.Address;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The rules of port groups, between those of their ports and those of the network. */
class EgressGroupsTest {
  private static final String GROUPS =
      "port-groups: {"
          + "closed: {egress: {default: deny, rules: [{allow: '192.0.2.7:443'}]}},"
          + "open: {egress: {rules: [{allow: 192.0.2.0/24}, {deny: 198.51.100.7}]}}}";

  private final Protection protection = new Protection(new PublishedPorts());
  private final EgressJudge judge = new EgressJudge(protection);
  private final PortEgress ports = new PortEgress(port -> port);

  @BeforeEach
  void knowTheHost() {
    protection.hostAddresses(List.of());
  }

  private static NetworkConfig network(String egress, String groups, String... ports) {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < ports.length; i++) {
      all.append("{name: p%d, kind: qemu-stream, path: p%d.sock, %s},".formatted(i, i, ports[i]));
    }
    return TestNetworks.nat("egress: {" + egress + "}", groups, "ports: [" + all + "]");
  }

  private EgressPolicies policies(NetworkConfig network) {
    take(network);
    return new EgressPolicies(TestNetworks.mode(network).egress(), HostLoopback.NONE, ports);
  }

  private void take(NetworkConfig network) {
    network.ports().forEach(port -> ports.set(port.name(), port.policy()));
  }

  private String why(EgressPolicies policies, String port, String to, int service) {
    return decide(policies, port, to, service).why();
  }

  private EgressDecision decide(EgressPolicies policies, String port, String to, int service) {
    Address remote = Address.parse(to);
    return judge.judge(
        policies.of(port), List.of(), FlowKey.TCP, remote.high(), remote.low(), service);
  }

  @Test
  void thePortsRulesComeFirstThenItsGroupsThenTheNetworks() {
    EgressPolicies policies =
        policies(
            network(
                "rules: [{deny: 192.0.2.0/24}, {deny: 203.0.113.0/24}]",
                GROUPS,
                "port-group: open, egress: {rules: [{deny: 192.0.2.9}]}",
                "port-group: open"));

    assertThat(why(policies, "p0", "192.0.2.9", 80))
        .isEqualTo("rule 0 of port p0, deny 192.0.2.9/32");
    assertThat(why(policies, "p0", "192.0.2.1", 80))
        .isEqualTo("rule 0 of port group open, allow 192.0.2.0/24");
    assertThat(why(policies, "p1", "192.0.2.9", 80))
        .isEqualTo("rule 0 of port group open, allow 192.0.2.0/24");
    assertThat(why(policies, "p1", "203.0.113.1", 80)).isEqualTo("rule 1, deny 203.0.113.0/24");
    assertThat(why(policies, "p1", "198.51.100.1", 80)).isEqualTo("default, allow");
  }

  @Test
  void twoGroupsOfANetworkHaveEachTheirOwnRights() {
    EgressPolicies policies =
        policies(
            network(
                "default: allow", GROUPS, "port-group: closed", "port-group: open", "mtu: 1500"));

    assertThat(decide(policies, "p0", "192.0.2.7", 443).admitted()).isTrue();
    assertThat(why(policies, "p0", "192.0.2.7", 80))
        .isEqualTo("no rule allows it; default of port group closed, deny");
    assertThat(decide(policies, "p1", "192.0.2.7", 80).admitted()).isTrue();
    assertThat(decide(policies, "p1", "198.51.100.7", 80).admitted()).isFalse();
    assertThat(decide(policies, "p2", "198.51.100.7", 80).admitted()).isTrue();
  }

  @Test
  void theDefaultOfAPortEndsItsGroupToo() {
    EgressPolicies policies =
        policies(network("default: deny", GROUPS, "port-group: closed, egress: {default: allow}"));

    assertThat(why(policies, "p0", "203.0.113.1", 80)).isEqualTo("default of port p0, allow");
  }

  @Test
  void aGuestsRulesAreNamedByTheGuest() {
    NetworkConfig network = network("default: deny", GROUPS, "port-group: closed");
    PortPolicy shared = network.ports().getFirst().policy();
    EgressConfig own =
        TestNetworks.mode(TestNetworks.nat("egress: {rules: [{allow: 203.0.113.1}]}")).egress();
    EgressPolicies policies = policies(network);
    ports.set(
        "web.nic0",
        new PortPolicy(
            shared.group(),
            null,
            false,
            null,
            shared.storm(),
            List.of(),
            shared.limits(),
            new EgressConfig(null, own.rules(), false, own.nat64()),
            shared.groupEgress()));

    assertThat(why(policies, "web.nic0", "203.0.113.1", 80))
        .isEqualTo("rule 0 of guest web, allow 203.0.113.1/32");
    assertThat(why(policies, "web.nic0", "192.0.2.7", 443))
        .isEqualTo("rule 0 of port group closed, allow 192.0.2.7/32:443");
  }

  @Test
  void thePortsOfAGroupCountItsRulesTogetherAndGoOnWhenItChanges() {
    EgressPolicies policies =
        policies(network("default: allow", GROUPS, "port-group: closed", "port-group: closed"));
    decide(policies, "p0", "192.0.2.7", 443).count();
    decide(policies, "p1", "192.0.2.7", 443).count();
    assertThat(dump(policies)).contains("port group closed").contains("flows=2");

    take(
        network(
            "default: allow",
            GROUPS.replace(
                "rules: [{allow: '192.0.2.7:443'}",
                "rules: [{deny: 192.0.2.1}, {allow: '192.0.2.7:443'}"),
            "port-group: closed",
            "port-group: closed"));
    policies.refresh();

    assertThat(why(policies, "p1", "192.0.2.1", 443))
        .isEqualTo("rule 0 of port group closed, deny 192.0.2.1/32");
    assertThat(dump(policies)).contains("flows=0").contains("flows=2");
  }

  @Test
  void thePortsOfAGroupCountTogetherAfterTheyHaveChangedOneByOne() {
    EgressPolicies policies =
        policies(network("default: allow", GROUPS, "port-group: closed", "port-group: closed"));
    decide(policies, "p0", "192.0.2.7", 443).count();
    NetworkConfig next =
        network(
            "default: allow",
            GROUPS.replace("rules: [{allow: '192.0.2.7:443'}", "rules: [{allow: 192.0.2.7}"),
            "port-group: closed",
            "port-group: closed");

    ports.set("p0", next.ports().getFirst().policy());
    policies.refresh();
    assertThat(decide(policies, "p1", "192.0.2.7", 80).admitted()).as("not yet").isFalse();
    ports.set("p1", next.ports().getLast().policy());
    policies.refresh();
    decide(policies, "p0", "192.0.2.7", 80).count();
    decide(policies, "p1", "192.0.2.7", 80).count();

    assertThat(dump(policies)).containsOnlyOnce("port group closed").contains("flows=2");
  }

  @Test
  void aGroupThatNoPortIsInIsForgotten() {
    EgressPolicies policies = policies(network("default: allow", GROUPS, "port-group: closed"));
    assertThat(decide(policies, "p0", "203.0.113.1", 80).admitted()).isFalse();

    take(network("default: allow", GROUPS, "mtu: 1500"));
    policies.refresh();

    assertThat(decide(policies, "p0", "203.0.113.1", 80).admitted()).isTrue();
    assertThat(dump(policies)).doesNotContain("closed");
  }

  @Test
  void ofSeveralLevelsThatAreTriedTheFirstThatDeniesIsTold() {
    EgressPolicies policies =
        policies(
            network(
                "default: allow",
                "port-groups: {dry: {egress: {dry-run: true, rules: [{deny: 192.0.2.0/24}]}}}",
                "port-group: dry, egress: {dry-run: true, rules: [{deny: 192.0.2.7}]}"));

    EgressDecision decision = decide(policies, "p0", "192.0.2.7", 443);
    assertThat(decision.dry()).isTrue();
    assertThat(decision.why()).isEqualTo("rule 0 of port p0, deny 192.0.2.7/32");
  }

  @Test
  void theListenerHearsOfRulesOfTheGroupAndOfNothingElse() {
    int[] heard = {0};
    NetworkConfig first = network("default: allow", GROUPS, "port-group: open");
    take(first);
    ports.listen(_ -> heard[0]++);

    take(first);
    take(network("default: allow", GROUPS, "port-group: open, isolated: true"));
    assertThat(heard[0]).isZero();
    take(network("default: allow", GROUPS, "port-group: closed"));
    assertThat(heard[0]).isEqualTo(1);
  }

  @Test
  void theLimitOfNewFlowsIsTheGroupsUnlessThePortHasItsOwn() {
    take(
        network(
            "default: allow",
            "port-groups: {few: {limits: {new-flows: 5}}}",
            "port-group: few",
            "port-group: few, limits: {new-flows: 6}"));

    assertThat(ports.newFlows("p0")).isEqualTo(5);
    assertThat(ports.newFlows("p1")).isEqualTo(6);
  }

  private static String dump(EgressPolicies policies) {
    DumpNode.Builder node = DumpNode.of("egress");
    policies.addTo(node);
    return node.build().toString();
  }
}
