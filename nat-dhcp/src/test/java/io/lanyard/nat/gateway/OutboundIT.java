package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.PortConfig;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.egress.PortEgress;
import io.lanyard.testing.LogWatch;
import io.netty.channel.DefaultChannelId;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Where flows leave the host, and how many begin. The host has two ways to a server that says who
 * has come. Needs root.
 */
class OutboundIT {
  private static final String SERVER = "198.51.100.9";

  private final String host = "loh" + ProcessHandle.current().pid() % 100_000;
  private final String far = "lof" + ProcessHandle.current().pid() % 100_000;
  private Process served;

  @BeforeAll
  static void letNettyFindAHardwareAddress() {
    assertThat(DefaultChannelId.newInstance()).isNotNull();
  }

  @BeforeEach
  void makeTheWorld() throws Exception {
    String script =
        """
        set -e
        ip netns add H; ip netns add F
        ip link add va netns H type veth peer name va netns F
        ip link add vb netns H type veth peer name vb netns F
        ip -n H addr add 10.99.0.1/24 dev va; ip -n H addr add 10.99.0.7/24 dev va
        ip -n H addr add 10.98.0.1/24 dev vb
        ip -n F addr add 10.99.0.2/24 dev va; ip -n F addr add 10.98.0.2/24 dev vb
        ip -n F addr add 198.51.100.9/32 dev lo
        for d in lo va vb; do ip -n H link set $d up; ip -n F link set $d up; done
        ip -n H route add default via 10.99.0.2
        ip -n H route add default via 10.98.0.2 metric 100
        ip netns exec H sysctl -qw net.ipv4.ping_group_range='0 2147483647'
        """
            .replace("H", host)
            .replace("F", far);
    NatNamespace.Result result = NatNamespace.host("sh", "-c", script);
    assertThat(result.status()).as(result.output()).isZero();
    String serve =
        // Each reads before it answers: socat gives up where it cannot write to a shell that has
        // ended, or half a second after its client's end.
        "socat -t 10 TCP4-LISTEN:8088,reuseaddr,fork SYSTEM:'read x; echo $SOCAT_PEERADDR' &"
            + " socat -t 10 UDP4-LISTEN:8088,bind=198.51.100.9,reuseaddr,fork SYSTEM:'read x; echo $SOCAT_PEERADDR' & wait";
    served =
        new ProcessBuilder("ip", "netns", "exec", far, "sh", "-c", serve)
            .redirectErrorStream(true)
            .start();
    String wait =
        "for i in $(seq 50); do [ $(ip netns exec "
            + far
            + " ss -Hltun | grep -c :8088) = 2 ] && exit 0; sleep .1; done; exit 1";
    assertThat(NatNamespace.host("sh", "-c", wait).status()).isZero();
  }

  @AfterEach
  void deleteTheWorld() throws Exception {
    served.descendants().forEach(ProcessHandle::destroy);
    served.destroy();
    served.waitFor(5, TimeUnit.SECONDS);
    NatNamespace.host("ip", "netns", "del", host);
    NatNamespace.host("ip", "netns", "del", far);
  }

  private static String who(NatNamespace net, String protocol) throws Exception {
    return net.guest(
            "sh", "-c", "echo | socat -t 3 -T 3 - %s:%s:8088 2>&1".formatted(protocol, SERVER))
        .output()
        .strip();
  }

  @Test
  void flowsLeaveFromTheAddressAndByTheInterfaceThatTheNetworkSays() throws Exception {
    try (NatNamespace net = new NatNamespace(TestNetworks.nat(), nic -> null, host)) {
      assertThat(who(net, "TCP4")).isEqualTo("10.99.0.1");
      for (String[] each :
          new String[][] {
            {"{address: 10.99.0.7}", "10.99.0.7"}, {"{interface: vb}", "10.98.0.1"}
          }) {
        net.on(() -> {
          net.nat.configure(TestNetworks.nat("nat: {outbound: " + each[0] + "}"));
          return true;
        });
        assertThat(who(net, "TCP4")).as(each[0]).isEqualTo(each[1]);
        assertThat(who(net, "UDP4")).as(each[0]).isEqualTo(each[1]);
        assertThat(net.guest("ping", "-c1", "-W2", SERVER).status()).as(each[0]).isZero();
      }
    }
  }

