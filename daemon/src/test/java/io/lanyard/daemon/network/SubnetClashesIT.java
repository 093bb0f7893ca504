package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import io.lanyard.config.Problem;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.change.ChangeRequest;
import io.lanyard.linux.HostRoute;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A configuration is checked on a host that is in a LAN. Needs root and iproute2. */
@Timeout(180)
final class SubnetClashesIT {
  private static final String NAMESPACE = "lysc" + ProcessHandle.current().pid() % 100_000;

  @TempDir Path home;

  @BeforeEach
  void makeLan() throws Exception {
    HostCommand.runLine("ip netns add " + NAMESPACE);
    HostCommand.runLine("ip -n " + NAMESPACE + " link add lan0 type veth peer name lan1");
    HostCommand.runLine("ip -n " + NAMESPACE + " addr add 10.97.1.5/24 dev lan0");
    HostCommand.runLine("ip -n " + NAMESPACE + " addr add fd00:97::5/64 dev lan0 nodad");
    HostCommand.runLine("ip -n " + NAMESPACE + " link set lan0 up");
    HostCommand.runLine("ip -n " + NAMESPACE + " link set lan1 up");
    HostCommand.runLine("ip -n " + NAMESPACE + " route add 10.98.0.0/16 via 10.97.1.1");
  }

  @AfterEach
  void deleteNamespace() throws Exception {
    HostCommand.runLine("ip netns del " + NAMESPACE);
  }

  @Test
  void aCheckDoubtsSubnetsThatTheHostReachesElsewhere() throws Exception {
    Document document =
        Document.of(
            "test",
            """
            version: 1
            networks:
              lan: {mode: nat, ipv4: {subnet: 10.97.0.0/16}, ipv6: {subnet: "fd00:97::/64"}}
              routed: {mode: host-only, ipv4: {subnet: 10.98.7.0/24}}
              free: {mode: nat, ipv4: {subnet: 10.99.0.0/24}}
            """,
            home);
    List<Problem> doubts = new ArrayList<>();
    NetworkNamespace.run(
        NAMESPACE,
        () -> {
          try {
            return doubts.addAll(SubnetClashes.doubts(document, document.configuration()));
          } catch (ConfigException e) {
            throw new IOException(e);
          }
        });
    assertThat(doubts)
        .extracting(Problem::path)
        .containsExactly(
            "networks.lan.ipv4.subnet", "networks.lan.ipv6.subnet", "networks.routed.ipv4.subnet");
    assertThat(doubts).allMatch(doubt -> doubt.message().contains("reaches by lan0"));
    assertThat(doubts.getFirst().line()).isEqualTo(3);
  }

  @Test
  void aNetworkThatClashesRunsAndIsAProblemWhileItDoes() throws Exception {
    String lan = NAMESPACE + "h";
    HostCommand.runLine("ip link add " + lan + " type veth peer name " + lan + "p");
    try (Daemon daemon =
        InProcessDaemon.open(home, "version: 1\nnetworks: {other: {mode: isolated}}\n")) {
      HostCommand.runLine("ip addr add 10.97.3.5/24 dev " + lan);
      HostCommand.runLine("ip link set " + lan + " up");
      Document next =
          Document.of(
              "test",
              "version: 1\nnetworks: {a: {mode: nat, ipv4: {subnet: 10.97.3.0/24}}}\n",
              home);
      PlanInfo done = apply(daemon, next);
      String clash = "10.97.3.0/24, which the host reaches by " + lan;
      assertThat(done.problems())
          .filteredOn(problem -> problem.contains(clash))
          .singleElement()
          .asString()
          .startsWith("networks.a: ");
      Await.until(
          () -> daemon.status().problems().toString(),
          () -> daemon.status().problems().toString().contains(clash));
      Document moved =
          Document.of(
              "test",
              "version: 1\nnetworks: {a: {mode: nat, ipv4: {subnet: 10.97.4.0/24}}}\n",
              home);
      assertThat(apply(daemon, moved).problems()).noneMatch(problem -> problem.contains(lan));
      assertThat(daemon.status().problems()).noneMatch(problem -> problem.contains(lan));
      assertThat(apply(daemon, next).problems()).anyMatch(problem -> problem.contains(clash));
      assertThat(daemon.status().problems()).anyMatch(problem -> problem.contains(clash));
      HostCommand.runLine("ip link set " + lan + " down");
      Await.until(
          () -> daemon.status().problems().toString(),
          () -> !daemon.status().problems().toString().contains(clash));
    } finally {
      HostCommand.runLine("ip link del " + lan);
    }
  }

  @Test
  void aCheckWhileTheNetworkRunsByAnotherNameDoubtsNothing() throws Exception {
    String adapter = NAMESPACE + "a";
    String form =
        "version: 1\nnetworks: {%s: {mode: nat, ipv4: {subnet: 10.97.5.0/24}, host-adapter: {name:"
            + " %s}}}\n";
    try (Daemon _ = InProcessDaemon.open(home, form.formatted("a", adapter))) {
      Await.until(
          () -> "a route by " + adapter,
          () -> !HostRoute.all(true, route -> route.device().equals(adapter)).isEmpty());
      Document renamed = Document.of("test", form.formatted("b", NAMESPACE + "b"), home);
      assertThat(SubnetClashes.doubts(renamed, renamed.configuration())).isEmpty();
    }
  }

  @Test
  void aCheckDoubtsASubnetThatOverlapsAnothersAdapterWithoutBeingIts() throws Exception {
    String adapter = NAMESPACE + "a";
    String form =
        "version: 1\nnetworks: {a: {mode: nat, ipv4: {subnet: %s}, host-adapter: {name: %s}}}\n";
    try (Daemon _ = InProcessDaemon.open(home, form.formatted("10.97.5.0/24", adapter))) {
      Await.until(
          () -> "a route by " + adapter,
          () -> !HostRoute.all(true, route -> route.device().equals(adapter)).isEmpty());
      Document other = Document.of("test", form.formatted("10.97.0.0/16", NAMESPACE + "b"), home);
      assertThat(SubnetClashes.doubts(other, other.configuration()))
          .singleElement()
          .satisfies(doubt -> assertThat(doubt.message()).contains("reaches by " + adapter));
      Document moved = Document.of("test", form.formatted("10.97.0.0/16", adapter), home);
      assertThat(SubnetClashes.doubts(moved, moved.configuration())).isEmpty();
    }
  }

  @Test
  void aCheckDoubtsTheSubnetThatAVpnByTapHas() throws Exception {
    String vpn = NAMESPACE + "v";
    HostCommand.runLine("ip tuntap add dev " + vpn + " mode tap");
    try {
      HostCommand.runLine("ip addr add 10.97.6.9/24 dev " + vpn);
      HostCommand.runLine("ip link set " + vpn + " up");
      Document document =
          Document.of(
              "test",
              "version: 1\nnetworks: {a: {mode: nat, ipv4: {subnet: 10.97.6.0/24}}}\n",
              home);
      assertThat(SubnetClashes.doubts(document, document.configuration()))
          .singleElement()
          .satisfies(doubt -> assertThat(doubt.message()).contains("reaches by " + vpn));
    } finally {
      HostCommand.runLine("ip link del " + vpn);
    }
  }

  private static PlanInfo apply(Daemon daemon, Document next) throws Exception {
    return daemon
        .conductor()
        .apply(
            new ChangeRequest(
                before -> next, "test", "", ChangeRequest.ANY, true, false, Duration.ZERO))
        .get(120, TimeUnit.SECONDS);
  }
}
