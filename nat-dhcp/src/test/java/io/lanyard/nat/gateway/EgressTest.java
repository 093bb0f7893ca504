package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.NetworkMode;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.egress.PortEgress;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowAccount;
import io.lanyard.nat.flow.FlowEnd;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.FlowOwner;
import io.lanyard.nat.flow.Grant;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.Stations;
import io.lanyard.nat.tls.ClientHello;
import io.lanyard.nat.tls.Hellos;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Ipv4;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Flows that are there, and the rules of the ports that their packets come in by. */
class EgressTest {
  private static final Address REMOTE = Address.parse("198.51.100.10");
  private static final String NAME = "good.example";
  private static final String BY_NAME = "rules: [{allow: 'good.example:tcp/443', sni: required}]";

  private final PortEgress ports = new PortEgress(UnaryOperator.identity());
  private NatScene scene;
  private NatScene.Guest one;
  private NatScene.Guest other;

  /** A flow without a socket. */
  private static final class StillFlow extends Flow {
    volatile boolean ended;

    StillFlow(Address guest, int port) {
      super(FlowKey.TCP, guest, port, REMOTE, 443);
    }

    @Override
    public String state() {
      return "open";
    }

    @Override
    protected void ended(FlowEnd end) {
      ended = true;
    }

    @Override
    protected Worth worth() {
      return Worth.IN_USE;
    }
  }

  @BeforeEach
  void makeANetwork() throws Exception {
    scene = new NatScene();
    one = scene.guest(10);
    other = scene.guest(11);
    scene.on(() -> {
      scene.nat.portRules(ports);
      egress().protection().hostAddresses(List.of());
      return true;
    });
  }

  @AfterEach
  void close() {
    scene.close();
  }

  private Egress egress() {
    return scene.nat.egress();
  }

  private void rules(String network, NatScene.Guest of, String port) throws Exception {
    var config =
        TestNetworks.nat(
            "egress: {" + network + "}",
            "ports: [{name: p, kind: qemu-stream, path: p.sock, egress: {" + port + "}}]");
    scene.on(() -> {
      NetworkMode.Nat mode = TestNetworks.mode(config);
      egress().configure(mode.egress(), mode.nat().hostLoopback());
      ports.set(of.port.name(), config.ports().getFirst().policy());
      return true;
    });
  }

  private Station station(NatScene.Guest guest) {
    Stations stations = scene.nat.gateway().stations();
    return stations.heard(stations.budget(guest.port), guest.mac);
  }

  private StillFlow flow(NatScene.Guest guest, Grant grant) {
    return flow(guest, grant, 40_000);
  }

  private StillFlow flow(NatScene.Guest guest, Grant grant, int port) {
    StillFlow flow = new StillFlow(guest.ip(), port);
    flow.grant(grant);
    assertThat(scene.nat.flows().add(flow, station(guest).flows())).isTrue();
    return flow;
  }

  private boolean passes(NatScene.Guest guest, Flow flow) {
    Packet packet = new Packet();
    packet.station = station(guest);
    return egress().admits(packet, flow);
  }

  @Test
  void aChangeOfAPortsRulesJudgesItsFlowsAndNoOthers() throws Exception {
    int[] judged = {0};
    StillFlow[] flows = new StillFlow[3];
    scene.on(() -> {
      flows[0] = flow(one, Grant.BY_ADDRESS);
      flows[1] = flow(other, Grant.BY_ADDRESS);
      flows[2] = new StillFlow(other.ip(), 40_001);
      FlowOwner target = station(other).budget().flows();
      flows[2].forward(
          "web",
          new Endpoint(REMOTE, 9),
          () -> {
            judged[0]++;
            return target;
          });
      FlowAccount client = new FlowAccount(FlowOwner.ofForward("web", 0));
      assertThat(scene.nat.flows().add(flows[2], client)).isTrue();
      judged[0] = 0;
      return true;
    });
    rules("default: allow", one, "default: deny");
    assertThat(judged[0]).isZero();
    assertThat(flows).extracting(flow -> flow.ended).containsExactly(true, false, false);
  }

  @Test
  void aFlowThatNoNameHasPermittedEndsWhenTheNameOfItsAddressComesToBeDenied() throws Exception {
    rules("default: allow", one, "rules: [{deny: bad.example}]");
    StillFlow flow = told(Grant.BY_ADDRESS);
    rules("default: allow", one, "rules: [{deny: bad.example}, {deny: worse.example}]");
    assertThat(flow.ended).isFalse();
    assertThat(flow.grant()).as("no rule is about it").isEqualTo(Grant.BY_ADDRESS);
    assertThat(endsUnder("rules: [{deny: good.example}]", flow)).isTrue();
    rules("default: allow", one, "rules: [{deny: good.example}]");
    assertThat(flow.ended).isTrue();
  }

