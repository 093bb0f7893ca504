package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.ChangeInfo;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.change.ChangeRefusedException.Reason;
import io.lanyard.daemon.guest.EchoVmmProvider;
import io.lanyard.daemon.guest.GuestHandle;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Changes of guests that run, and of the networks that they are on. */
@Timeout(240)
class GuestChangesTest extends ConductorScene {
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
}
