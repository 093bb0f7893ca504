package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.PortConfig;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.egress.PortEgress;
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