  @Test
  void aFlowGoesByItsNameAlsoWhereThereWasNoRuleAboutAName() throws Exception {
    rules("default: allow", one, "");
    StillFlow flow = told(Grant.BY_ADDRESS);
    assertThat(endsUnder("default: deny, rules: [{allow: 'good.example:443'}]", flow)).isFalse();
    rules("default: allow", one, "rules: [{deny: good.example}]");
    assertThat(flow.ended).isTrue();
  }

  @Test
  void aFlowThatTheDefaultHasPermittedOutlivesItByTheRuleForItsName() throws Exception {
    rules("default: allow", one, "rules: [{deny: bad.example}]");
    StillFlow flow = told(Grant.BY_ADDRESS);
    StillFlow shown = scene.on(() -> flow(one, new Grant.Watched(Grant.BY_ADDRESS, NAME), 40_001));
    StillFlow others = scene.on(() -> flow(other, Grant.BY_ADDRESS));
    String only = "default: deny, rules: [{allow: 'good.example:443'}]";
    assertThat(endsUnder(only, flow)).isFalse();
    assertThat(endsUnder(only, others)).as("its port was told nothing").isTrue();
    assertThat(flow.grant()).as("asked, not changed").isEqualTo(Grant.BY_ADDRESS);
    rules("default: allow", one, only);
    Grant named = new Grant.ByName(NAME, false);
    assertThat(flow.ended).isFalse();
    assertThat(flow.grant()).isEqualTo(named);
    assertThat(shown.ended).isFalse();
    assertThat(shown.grant()).isEqualTo(new Grant.Watched(named, NAME));
    rules("default: allow", one, "default: deny, " + BY_NAME);
    assertThat(flow.ended).as("it has shown no name").isTrue();
  }

  @Test
  void aTrialOfARuleThatRequiresTheServersNameLeavesTheFlowWithoutOne() throws Exception {
    rules("default: allow", one, "rules: [{deny: bad.example}]");
    StillFlow flow = told(Grant.BY_ADDRESS);
    String only = "default: deny, rules: [{allow: 'good.example:tcp/443', sni: required}]";
    rules("default: allow", one, only + ", dry-run: true");
    assertThat(flow.ended).as("a trial").isFalse();
    rules("default: allow", one, only);
    assertThat(flow.ended).as("it has shown no name").isTrue();
  }

  /** A flow whose remote address its port was told for a name. */
  private StillFlow told(Grant grant) throws Exception {
    return scene.on(() -> {
      egress().told(station(one).budget(), NAME, REMOTE, 60);
      return flow(one, grant);
    });
  }

  private boolean endsUnder(String network, StillFlow flow) throws Exception {
    var config = TestNetworks.nat("egress: {" + network + "}");
    return scene.on(() -> {
      NetworkMode.Nat mode = TestNetworks.mode(config);
      return !egress().admitsUnder(mode.egress(), mode.nat().hostLoopback(), ports).test(flow);
    });
  }

  @Test
  void aPacketWithAnothersSourceGoesByItsOwnPortsRules() throws Exception {
    rules("default: allow", other, "default: deny, rules: [{allow: 'good.example:443'}]");
    scene.on(() -> {
      StillFlow flow = flow(one, Grant.BY_ADDRESS);
      assertThat(passes(one, flow)).isTrue();
      assertThat(passes(other, flow)).isFalse();
      assertThat(scene.nat.gateway().counters().get(GatewayCount.EGRESS_DENIED)).isEqualTo(1);
      egress().told(station(other).budget(), NAME, REMOTE, 60);
      assertThat(passes(other, flow)).as("it may go there itself").isTrue();
      return true;
    });
  }

