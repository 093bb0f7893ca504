package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.control.api.ChangeInfo;
import io.lanyard.control.api.EgressTestInfo;
import io.lanyard.control.api.ForwardInfo;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.daemon.change.ChangeRefusedException.Reason;
import io.lanyard.daemon.guest.EchoVmmProvider;
import io.lanyard.daemon.network.EgressQuestion;
import io.lanyard.daemon.network.Network;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.net.Address;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A daemon follows its configuration, all or nothing. */
@Timeout(240)
class ConductorTest extends ConductorScene {
  /** A port that fails on every host. */
  private static final String FAILED = "{name: none, kind: interface, interface: none0}";

  private static final String WITH_FAILED =
      START.replace("path: q.sock}", "path: q.sock}, " + FAILED);

  /** A daemon would refuse to start with it. */
  @Test
  void networksThatLeaveTooFewDescriptorsAreRefusedAndPlansSaySo() throws Exception {
    start(START);
    StringBuilder many = new StringBuilder(START);
    // Its clients are descriptors that are kept back for good.
    for (int i = 0; i < 60; i++) {
      many.append("  n%d:\n    mode: nat\n    ipv4: {subnet: 10.8.%d.0/24}\n".formatted(i, i));
      many.append("    ports: [");
      for (int port = 0; port < 2; port++) {
        many.append(
            "{name: p%d, kind: vde, path: v%d-%d, most-guests: 256},".formatted(port, i, port));
      }
      many.append("]\n");
    }
    String text = many.toString();
    ChangeRefusedException refusal = refused(text);
    assertThat(refusal.reason()).isEqualTo(Reason.FAILED);
    assertThat(refusal.what()).contains("open files", "61 networks", "LimitNOFILE=");
    ChangeRequest request = request(text, false);
    assertThat(refusal(() -> get(daemon.conductor().plan(request.change()))).what())
        .isEqualTo(refusal.what());
    assertThat(daemon.conductor().present().configuration().networks()).containsOnlyKeys("a");
  }

  @Test
  void aPortThatIsRefusedIsNotSaidToBeTriedAgainAndNotLogged() throws Exception {
    start(START);
    assertThat(refused(WITH_FAILED).what()).contains("ports[none]").doesNotContain("tried again");
    String network = START + "  b: {mode: isolated, ports: [" + FAILED + "]}\n";
    assertThat(refused(network).what()).contains("networks.b");
    assertThat(ports("a")).containsExactly("gateway", "q");
  }

  @Test
  void aPortThatFailsAndIsKeptIsLogged() throws Exception {
    start(START);
    LogWatch.expect("event=port-failed network=\"a\" port=\"none\" .*none0");
    PlanInfo done = get(daemon.conductor().apply(tolerant(own(WITH_FAILED))));
    assertThat(done.problems()).singleElement().asString().contains("none0");
    Await.until(() -> LogWatch.count("event=port-failed") > 0);
  }

  private EgressTestInfo egress(String network, String to) {
    return network(network)
        .testEgress("q", new EgressQuestion(false, "", Address.parse(to), FlowKey.TCP, 80))
        .getFirst();
  }

  @Test
  void theSameAgainChangesNothing() throws Exception {
    start(START);
    Network before = network("a");
    PlanInfo done = get(daemon.conductor().apply(own(START)));
    assertThat(done.changes()).isEmpty();
    assertThat(done.revision()).isZero();
    assertThat(network("a")).isSameAs(before);
  }

  @Test
  void aForwardIsAddedLedElsewhereAndRemovedWhileTheRestStays() throws Exception {
    start(START);
    Network before = network("a");
    PlanInfo led = apply(START.replace("10.9.8.9:80", "10.9.8.10:80"));
    assertThat(led.changes()).extracting(ChangeInfo::kind).containsExactly("forward-changed");
    assertThat(led.revision()).isEqualTo(1);
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.10:80");
    apply(START.replaceAll("(?m)^ *forwards.*$", ""));
    assertThat(forwards("a")).isEmpty();
    apply(START);
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.9:80");
    assertThat(network("a")).isSameAs(before);
    assertThat(ports("a")).containsExactly("gateway", "q");
  }

