package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lanyard.base.Clock;
import io.lanyard.base.Directories;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.control.api.ChangeInfo;
import io.lanyard.control.api.EgressTestInfo;
import io.lanyard.control.api.ForwardInfo;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.api.PortInfo;
import io.lanyard.control.api.RevisionInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.change.ChangeRefusedException.Reason;
import io.lanyard.daemon.guest.EchoVmmProvider;
import io.lanyard.daemon.guest.GuestHandle;
import io.lanyard.daemon.network.EgressQuestion;
import io.lanyard.daemon.network.Network;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.net.Address;
import io.lanyard.testing.Await;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.MemoryDirectory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A daemon follows its configuration, all or nothing. */
@Timeout(240)
class ConductorTest {
  @TempDir(factory = MemoryDirectory.class)
  Path home;

  private Daemon daemon;
  private int port;
  private int edits;

  private static final String START =
      """
      version: 1
      networks:
        a:
          mode: nat
          ipv4: {subnet: 10.9.8.0/24}
          ports: [{name: q, kind: qemu-stream, path: q.sock}]
          forwards: [{name: web, protocol: tcp, listen: "127.0.0.1:PORT", to: "10.9.8.9:80"}]
      """;

  /** A port that fails on every host. */
  private static final String FAILED = "{name: none, kind: interface, interface: none0}";

  private static final String WITH_FAILED =
      START.replace("path: q.sock}", "path: q.sock}, " + FAILED);