  @Test
  void aGuestOfOneGroupHasNotTheRightsOfAnotherByItsAddress() throws Exception {
    var config =
        TestNetworks.nat(
            "port-groups: {open: {egress: {default: allow}}, closed: {egress: {default: deny}}}",
            "ports: [{name: a, kind: qemu-stream, path: a.sock, port-group: open},"
                + " {name: b, kind: qemu-stream, path: b.sock, port-group: closed}]");
    scene.on(() -> {
      ports.set(one.port.name(), config.ports().get(0).policy());
      ports.set(other.port.name(), config.ports().get(1).policy());
      StillFlow flow = flow(one, Grant.BY_ADDRESS);
      assertThat(passes(one, flow)).isTrue();
      assertThat(passes(other, flow)).as("with the address of the other group's guest").isFalse();

      ports.set(one.port.name(), config.ports().get(1).policy());
      assertThat(flow.ended).as("its port has moved to the closed group").isTrue();
      return true;
    });
  }

  @Test
  void theLevelThatRequiresAServersNameSaysWhetherThatIsATrial() throws Exception {
    rules("default: deny, dry-run: true", one, BY_NAME);
    assertThat(liePasses()).isFalse();
    rules("default: deny", one, BY_NAME + ", dry-run: true");
    assertThat(liePasses()).isTrue();
    rules("default: allow", one, "default: deny, dry-run: true, " + BY_NAME);
    assertThat(liePasses()).isTrue();
  }

  @Test
  void aTrialThatRequiresAServersNameOpensNoneThatAnotherLevelDenies() throws Exception {
    String trial = "default: allow, dry-run: true, " + BY_NAME;
    rules(trial, one, "rules: [{deny: 'evil.example:tcp/443'}]");
    assertThat(liePasses()).isTrue();
    rules(trial, one, "rules: [{deny: 'evil.example:tcp/443', sni: denied}]");
    assertThat(liePasses()).isFalse();
    rules(trial, one, "rules: [{deny: 'worse.example:tcp/443', sni: denied}]");
    assertThat(liePasses()).isTrue();
  }

  @Test
  void aConnectionThatHasPassedATrialEndsWhenItsRuleIsInForce() throws Exception {
    rules("default: deny", one, BY_NAME + ", dry-run: true");
    StillFlow lies = scene.on(() -> flow(one, new Grant.ByName(NAME, true)));
    ClientHello evil = new ClientHello.For("evil.example");
    assertThat(scene.on(() -> egress().admits(lies, station(one).budget(), evil))).isTrue();
    assertThat(scene.on(() -> egress().admits(lies))).isTrue();
    rules("default: deny", one, BY_NAME);
    assertThat(lies.ended).isTrue();
  }

  @Test
  void aRuleSaysWhetherItsFlowsAreLogged() throws Exception {
    rules(
        "dry-run: true, rules: [{allow: 198.51.100.1, log: true}, {deny: 198.51.100.2, log: false},"
            + " {deny: 198.51.100.3}, {allow: 198.51.100.4},"
            + " {deny: quiet.example, log: false}, {deny: loud.example}]",
        one,
        "");
    scene.on(() -> {
      for (int i = 1; i <= 4; i++) {
        assertThat(egress().admits(packet("198.51.100." + i), 443)).isNotNull();
      }
      egress().question(station(one).budget(), "quiet.example", 1);
      egress().question(station(one).budget(), "loud.example", 1);
      return true;
    });
    assertThat(LogWatch.count("event=egress-allowed")).isEqualTo(1);
    assertThat(LogWatch.count("198.51.100.1 port 443")).isEqualTo(1);
    assertThat(LogWatch.count("reason=\"rule 0, allow 198.51.100.1/32\"")).isEqualTo(1);
    assertThat(LogWatch.count("event=egress-would-deny")).isEqualTo(1);
    assertThat(LogWatch.count("198.51.100.3 port 443")).isEqualTo(1);
    assertThat(LogWatch.count("event=name-would-be-refused")).isEqualTo(1);
    assertThat(LogWatch.count("loud.example")).isPositive();
  }

  @Test
  void whatNeverLeavesIsToldWithItsProtocol() throws Exception {
    int host = Ipv4.parse("192.168.127.1");
    int itself = Ipv4.parse("127.0.0.1");
    scene.on(() -> {
      one.send(TestNetwork.ipv4(one.address, host, 47, 64, 7, 0, new byte[8]));
      byte[] timestamp = TestNetwork.icmp(13, 1, new byte[12]);
      other.send(TestNetwork.ipv4(other.address, host, Ipv4.ICMP, 64, 7, 0, timestamp));
      return true;
    });
    NatScene.Guest third = scene.guest(12);
    scene.on(() -> {
      third.datagram(40_000, itself, 53);
      return true;
    });
    assertThat(LogWatch.count("event=egress-denied")).isEqualTo(3);
    assertThat(LogWatch.count("destination=\"protocol 47 192.168.127.1\"")).isEqualTo(1);
    assertThat(LogWatch.count("of ICMP only ping leaves")).isEqualTo(1);
    assertThat(LogWatch.count("destination=\"protocol 17 127.0.0.1\"")).isEqualTo(1);
  }