  @Test
  void flowsAreBoundToWhatTheHostHasNotOnlyWhereThatIsTolerated() throws Exception {
    LogWatch.expect("event=outbound-missing .*no-such is not there");
    LogWatch.expect("event=outbound-missing .*x9 is not there");
    LogWatch.expect("event=outbound-missing .*192.0.2.1 is no address of the host");
    start(START);
    String missing = "nat.outbound.interface: no-such is not there";
    String bound = START.replace("24}\n", "24}\n    nat: {outbound: {interface: no-such}}\n");
    ChangeRequest request = request(bound, false);
    assertThat(get(daemon.conductor().plan(request.change())).problems())
        .singleElement()
        .asString()
        .startsWith("networks.a: " + missing);
    assertThat(refused(bound).what()).startsWith("networks.a: " + missing);
    assertThat(network("a").report().info().problems()).isEmpty();
    assertThat(refused(bound.replace("interface: no-such", "address: 192.0.2.1")).what())
        .contains("192.0.2.1 is no address of the host");
    assertThat(get(daemon.conductor().apply(tolerant(request))).problems()).hasSize(1);
    assertThat(egress("a", "192.0.2.7"))
        .satisfies(answer -> assertThat(answer.verdict()).isEqualTo("deny"))
        .satisfies(answer -> assertThat(answer.reason()).startsWith(missing));
    assertThat(egress("a", "10.9.8.2").verdict()).isEqualTo("allow");
    // The rest of the network can be changed all the same.
    assertThat(apply(bound.replace("10.9.8.9:80", "10.9.8.10:80")).problems()).isEmpty();
    String added =
        bound + "  b: {mode: nat, ipv4: {subnet: 10.9.9.0/24}, nat: {outbound: {interface: x9}}}\n";
    assertThat(refused(added).what()).contains("x9 is not there");
  }

  @Test
  void aPortIsAddedAndRemoved() throws Exception {
    start(START);
    String two =
        START.replace(
            "[{name: q, kind", "[{name: p, kind: qemu-stream, path: p.sock}, {name: q, kind");
    apply(two);
    assertThat(ports("a")).containsExactly("gateway", "p", "q");
    assertThat(home.resolve("r/p.sock")).exists();
    apply(START);
    assertThat(ports("a")).containsExactly("gateway", "q");
    Await.until(() -> !Files.exists(home.resolve("r/p.sock")));
  }

  @Test
  void aNetworkIsAddedMadeAnewAndRemoved() throws Exception {
    start(START);
    String two = START + "  b: {mode: nat, ipv4: {subnet: 10.9.9.0/24}}\n";
    apply(two);
    assertThat(network("b").report().info().state()).isEqualTo("running");
    Network former = network("b");
    apply(two.replace("10.9.9.0", "10.9.10.0"));
    assertThat(network("b")).isNotSameAs(former);
    assertThat(network("b").report().info().subnet()).isEqualTo("10.9.10.0/24");
    Network a = network("a");
    apply(START);
    assertThat(daemon.network("b")).isNull();
    assertThat(network("a")).isSameAs(a);
  }

  /** Its address is nobody's, which is known at once. */
  @Test
  void theForwardOfANetworkThatIsNotAddedAfterAllIsNotInTheLog() throws Exception {
    LogWatch.expect("event=forward-failed forward=\"tcp/192.0.2.1:");
    start(START);
    String text =
        START
            + "  b:\n    mode: nat\n    ipv4: {subnet: 10.9.9.0/24}\n"
            + "    forwards: [{name: no, protocol: tcp, listen: '192.0.2.1:8080', to:"
            + " '10.9.9.9:80'}]\n";
    ChangeRefusedException refused = refused(text);
    assertThat(refused.reason()).isEqualTo(Reason.FAILED);
    assertThat(refused.what()).contains("no address 192.0.2.1");
    assertThat(LogWatch.count("event=forward-failed")).isZero();
    ChangeRequest tolerant = request(text, false);
    PlanInfo done =
        get(
            daemon
                .conductor()
                .apply(
                    new ChangeRequest(
                        tolerant.change(), "test", "", -1, false, true, Duration.ZERO)));
    assertThat(done.problems()).singleElement().asString().contains("no address 192.0.2.1");
    Await.until(() -> LogWatch.count("event=forward-failed") > 0);
  }