  @Test
  void theHostsLoopbackIsReachedAllTheSame() throws Exception {
    String serve =
        "socat -t 10 TCP4-LISTEN:8089,bind=127.0.0.1,reuseaddr,fork SYSTEM:'read x; echo here' &"
            + " socat -t 10 UDP4-LISTEN:8089,bind=127.0.0.1,reuseaddr,fork SYSTEM:'read x; echo here' & wait";
    Process local =
        new ProcessBuilder("ip", "netns", "exec", host, "sh", "-c", serve)
            .redirectErrorStream(true)
            .start();
    try (NatNamespace net =
        new NatNamespace(
            TestNetworks.nat("nat: {host-loopback: true, outbound: {interface: vb}}"),
            nic -> null,
            host)) {
      String wait =
          "for i in $(seq 50); do [ $(ip netns exec "
              + host
              + " ss -Hltun | grep -c :8089) = 2 ] && exit 0; sleep .1; done; exit 1";
      assertThat(NatNamespace.host("sh", "-c", wait).status()).isZero();
      int port = 7777;
      for (String outbound : new String[] {"{interface: vb}", "{address: 10.99.0.7}"}) {
        net.on(() -> {
          net.nat.configure(
              TestNetworks.nat("nat: {host-loopback: true, outbound: " + outbound + "}"));
          return net.nat.endFlows(flow -> true);
        });
        // One port of the guest's leads out and to the host, whichever is first.
        port++;
        assertThat(datagram(net, port, SERVER + ":8088")).isEqualTo(leavesFrom(outbound));
        assertThat(datagram(net, port, "192.168.127.1:8089")).as(outbound).isEqualTo("here");
        port++;
        assertThat(datagram(net, port, "192.168.127.1:8089")).as(outbound).isEqualTo("here");
        assertThat(datagram(net, port, SERVER + ":8088")).isEqualTo(leavesFrom(outbound));
        assertThat(
                net.guest("sh", "-c", "echo | socat -t 3 -T 3 - TCP4:192.168.127.1:8089 2>&1")
                    .output()
                    .strip())
            .as(outbound)
            .isEqualTo("here");
        assertThat(net.guest("ping", "-c1", "-W2", "192.168.127.1").status()).as(outbound).isZero();
      }
      assertThat(net.on(net.nat.udp()::mappings)).isEqualTo(4);
      net.on(() -> net.nat.endFlows(flow -> true));
      assertThat(net.on(net.nat.udp()::mappings)).isZero();
    } finally {
      local.descendants().forEach(ProcessHandle::destroy);
      local.destroy();
      local.waitFor(5, TimeUnit.SECONDS);
    }
  }

  private static String leavesFrom(String outbound) {
    return outbound.contains("vb") ? "10.98.0.1" : "10.99.0.7";
  }

  private static String datagram(NatNamespace net, int from, String to) throws Exception {
    String send = "echo | socat -t 3 -T 3 - UDP4:" + to + ",sourceport=" + from + " 2>&1";
    return net.guest("sh", "-c", send).output().strip();
  }

  private static void awaitProblem(NatNamespace net, String part) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    String problems;
    do {
      problems = net.on(() -> String.join("\n", net.nat.problems()));
    } while ((part.isEmpty() ? !problems.isEmpty() : !problems.contains(part))
        && System.nanoTime() < deadline);
    assertThat(problems).contains(part);
    if (part.isEmpty()) {
      assertThat(problems).isEmpty();
    }
  }

  @Test
  void whatIsMissingIsAProblemUntilItIsBack() throws Exception {
    LogWatch.expect("event=outbound-missing .*10.99.0.7 is no address of the host");
    LogWatch.expect("event=outbound-missing .*interface: vb is not there");
    LogWatch.expect("event=outbound-missing .*interface: vb is down");
    try (NatNamespace net =
        new NatNamespace(
            TestNetworks.nat("nat: {outbound: {address: 10.99.0.7, interface: va}}"),
            nic -> null,
            host)) {
      awaitProblem(net, "");
      NatNamespace.host("ip", "-n", host, "addr", "del", "10.99.0.7/24", "dev", "va");
      awaitProblem(
          net,
          "nat.outbound.address: 10.99.0.7 is no address of the host, so nothing leaves the network:"
              + " give it to an interface, or change the key");
      NatNamespace.host("ip", "-n", host, "addr", "add", "10.99.0.7/24", "dev", "va");
      awaitProblem(net, "");
      net.on(() -> {
        net.nat.configure(TestNetworks.nat("nat: {outbound: {interface: vb}}"));
        return true;
      });
      NatNamespace.host("ip", "-n", host, "link", "set", "vb", "down");
      awaitProblem(net, "nat.outbound.interface: vb is down");
      NatNamespace.host("ip", "-n", host, "link", "del", "vb");
      awaitProblem(net, "nat.outbound.interface: vb is not there");
      NatNamespace.host(
          "ip", "-n", host, "link", "add", "vb", "type", "veth", "peer", "name", "vc");
      NatNamespace.host("ip", "-n", host, "link", "set", "vb", "up");
      awaitProblem(net, "");
    }
  }

  private static long refused(NatNamespace net) throws Exception {
    return net.on(() -> net.nat.gateway().counters().get(GatewayCount.FLOW_RATE_LIMITED));
  }

  @Test
  void noMoreFlowsBeginThanThePortMayBegin() throws Exception {
    PortEgress ports = new PortEgress(UnaryOperator.identity());
    PortConfig limited =
        TestNetworks.nat(
                "ports: [{name: guest, kind: qemu-stream, path: g, limits: {new-flows: 3}}]")
            .ports()
            .getFirst();
    try (NatNamespace net = new NatNamespace(TestNetworks.nat(), nic -> null, host)) {
      net.on(() -> {
        net.nat.portRules(ports);
        ports.set("guest", limited.policy());
        return true;
      });
      String many =
          "for i in $(seq 20); do echo > /dev/udp/198.51.100.9/$((9000 + i)); done; exit 0";
      assertThat(net.guest("bash", "-c", many).status()).isZero();
      // The loop may come to them after the guest has sent them all.
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      while (refused(net) < 10 && System.nanoTime() < deadline) {
        Thread.onSpinWait();
      }
      assertThat(refused(net)).isBetween(10L, 17L);
      assertThat(who(net, "TCP4")).as("a SYN that is sent again").isEqualTo("10.99.0.1");
    }
  }
}