  private Packet packet(String destination) {
    Address to = Address.parse(destination);
    Packet packet = new Packet();
    packet.station = station(one);
    packet.protocol = FlowKey.UDP;
    packet.sourceHigh = one.ip().high();
    packet.sourceLow = one.ip().low();
    packet.destinationHigh = to.high();
    packet.destinationLow = to.low();
    packet.hostHigh = to.high();
    packet.hostLow = to.low();
    return packet;
  }

  /** Whether a connection to the name passes that names another. */
  private boolean liePasses() throws Exception {
    return scene.on(() -> {
      StillFlow flow = flow(one, new Grant.ByName(NAME, true));
      egress().told(station(one).budget(), NAME, REMOTE, 60);
      boolean passes =
          egress().admits(flow, station(one).budget(), new ClientHello.For("evil.example"));
      scene.nat.flows().remove(flow);
      return passes;
    });
  }

  private static final String DENY_EVIL = "{deny: '*.evil.example:tcp/443', sni: denied}";

  /** Whether a connection to an address that no name has led to passes that shows a server. */
  private boolean passes(ClientHello hello) throws Exception {
    return scene.on(() -> {
      Packet syn = packet(REMOTE.toString());
      syn.protocol = FlowKey.TCP;
      Grant grant = egress().admits(syn, 443);
      assertThat(grant).isNotNull();
      StillFlow flow = flow(one, grant);
      boolean passes =
          !Grant.awaitsHello(grant) || egress().admits(flow, station(one).budget(), hello);
      scene.nat.flows().remove(flow);
      return passes;
    });
  }

  @Test
  void aDeniedNameIsDeniedAtAnyAddressWhereItsRuleLooksAtTls() throws Exception {
    ClientHello evil = new ClientHello.For("www.evil.example");
    rules("rules: [{deny: '*.evil.example:tcp/443'}]", one, "");
    assertThat(passes(evil)).as("without a look").isTrue();

    rules("rules: [" + DENY_EVIL + "]", one, "");
    assertThat(passes(evil)).isFalse();
    assertThat(scene.on(() -> scene.nat.gateway().counters().get(GatewayCount.EGRESS_SNI_DENIED)))
        .isEqualTo(1);
    assertThat(LogWatch.count("rule 0, deny *.evil.example:tcp/443")).isEqualTo(1);
    assertThat(passes(new ClientHello.For("good.example"))).isTrue();
    assertThat(passes(new ClientHello.Refused("it is no TLS", true))).isTrue();
    assertThat(passes(new ClientHello.Refused("it names servers twice"))).isFalse();

    rules("rules: [{allow: 'www.evil.example'}, " + DENY_EVIL + "]", one, "");
    assertThat(passes(evil)).as("an earlier rule about the name").isTrue();
    rules("rules: [{allow: " + REMOTE + "}, " + DENY_EVIL + "]", one, "");
    assertThat(passes(evil)).as("an earlier rule about the address").isTrue();
    rules("rules: [" + DENY_EVIL + "]", one, "rules: [{allow: " + REMOTE + "}]");
    assertThat(passes(evil)).as("a rule of the port").isTrue();
    rules("rules: [{allow: " + REMOTE + "}]", one, "rules: [" + DENY_EVIL + "]");
    assertThat(passes(evil)).as("denied by the port").isFalse();
    rules("dry-run: true, rules: [" + DENY_EVIL + "]", one, "");
    assertThat(passes(evil)).as("only tried").isTrue();
  }

  @Test
  void aClientThatEncryptsItsServersNameIsJudgedByItsProviders() throws Exception {
    rules("default: deny", one, BY_NAME);
    assertThat(encryptedPasses("provider.example")).as("a provider that no rule has").isFalse();
    assertThat(encryptedPasses(NAME)).as("one that is permitted, and told there").isTrue();
    rules("rules: [" + DENY_EVIL + "]", one, "");
    assertThat(passes(encrypted("www.evil.example"))).isFalse();
    assertThat(passes(encrypted("provider.example"))).as("nobody sees the name").isTrue();
  }