  @Test
  void aStepThatFailsLeavesEverythingAsItWas() throws Exception {
    LogWatch.expect("event=forward-failed forward=\"tcp/127.0.0.1:");
    start(START);
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String text =
          START
              .replace("10.9.8.9:80", "10.9.8.10:80")
              .replace("path: q.sock}", "path: q.sock}, {name: p, kind: qemu-stream, path: p.sock}")
              .replace(
                  "forwards: [",
                  "forwards: [{name: no, protocol: tcp, listen: '127.0.0.1:"
                      + taken.getLocalPort()
                      + "', to: '10.9.8.9:81'}, ");
      ChangeRefusedException refused = refused(text);
      assertThat(refused.reason()).isEqualTo(Reason.FAILED);
      assertThat(refused.what()).contains("networks.a.forwards[no]").contains("127.0.0.1:");
      assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.9:80");
      assertThat(ports("a")).containsExactly("gateway", "q");
      assertThat(daemon.conductor().present().revision()).isZero();
      assertThat(LogWatch.count("event=forward-failed")).isZero();
      PlanInfo done = get(daemon.conductor().apply(tolerant(request(text, false))));
      assertThat(done.problems()).singleElement().asString().contains("forwards[no]");
      assertThat(network("a").report().forwards())
          .filteredOn(forward -> forward.name().equals("no"))
          .extracting(ForwardInfo::state)
          .containsExactly("failed");
      Await.until(() -> LogWatch.count("event=forward-failed") > 0);
    }
  }

  @Test
  void problemsOfTheConfigurationAreAllSaid() throws Exception {
    start(START);
    ChangeRefusedException refused =
        refused(START.replace("10.9.8.0/24", "10.9.8.0").replace("kind: qemu", "kind: kemu"));
    assertThat(refused.reason()).isEqualTo(Reason.INVALID);
    assertThat(refused.details())
        .hasSizeGreaterThan(1)
        .allMatch(line -> line.contains("other.yaml:"));
  }

  @Test
  void whoKnowsAnotherRevisionIsTold() throws Exception {
    start(START);
    apply(START.replace("10.9.8.9:80", "10.9.8.10:80"));
    ChangeRequest request = request(START, false);
    ChangeRefusedException refused =
        refusal(() ->
            get(
                daemon
                    .conductor()
                    .apply(
                        new ChangeRequest(
                            request.change(), "test", "", 0, false, false, Duration.ZERO))));
    assertThat(refused.reason()).isEqualTo(Reason.OUTDATED);
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.10:80");
  }

  @ParameterizedTest
  @ValueSource(strings = {"mtu: 1400", "enabled: false"})
  void aNetworkThatIsReplacedSaysAllThatChangesWithIt(String key) throws Exception {
    start(START);
    String after =
        START
            .replace("mode: nat", "mode: nat\n    " + key)
            .replace("10.9.8.9:80", "10.9.8.9:81")
            .replace("{name: q, kind: qemu-stream, path: q.sock}", "")
            .concat("    egress: {default: deny}\n    nat: {host-loopback: true}\n");
    ChangeRequest request = request(after, true);
    PlanInfo plan = get(daemon.conductor().plan(request.change()));
    assertThat(plan.changes())
        .extracting(ChangeInfo::subject)
        .containsExactly(
            "networks.a",
            "networks.a.nat",
            "networks.a.egress",
            "networks.a.ports[q]",
            "networks.a.forwards[web]");
    assertThat(get(daemon.conductor().apply(request)).changes()).isEqualTo(plan.changes());
  }

  @Test
  void aPlanRefusesWhatOnlyTheDaemonsOwnFileCanSay() throws Exception {
    start(START);
    ChangeRequest request = request(START + "hooks: [{on: [lease], run: [/bin/true]}]\n", false);
    assertThat(refusal(() -> get(daemon.conductor().plan(request.change()))).what())
        .startsWith("hooks run programs with the daemon's rights");
  }

  @Test
  void whatAReplacedNetworkLeavesToAnotherIsSaidOnce() throws Exception {
    start(START);
    String after =
        START
            .replace("mode: nat", "mode: nat\n    mtu: 1400")
            .replaceAll("(?m)^ *forwards.*$", "")
            .concat(
                "  b:\n    mode: nat\n    ipv4: {subnet: 10.9.9.0/24}\n    forwards: ["
                    + "{protocol: tcp, listen: \"127.0.0.1:PORT\", to: \"10.9.9.9:80\"}]\n");
    assertThat(get(daemon.conductor().plan(request(after, true).change())).changes())
        .extracting(ChangeInfo::text)
        .filteredOn(text -> text.contains("forwards[web]"))
        .hasSize(1);
  }

  @Test
  void whoWaitsTooLongForAnotherChangeIsToldWhichOne() throws Exception {
    start(
        START
            + "guests: {g: {vmm: echo, memory: 64M, program: /bin/true, stop-timeout: 1m,"
            + " options: {button: ignored}}}\n");
    int before = EchoVmmProvider.stops().size();
    CompletableFuture<PlanInfo> slow = daemon.conductor().apply(request(START, true));
    Await.until(
        "the guest is asked to stop",
        () -> EchoVmmProvider.stops().stream().skip(before).anyMatch("press g"::equals));
    daemon.conductor().queue().turn(Duration.ofMillis(200));
    ChangeRefusedException refused = refused(START);
    assertThat(refused.reason()).isEqualTo(Reason.BUSY);
    assertThat(refused.what()).startsWith("revision 1 is being applied for test, at: ");
    assertThat(get(daemon.conductor().history())).isNotNull();
    assertThat(slow).isNotDone();
    daemon.hurry();
    assertThat(get(slow).revision()).isEqualTo(1);
  }

  @Test
  void onlyTheOwnFileSaysWhatIsReadAtTheStart() throws Exception {
    start(START);
    String socket = START + "api: {socket: other.sock}\n";
    assertThat(refused(socket).reason()).isEqualTo(Reason.INVALID);
    assertThat(get(daemon.conductor().apply(own(socket))).restart()).hasSize(1);
    Edit edit = Edit.set(DocumentPath.parse("api.socket"), "third.sock", "test", Instant.EPOCH);
    ChangeRefusedException edited =
        refusal(() ->
            get(
                daemon
                    .conductor()
                    .apply(
                        new ChangeRequest(
                            before -> before.with(edit),
                            "t",
                            "",
                            -1,
                            false,
                            false,
                            Duration.ZERO))));
    assertThat(edited.reason()).isEqualTo(Reason.INVALID);
    assertThat(edited.what()).startsWith("api.socket is read from the daemon's own file");
  }
}