  @AfterEach
  void close() {
    if (daemon != null) {
      daemon.close();
    }
  }

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
    Document document = document(WITH_FAILED);
    PlanInfo done =
        get(
            daemon
                .conductor()
                .apply(
                    new ChangeRequest(
                        present -> document,
                        "test",
                        "",
                        ChangeRequest.ANY,
                        false,
                        true,
                        Duration.ZERO)));
    assertThat(done.problems()).singleElement().asString().contains("none0");
    Await.until(() -> LogWatch.count("event=port-failed") > 0);
  }

  /** The daemon's own file. */
  private Document document(String text) throws ConfigException {
    return document("test.yaml", text);
  }

  private Document document(String source, String text) throws ConfigException {
    return Document.of(source, text.replace("PORT", Integer.toString(port)), home);
  }

  private void start(String text) throws Exception {
    port = FreePorts.one();
    daemon = InProcessDaemon.open(home, document(text));
    daemon.startGuests();
  }

  private Directories directories() {
    return InProcessDaemon.directories(home);
  }

  private ChangeRequest request(String text, boolean force) throws Exception {
    Document document = document("other.yaml", text);
    return new ChangeRequest(
        before -> document, "test", "a test", ChangeRequest.ANY, force, false, Duration.ZERO);
  }

  /** A change of the daemon's own file. */
  private ChangeRequest own(String text) throws Exception {
    Document document = document(text);
    return new ChangeRequest(
        before -> document, "test", "a test", ChangeRequest.ANY, false, false, Duration.ZERO);
  }

  private PlanInfo apply(String text) throws Exception {
    return get(daemon.conductor().apply(request(text, false)));
  }

  private static <T> T get(CompletableFuture<T> answer) throws Exception {
    try {
      return answer.get(60, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  private ChangeRefusedException refused(String text) {
    return refusal(() -> apply(text));
  }

  private static ChangeRefusedException refusal(ThrowingCallable call) {
    return catchThrowableOfType(ChangeRefusedException.class, call);
  }

  private Network network(String name) {
    return Objects.requireNonNull(daemon.network(name));
  }

  private List<String> forwards(String name) {
    return network(name).report().forwards().stream()
        .map(one -> one.name() + " " + one.state() + " -> " + one.to())
        .toList();
  }

  private List<String> ports(String name) {
    return network(name).report().ports().stream().map(PortInfo::name).sorted().toList();
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
    ChangeRequest tolerant =
        new ChangeRequest(
            request.change(), "test", "a test", ChangeRequest.ANY, false, true, Duration.ZERO);
    assertThat(get(daemon.conductor().apply(tolerant)).problems()).hasSize(1);
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
      ChangeRequest tolerant = request(text, false);
      PlanInfo done =
          get(
              daemon
                  .conductor()
                  .apply(
                      new ChangeRequest(
                          tolerant.change(), "test", "", -1, false, true, Duration.ZERO)));
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

  @Test
  void aGuestThatRunsIsPoweredOffOnlyForWhoSaysSo() throws Exception {
    String guest =
        START + "guests: {g: {vmm: echo, memory: 64M, program: /bin/true, nics: [{network: a}]}}\n";
    start(guest);
    assertThat(ports("a")).containsExactly("g.nic0", "gateway", "q");
    ChangeRefusedException refused = refused(START);
    assertThat(refused.reason()).isEqualTo(Reason.ENDS_SOMETHING);
    assertThat(refused.details()).containsExactly("guest g runs and is powered off");
    PlanInfo plan = get(daemon.conductor().plan(before -> document(START)));
    assertThat(plan.ends()).containsExactly("guest g runs and is powered off");
    get(daemon.conductor().apply(request(START, true)));
    assertThat(daemon.guestNames()).isEmpty();
    assertThat(ports("a")).containsExactly("gateway", "q");
    apply(guest);
    assertThat(Objects.requireNonNull(daemon.guest("g")).info().state()).isEqualTo("running");
    assertThat(ports("a")).containsExactly("g.nic0", "gateway", "q");
  }

  @Test
  void aChangeOfAnUplinkAsksForAConfirmation() throws Exception {
    LogWatch.expect("event=port-failed");
    String before = START + "  lan: {mode: bridged, uplink: {interface: nosuch0}}\n";
    String after = before.replace("nosuch0", "nosuch1");
    start(before);
    ChangeRefusedException refused = refused(after);
    assertThat(refused.reason()).isEqualTo(Reason.ENDS_SOMETHING);
    assertThat(refused.details())
        .containsExactly(
            "network lan: its uplink nosuch0 is opened anew, as nosuch1; users that reach this host"
                + " by a guest may be cut off");
    assertThat(refused.hint()).contains("--confirm");
    assertThat(get(daemon.conductor().plan(request -> document(after))).ends())
        .isEqualTo(refused.details());
    Document document = document("other.yaml", after);
    PlanInfo done =
        get(
            daemon
                .conductor()
                .apply(
                    new ChangeRequest(
                        present -> document,
                        "test",
                        "",
                        ChangeRequest.ANY,
                        false,
                        true,
                        Duration.ofMinutes(1))));
    assertThat(done.confirmBy()).isNotEmpty();
  }

  @Test
  void aGuestStaysOnANetworkThatIsMadeAnew() throws Exception {
    String guest =
        START + "guests: {g: {vmm: echo, memory: 64M, program: /bin/true, nics: [{network: a}]}}\n";
    start(guest);
    assertThat(refused(guest.replace("10.9.8.", "10.9.7.")).details())
        .containsExactly("network a: the guests at g.nic0 lose their link");
    get(daemon.conductor().apply(request(guest.replace("10.9.8.", "10.9.7."), true)));
    assertThat(Objects.requireNonNull(daemon.guest("g")).info().state()).isEqualTo("running");
    Await.until(() ->
        network("a").report().ports().stream()
            .anyMatch(one -> one.name().equals("g.nic0") && one.state().equals("up")));
  }

  private static final String ON_A =
      "guests: {g: {vmm: echo, memory: 64M, program: /bin/true, "
          + "nics: [{network: a, mac: '52:54:00:00:00:07'}]}}\n";

  private String state(String network, String port) {
    return network(network).report().ports().stream()
        .filter(one -> one.name().equals(port))
        .findFirst()
        .orElseThrow()
        .state();
  }

  @Test
  void aStoppedNetworkIsThereWithoutCarrierAlsoAfterARestart() throws Exception {
    start(START + ON_A);
    List<String> links = EchoVmmProvider.links(0x52_54_00_00_00_07L);
    String stopped = (START + ON_A).replace("mode: nat", "mode: nat\n    enabled: false");
    assertThat(refused(stopped).details())
        .containsExactly("network a: the guests at g.nic0 lose their link");
    PlanInfo done = get(daemon.conductor().apply(request(stopped, true)));
    assertThat(done.changes())
        .extracting(ChangeInfo::text)
        .containsExactly("networks.a: enabled true -> false; stops");
    assertThat(network("a").report().info().state()).isEqualTo("stopped");
    assertThat(network("a").report().info().problems()).isEmpty();
    assertThat(state("a", "q")).isEqualTo("stopped");
    assertThat(state("a", "g.nic0")).isEqualTo("no-carrier");
    assertThat(forwards("a")).containsExactly("web stopped -> 10.9.8.9:80");
    assertThat(links).containsExactly("up", "down");
    assertThat(home.resolve("r/q.sock")).doesNotExist();
    // A stopped network can still be changed.
    apply(stopped.replace("10.9.8.9:80", "10.9.8.10:80").replace("name: q,", "name: p,"));
    assertThat(forwards("a")).containsExactly("web stopped -> 10.9.8.10:80");
    assertThat(state("a", "p")).isEqualTo("stopped");
    assertThat(
            refusal(() ->
                    get(
                        daemon
                            .conductor()
                            .lend(
                                "a",
                                "{\"protocol\":\"tcp\",\"listen\":\"127.0.0.1:9\","
                                    + "\"to\":\"10.9.8.9:80\"}",
                                "test")))
                .what())
        .contains("network a is stopped");
    daemon.close();
    daemon = InProcessDaemon.open(home, document(START + ON_A));
    daemon.startGuests();
    assertThat(network("a").report().info().state()).isEqualTo("stopped");
    apply(START + ON_A);
    assertThat(network("a").report().info().state()).isEqualTo("running");
    Await.until(() -> state("a", "g.nic0").equals("up"));
    assertThat(state("a", "q")).isEqualTo("no-carrier");
    assertThat(EchoVmmProvider.links(0x52_54_00_00_00_07L)).containsExactly("up");
  }

  @Test
  void aNicMovesToAnotherNetworkWhileItsGuestRuns() throws Exception {
    String two = START + "  b: {mode: nat, ipv4: {subnet: 10.9.9.0/24}}\n";
    start(two + ON_A);
    List<String> links = EchoVmmProvider.links(0x52_54_00_00_00_07L);
    String moved = two + ON_A.replace("network: a", "network: b");
    assertThat(refused(moved).details())
        .containsExactly("guest g: nic0 loses its link to network a and gets one to b");
    get(daemon.conductor().apply(request(moved, true)));
    Await.until(() -> state("b", "g.nic0").equals("up"));
    assertThat(ports("a")).containsExactly("gateway", "q");
    assertThat(links).containsExactly("up", "down", "up");
    assertThat(guestState()).isEqualTo("running");
    // To a network that takes the subnet of the one that goes, and back.
    String third = START + "  c: {mode: nat, ipv4: {subnet: 10.9.9.0/24}}\n";
    get(daemon.conductor().apply(request(third + ON_A.replace("network: a", "network: c"), true)));
    Await.until(() -> state("c", "g.nic0").equals("up"));
    assertThat(links).startsWith("up", "down", "up").endsWith("down", "up");
    assertThat(guestState()).isEqualTo("running");
  }

  private String guestState() {
    return Objects.requireNonNull(daemon.guest("g")).info().state();
  }

  @Test
  void aNicIsPluggedIntoAGuestThatRunsAndOutAgain() throws Exception {
    String guest = "guests: {g: {vmm: echo, program: /bin/true, nics: [{network: a}%s]}}\n";
    String two = START + "  b: {mode: nat, ipv4: {subnet: 10.9.9.0/24}}\n";
    start(two + guest.formatted(""));
    GuestHandle runs = Objects.requireNonNull(daemon.guest("g"));
    Await.until(() -> runs.info().state().equals("running"));
    String second = ", {network: b, mac: '52:54:00:00:00:42'}";
    PlanInfo plugged = apply(two + guest.formatted(second));
    assertThat(plugged.ends()).isEmpty();
    assertThat(plugged.changes())
        .extracting(ChangeInfo::text)
        .anyMatch(text ->
            text.contains("nics[1].network none -> b") && text.endsWith("; while the guest runs"));
    assertThat(ports("b")).contains("g.nic1");
    assertThat(runs.info().nics()).hasSize(2);
    assertThat(EchoVmmProvider.links(0x52_54_00_00_00_42L)).containsExactly("up");

    String refusedNic = second + ", {network: c, mac: '52:54:00:00:00:ff'}";
    ChangeRefusedException refused =
        refused(two + "  c: {mode: isolated}\n" + guest.formatted(refusedNic));
    assertThat(refused.what()).contains("no slot left");
    assertThat(ports("b")).contains("g.nic1");
    assertThat(runs.info().nics()).hasSize(2);

    String first = two + guest.formatted("");
    assertThat(refused(first).details())
        .containsExactly("guest g: nic1 loses its link to network b");
    String larger = two + guest.formatted(second).replace("vmm: echo", "vmm: echo, memory: 1G");
    assertThat(refused(larger).details())
        .containsExactly("guest g runs and is started anew, for its memory");
    get(daemon.conductor().apply(request(first, true)));
    assertThat(ports("a")).contains("g.nic0");
    assertThat(ports("b")).containsExactly("gateway");
    assertThat(runs.info().state()).isEqualTo("running");
    assertThat(LogWatch.count("event=guest-state-changed guest=\"g\"")).isEqualTo(1);
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
  void nothingIsLeftOutOfAnAppliedFile() throws Exception {
    Daemon.Settings settings =
        new Daemon.Settings(
            Document.builtIn(),
            all -> all.without("vmnet1").without("vmnet8").without("a"),
            directories(),
            null,
            Clock.system());
    daemon = Daemon.open(settings);
    PlanInfo done = apply(START.replace("PORT", "0").replaceAll("(?m)^ *forwards.*$", ""));
    assertThat(done.changes()).extracting(ChangeInfo::subject).containsExactly("networks.a");
    daemon.close();
    daemon = Daemon.open(settings);
    assertThat(daemon.networks()).extracting(Network::name).containsExactly("a");
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
  void whatWasAppliedRunsAgainAfterTheNextStart() throws Exception {
    LogWatch.expect("event=applied-file-left-out");
    start(START);
    apply(START.replace("10.9.8.9:80", "10.9.8.10:80"));
    daemon.close();
    daemon = InProcessDaemon.open(home, document(START));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.10:80");
    assertThat(daemon.conductor().present().revision()).isEqualTo(1);
    daemon.close();
    // A file that was changed since has the last word.
    daemon = InProcessDaemon.open(home, document(START.replace("10.9.8.9:80", "10.9.8.11:80")));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.11:80");
    assertThat(get(daemon.conductor().history()))
        .extracting(RevisionInfo::revision)
        .containsExactly(2L, 1L, 0L);
  }

  @Test
  void aFileThatWasReadAgainIsNoNewsToTheNextStart() throws Exception {
    Path own = home.resolve("own.yaml");
    start(START);
    daemon.close();
    Files.writeString(own, document(START).text());
    Directories directories =
        new Directories(home.resolve("s2"), home.resolve("r"), home.resolve("i"));
    daemon = Daemon.open(Daemon.Settings.of(Document.load(own), directories));
    String edited = document(START.replace("10.9.8.9:80", "10.9.8.10:80")).text();
    Files.writeString(own, edited);
    get(
        daemon
            .conductor()
            .apply(
                new ChangeRequest(daemon::reread, "SIGHUP", "", -1, false, false, Duration.ZERO)));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.10:80");
    get(daemon.conductor().apply(request(START.replace("10.9.8.9:80", "10.9.8.11:80"), false)));
    daemon.close();
    daemon = Daemon.open(Daemon.Settings.of(Document.load(own), directories));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.11:80");
  }

  private void edit(String path, String value) throws Exception {
    Instant when = Instant.EPOCH.plusSeconds(edits++);
    Edit edit = Edit.set(DocumentPath.parse(path), value, "test", when);
    get(
        daemon
            .conductor()
            .apply(
                new ChangeRequest(
                    before -> before.with(edit), "test", "", -1, false, false, Duration.ZERO)));
  }

  @Test
  void aChangeThatNoLongerFitsTheEditedFileIsAProblemUntilTheNextChange() throws Exception {
    LogWatch.expect("event=change-left-out");
    start(START);
    edit("networks.a.ports[q].isolated", "true");
    edit("networks.a.dns.hosts.printer", "10.9.8.77");
    daemon.close();
    String edited = START.replaceAll("(?m)^ *ports.*$", "");
    daemon = InProcessDaemon.open(home, document(edited));
    assertThat(daemon.conductor().present().document().effectiveText()).contains("printer");
    assertThat(ports("a")).containsExactly("gateway");
    assertThat(daemon.status().problems())
        .singleElement()
        .asString()
        .contains("no longer fits the edited file")
        .contains("networks.a.ports[q].isolated");
    edit("networks.a.dns.hosts.printer", "10.9.8.78");
    assertThat(daemon.status().problems()).isEmpty();
  }

  /** Edits that one command makes, as {@code path = value}. */
  private void command(int second, String... edits) throws Exception {
    Instant when = Instant.EPOCH.plusSeconds(second);
    List<Edit> all =
        Stream.of(edits)
            .map(edit -> edit.split(" = ", 2))
            .map(edit -> Edit.set(DocumentPath.parse(edit[0]), edit[1], "test", when))
            .toList();
    get(
        daemon
            .conductor()
            .apply(
                new ChangeRequest(
                    before -> before.with(all), "test", "", -1, true, false, Duration.ZERO)));
  }

  @Test
  void aConflictWithTheEditedFileLeavesOutItsOwnCommandAlone() throws Exception {
    LogWatch.expect("event=change-left-out");
    start(START);
    command(
        1,
        "networks.a.ports[vx].kind = vxlan",
        "networks.a.ports[vx].vni = 42",
        "networks.a.ports[vx].remotes = [127.9.9.9]",
        "networks.a.ports[vx].local = 127.0.0.1",
        "networks.a.ports[vx].port = " + port);
    command(
        2,
        "networks.a.dhcp.reservations[52:54:00:00:01:09].address = 10.9.8.77",
        "networks.a.dhcp.reservations[52:54:00:00:01:09].hostname = r9");
    command(3, "networks.a.ports[vx].vni = 43");
    daemon.close();
    String edited =
        START + "    dhcp: {reservations: [{mac: '52:54:00:00:01:10', address: 10.9.8.77}]}\n";
    daemon = InProcessDaemon.open(home, document(edited));
    assertThat(ports("a")).contains("vx", "q");
    assertThat(daemon.conductor().present().document().effectiveText()).contains("vni: 43");
    assertThat(daemon.status().problems())
        .singleElement()
        .asString()
        .contains("networks.a.dhcp.reservations[52:54:00:00:01:09] (change by test at ")
        .doesNotContain("\n", "vx");
  }

  @Test
  void anotherCommentInTheFileIsNoRevision() throws Exception {
    start(START);
    edit("networks.a.dns.hosts.printer", "10.9.8.77");
    String commented = "# a word\n" + START;
    Document again = document(commented).with(daemon.conductor().present().document().edits());
    PlanInfo done =
        get(
            daemon
                .conductor()
                .apply(
                    new ChangeRequest(
                        before -> again, "test", "", -1, false, false, Duration.ZERO)));
    assertThat(done.revision()).isEqualTo(1);
    daemon.close();
    daemon = InProcessDaemon.open(home, document(commented));
    assertThat(daemon.conductor().present().revision()).isEqualTo(1);
    assertThat(daemon.conductor().present().document().text()).startsWith("# a word");
    assertThat(get(daemon.conductor().history())).hasSize(2);
  }

  @Test
  void theFirstConfigurationIsInTheHistoryWithTheTimeOfTheStart() throws Exception {
    Instant before = Instant.now();
    start(START);
    Instant after = Instant.now();
    List<RevisionInfo> first = get(daemon.conductor().history());
    assertThat(first).singleElement().satisfies(one -> assertThat(one.revision()).isZero());
    assertThat(Instant.parse(first.getFirst().at()))
        .isBetween(before.minusMillis(1), after.plusMillis(1));
    apply(START.replace("10.9.8.9:80", "10.9.8.10:80"));
    assertThat(get(daemon.conductor().history()).getLast()).isEqualTo(first.getFirst());
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

  /** The configuration of a daemon that starts with the files as they are now, as after a kill. */
  private Configuration afterACrash(String own) throws Exception {
    Path crashed = Files.createTempDirectory(home, "crashed");
    Path config = Files.createDirectory(crashed.resolve(Conductor.DIRECTORY));
    Path kept = directories().state().resolve(Conductor.DIRECTORY);
    if (Files.isDirectory(kept)) {
      try (Stream<Path> files = Files.list(kept)) {
        for (Path file : (Iterable<Path>) files::iterator) {
          Files.copy(file, config.resolve(file.getFileName()));
        }
      }
    }
    return RunningConfiguration.recover(document(own), crashed, Clock.system()).configuration();
  }

  @Test
  void aCrashInAChangeLeavesTheOldConfigurationUntilAllOfItIsDone() throws Exception {
    String before =
        START
            + "guests: {g: {vmm: echo, memory: 64M, program: /bin/true, stop-timeout: 1m,"
            + " options: {button: ignored}}}\n";
    start(before);
    String after =
        START.replace("10.9.8.9:80", "10.9.8.10:80")
            + "  b: {mode: nat, ipv4: {subnet: 10.9.9.0/24}}\n";
    CompletableFuture<PlanInfo> slow = daemon.conductor().apply(request(after, true));
    // Settings and additions are done; the guest that is to go does not stop.
    Await.until(() ->
        daemon.network("b") != null
            && forwards("a").equals(List.of("web listening -> 10.9.8.10:80")));
    assertThat(slow).isNotDone();
    assertThat(afterACrash(before)).isEqualTo(document(before).configuration());
    daemon.hurry();
    get(slow);
    assertThat(afterACrash(before)).isEqualTo(document("other.yaml", after).configuration());
  }

  @Test
  void whatRanAtFirstCanBeGoneBackTo() throws Exception {
    start(START);
    apply(START.replace("10.9.8.9:80", "10.9.8.10:80"));
    get(daemon.conductor().rollBack(0, request(START, false)));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.9:80");
  }

  @Test
  void anEntryInTheWayOfTheHistoryCostsNoRevision() throws Exception {
    LogWatch.expect("event=revision-unreadable");
    start(START);
    apply(START.replace("10.9.8.9:80", "10.9.8.10:80"));
    daemon.close();
    Files.createDirectories(home.resolve("s/config/000000007.json"));
    daemon = InProcessDaemon.open(home, document(START));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.10:80");
    assertThat(apply(START).revision()).isEqualTo(8);
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

  @Test
  void aFormerRevisionComesBack() throws Exception {
    start(START);
    apply(START.replace("10.9.8.9:80", "10.9.8.10:80"));
    apply(START.replace("10.9.8.9:80", "10.9.8.11:80"));
    assertThat(get(daemon.conductor().planRollBack(1)).changes()).hasSize(1);
    assertThat(daemon.conductor().present().revision()).isEqualTo(2);
    PlanInfo back = get(daemon.conductor().rollBack(1, request(START, false)));
    assertThat(back.revision()).isEqualTo(3);
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.10:80");
    assertThat(refusal(() -> get(daemon.conductor().rollBack(9, request(START, false)))).reason())
        .isEqualTo(Reason.UNKNOWN);
  }

  private PlanInfo applyUnconfirmed(String text, Duration confirm) throws Exception {
    ChangeRequest request = request(text, false);
    return get(
        daemon
            .conductor()
            .apply(new ChangeRequest(request.change(), "test", "", -1, false, false, confirm)));
  }

  @Test
  void whatIsNotConfirmedIsTakenBack() throws Exception {
    LogWatch.expect("event=configuration-taken-back");
    start(START);
    PlanInfo done =
        applyUnconfirmed(START.replace("10.9.8.9:80", "10.9.8.10:80"), Duration.ofMillis(200));
    assertThat(done.confirmBy()).isNotEmpty();
    Await.until(() -> forwards("a").equals(List.of("web listening -> 10.9.8.9:80")));
    assertThat(refusal(() -> get(daemon.conductor().confirm(done.revision()))).reason())
        .isEqualTo(Reason.UNKNOWN);
  }

  @Test
  void whatIsConfirmedStays() throws Exception {
    start(START);
    PlanInfo done =
        applyUnconfirmed(START.replace("10.9.8.9:80", "10.9.8.10:80"), Duration.ofMinutes(10));
    assertThat(refused(START).reason()).isEqualTo(Reason.BUSY);
    get(daemon.conductor().confirm(done.revision()));
    daemon.close();
    daemon = InProcessDaemon.open(home, document(START));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.10:80");
  }

  @Test
  void aStopBeforeTheConfirmationTakesItBack() throws Exception {
    LogWatch.expect("event=revision-taken-back");
    start(START);
    applyUnconfirmed(START.replace("10.9.8.9:80", "10.9.8.10:80"), Duration.ofMinutes(10));
    daemon.close();
    daemon = InProcessDaemon.open(home, document(START));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.9:80");
    // No number is used twice: somebody may know it as an entity tag.
    assertThat(daemon.conductor().present().revision()).isEqualTo(2);
    assertThat(get(daemon.conductor().history()))
        .extracting(RevisionInfo::why)
        .containsExactly(
            "taken back: 1 was not confirmed before the daemon ended",
            " (not confirmed)",
            "as it started");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "null", "{\"revision\":\"x\"}", "[1]", "{\"revision\":{}}"})
  void aRevisionThatCannotBeReadCostsNoStart(String content) throws Exception {
    LogWatch.expect("event=revision-unreadable");
    start(START);
    apply(START.replace("10.9.8.9:80", "10.9.8.10:80"));
    daemon.close();
    Files.writeString(home.resolve("s/config/000000002.json"), content);
    daemon = InProcessDaemon.open(home, document(START));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.10:80");
  }

  @Test
  void aFullStateDirectoryRefusesTheChange() throws Exception {
    start(START);
    Files.createDirectories(home.resolve("s"));
    Files.writeString(home.resolve("s/config"), "in the way");
    assertThatThrownBy(() -> apply(START.replace("10.9.8.9:80", "10.9.8.10:80")))
        .isInstanceOfSatisfying(
            ChangeRefusedException.class,
            refused -> assertThat(refused.reason()).isEqualTo(Reason.NOT_KEPT));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.9:80");
  }
}