  private static ClientHello encrypted(String provider) {
    byte[] hello = Hellos.ofEncrypted(provider);
    return ClientHello.read(hello, hello.length);
  }

  private boolean encryptedPasses(String provider) throws Exception {
    return scene.on(() -> {
      egress().told(station(one).budget(), NAME, REMOTE, 60);
      StillFlow flow = flow(one, new Grant.ByName(NAME, true));
      boolean passes = egress().admits(flow, station(one).budget(), encrypted(provider));
      scene.nat.flows().remove(flow);
      return passes;
    });
  }

  @Test
  void aTrialSaysThatItsAnswerDependsOnTls() throws Exception {
    rules("default: deny", one, BY_NAME);
    assertThat(trial(443, NAME))
        .isEqualTo(
            new EgressTrial(
                EgressTrial.Outcome.ALLOW,
                "rule 0 of port "
                    + one.port.name()
                    + ", allow good.example:tcp/443, if it begins with TLS for good.example"));
    assertThat(trial(80, NAME).reason()).doesNotContain("TLS");
    rules("rules: [" + DENY_EVIL + "]", one, "");
    assertThat(trial(443).reason())
        .isEqualTo("default, allow; TLS for a name that the rules deny is reset");
    assertThat(trial(80).reason()).isEqualTo("default, allow");
  }

  @Test
  void aTrialSpeaksOfDeniedServersOnlyWhereTheirRuleComesBeforeTheOneThatAdmits() throws Exception {
    String allow = "{allow: " + REMOTE + "}";
    rules("rules: [" + allow + ", " + DENY_EVIL + "]", one, "");
    assertThat(trial(443).reason()).doesNotContain("TLS");
    rules("rules: [" + DENY_EVIL + ", " + allow + "]", one, "");
    assertThat(trial(443).reason()).endsWith("; TLS for a name that the rules deny is reset");
    rules("rules: [" + DENY_EVIL + "]", one, "rules: [" + allow + "]");
    assertThat(trial(443).reason()).as("a rule of the port").doesNotContain("TLS");
    rules("rules: [" + allow + "]", one, "rules: [" + DENY_EVIL + "]");
    assertThat(trial(443).reason()).endsWith("; TLS for a name that the rules deny is reset");
  }

  private EgressTrial trial(int port, String... names) throws Exception {
    return scene.on(
        () -> egress().trials().flow(one.port.name(), List.of(names), REMOTE, FlowKey.TCP, port));
  }

  @Test
  void aTrialSaysThatTheNetworkDoesNotHaveTheFamily() throws Exception {
    Address far = Address.parse("2001:db8:51::10");
    EgressTrial trial =
        scene.on(
            () -> egress().trials().flow(one.port.name(), List.of(NAME), far, FlowKey.TCP, 443));
    assertThat(trial)
        .isEqualTo(new EgressTrial(EgressTrial.Outcome.DENY, "the network has no IPv6"));
    assertThat(trial(443).outcome()).isEqualTo(EgressTrial.Outcome.ALLOW);
  }

  @Test
  void aConnectionEndsWhenTheNameThatItHasShownComesToBeDenied() throws Exception {
    rules("default: allow", one, "rules: [" + DENY_EVIL + "]");
    StillFlow flow = scene.on(() -> flow(one, new Grant.Watched(Grant.BY_ADDRESS, "bad.example")));
    rules("default: allow", one, "rules: [{deny: 'bad.example:tcp/443', sni: denied}]");
    assertThat(flow.ended).isTrue();
    StillFlow mute = scene.on(() -> flow(one, new Grant.Watched(Grant.BY_ADDRESS, "")));
    assertThat(scene.on(() -> egress().admits(mute))).isTrue();
  }

  @Test
  void aConnectionThatHasShownNoNameEndsWhenOneIsRequired() throws Exception {
    rules("default: deny", one, "rules: [{allow: 'good.example:tcp/443'}]");
    StillFlow mute = scene.on(() -> flow(one, new Grant.ByName(NAME, false)));
    assertThat(scene.on(() -> egress().admits(mute))).isTrue();
    rules("default: deny", one, BY_NAME + ", dry-run: true");
    assertThat(scene.on(() -> egress().admits(mute))).as("only tried").isTrue();
    rules("default: deny", one, BY_NAME);
    assertThat(mute.ended).isTrue();
    StillFlow named = scene.on(() -> flow(one, new Grant.ByName(NAME, true)));
    assertThat(scene.on(() -> egress().admits(named))).isTrue();
  }
}
