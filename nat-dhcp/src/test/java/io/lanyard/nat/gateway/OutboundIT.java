package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.egress.PortEgress;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import io.netty.channel.DefaultChannelId;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
        for n in H F; do ip netns exec $n sysctl -qw net.ipv6.conf.default.accept_dad=0; done
        ip link add va netns H type veth peer name va netns F
        ip link add vb netns H type veth peer name vb netns F
        ip -n H addr add 10.99.0.1/24 dev va; ip -n H addr add 10.99.0.7/24 dev va
        ip -n H addr add 10.98.0.1/24 dev vb
        ip -n F addr add 10.99.0.2/24 dev va; ip -n F addr add 10.98.0.2/24 dev vb
        ip -n F addr add 198.51.100.9/32 dev lo; ip -n F addr add 2001:db8:33::9/128 dev lo
        ip -n H addr add 2001:db8:99::1/64 dev va nodad
        ip -n H addr add 2001:db8:99::7/64 dev va nodad preferred_lft 0
        ip -n H addr add 2001:db8:98::1/64 dev vb nodad
        ip -n F addr add 2001:db8:99::2/64 dev va nodad
        ip -n F addr add 2001:db8:98::2/64 dev vb nodad
        for d in lo va vb; do ip -n H link set $d up; ip -n F link set $d up; done
        ip -n H route add default via 2001:db8:99::2
        ip -n H route add default via 2001:db8:98::2 metric 2048
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
        "socat -t 60 TCP4-LISTEN:8088,reuseaddr,fork SYSTEM:'read x; echo $SOCAT_PEERADDR' & socat"
            + " -t 60 UDP4-LISTEN:8088,bind=198.51.100.9,reuseaddr,fork SYSTEM:'read x; echo"
            + " $SOCAT_PEERADDR' & socat -t 60 TCP6-LISTEN:8088,ipv6only=1,reuseaddr,fork"
            + " SYSTEM:'read x; echo $SOCAT_PEERADDR' & socat -t 60"
            + " UDP6-LISTEN:8088,bind=[2001:db8:33::9],reuseaddr,fork SYSTEM:'read x; echo"
            + " $SOCAT_PEERADDR' & wait";
    served =
        new ProcessBuilder("ip", "netns", "exec", far, "sh", "-c", serve)
            .redirectErrorStream(true)
            .start();
    String wait =
        "for i in $(seq 600); do [ $(ip netns exec "
            + far
            + " ss -Hltun | grep -c :8088) = 4 ] && exit 0; sleep .1; done; exit 1";
    assertThat(NatNamespace.host("sh", "-c", wait).status()).isZero();
  }

  @AfterEach
  void deleteTheWorld() throws Exception {
    served.descendants().forEach(ProcessHandle::destroy);
    served.destroy();
    served.waitFor(60, TimeUnit.SECONDS);
    NatNamespace.host("ip", "netns", "del", host);
    NatNamespace.host("ip", "netns", "del", far);
  }

  /** A family, with its addresses of this world. */
  enum Family {
    IPV4("", SERVER, "10.99.0.1", "{address: 10.99.0.7}", "10.99.0.7", "10.98.0.1"),
    IPV6(
        "ipv6: {subnet: \"fd6c:616e:7961:8::/64\"}",
        "2001:db8:33::9",
        "2001:db8:99::1",
        "{ipv6-address: \"2001:db8:99::7\"}",
        "2001:db8:99::7",
        "2001:db8:98::1");

    private final String key;
    private final String server;

    /** The host's own choice. */
    private final String usual;

    private final String bound;
    private final String boundAddress;
    private final String ofInterface;

    Family(
        String key,
        String server,
        String usual,
        String bound,
        String boundAddress,
        String ofInterface) {
      this.key = key;
      this.server = server;
      this.usual = usual;
      this.bound = bound;
      this.boundAddress = boundAddress;
      this.ofInterface = ofInterface;
    }

    NetworkConfig network(String nat) {
      return TestNetworks.nat(key, "nat: {" + nat + "}");
    }

    /** With a guest that has an address of the family. */
    NatNamespace start(String host) throws Exception {
      NatNamespace net = new NatNamespace(network(""), nic -> null, host);
      String wait =
          "for i in $(seq 600); do ip -6 addr show dev t0 scope global | grep -q inet6 && ! ip -6"
              + " addr show dev t0 | grep -q tentative && exit 0; sleep .1; done; exit 1";
      assertThat(this == IPV4 || net.guest("sh", "-c", wait).status() == 0).isTrue();
      return net;
    }

    /** Whether a ping of the guest's is answered, where the server answers one address alone. */
    boolean pings(NatNamespace net, String far, String source) throws Exception {
      for (String other : List.of(usual, boundAddress, ofInterface)) {
        String change = other.equals(source) ? "del" : "replace";
        NatNamespace.host("ip", "-n", far, "route", change, "blackhole", other);
      }
      boolean answered = net.guest("ping", "-c1", "-W60", server).status() == 0;
      for (String other : List.of(usual, boundAddress, ofInterface)) {
        NatNamespace.host("ip", "-n", far, "route", "del", "blackhole", other);
      }
      return answered;
    }

    /** By which address the server sees the guest. */
    String who(NatNamespace net, String protocol) throws Exception {
      String to = this == IPV4 ? "4:" + server : "6:[" + server + "]";
      String shown =
          net.guest("sh", "-c", NatNamespace.ask("who", "%s%s:8088".formatted(protocol, to)))
              .output()
              .strip();
      return shown.matches("\\[[0-9a-f:]+\\]")
          ? Address.parse(shown.substring(1, shown.length() - 1)).toString()
          : shown;
    }
  }

  @ParameterizedTest
  @EnumSource
  void flowsLeaveFromTheAddressAndByTheInterfaceThatTheNetworkSays(Family family) throws Exception {
    try (NatNamespace net = family.start(host)) {
      assertThat(family.who(net, "TCP")).isEqualTo(family.usual);
      Map<String, String> expected =
          Map.of(family.bound, family.boundAddress, "{interface: vb}", family.ofInterface);
      for (Map.Entry<String, String> each : expected.entrySet()) {
        String outbound = each.getKey();
        net.on(() -> {
          net.nat.configure(family.network("outbound: " + outbound));
          return true;
        });
        assertThat(family.who(net, "TCP")).as(outbound).isEqualTo(each.getValue());
        assertThat(family.who(net, "UDP")).as(outbound).isEqualTo(each.getValue());
        assertThat(family.pings(net, far, each.getValue())).as(outbound).isTrue();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void pingsLeaveSoToWhereTheHostPermitsThemToTheDaemonAlone(Family family) throws Exception {
    String permit = "sysctl -qw net.ipv4.ping_group_range='1 0'";
    assertThat(NatNamespace.host("ip", "netns", "exec", host, "sh", "-c", permit).status())
        .isZero();
    try (NatNamespace net = family.start(host)) {
      assertThat(family.pings(net, far, family.usual)).isTrue();
      net.on(() -> {
        net.nat.configure(family.network("outbound: " + family.bound));
        return true;
      });
      assertThat(family.pings(net, far, family.boundAddress)).isTrue();
      net.on(() -> {
        net.nat.configure(family.network("outbound: {interface: vb}"));
        return true;
      });
      assertThat(family.pings(net, far, family.ofInterface)).isTrue();
    }
  }

  @Test
  void theHostsLoopbackIsReachedAllTheSame() throws Exception {
    String serve =
        "socat -t 60 TCP4-LISTEN:8089,bind=127.0.0.1,reuseaddr,fork SYSTEM:'read x; echo here' &"
            + " socat -t 60 UDP4-LISTEN:8089,bind=127.0.0.1,reuseaddr,fork SYSTEM:'read x; echo"
            + " here' & wait";
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
          "for i in $(seq 600); do [ $(ip netns exec "
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
                net.guest("sh", "-c", NatNamespace.ask("who", "TCP4:192.168.127.1:8089"))
                    .output()
                    .strip())
            .as(outbound)
            .isEqualTo("here");
        assertThat(net.guest("ping", "-c1", "-W60", "192.168.127.1").status())
            .as(outbound)
            .isZero();
      }
      assertThat(net.on(net.nat.udp()::mappings)).isEqualTo(4);
      net.on(() -> net.nat.endFlows(flow -> true));
      assertThat(net.on(net.nat.udp()::mappings)).isZero();
    } finally {
      local.descendants().forEach(ProcessHandle::destroy);
      local.destroy();
      local.waitFor(60, TimeUnit.SECONDS);
    }
  }

  private static String leavesFrom(String outbound) {
    return outbound.contains("vb") ? "10.98.0.1" : "10.99.0.7";
  }

  private static String datagram(NatNamespace net, int from, String to) throws Exception {
    String send = NatNamespace.ask("who", "UDP4:" + to + ",sourceport=" + from);
    return net.guest("sh", "-c", send).output().strip();
  }

  private static void awaitProblem(NatNamespace net, String part) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
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
          "nat.outbound.address: 10.99.0.7 is no address of the host, so nothing leaves the"
              + " network: give it to an interface, or change the key");
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

  private static List<String> flows(NatNamespace net) throws Exception {
    return net.on(
        () -> net.nat.listFlows().stream().map(flow -> flow.id() + " " + flow.protocol()).toList());
  }

  @ParameterizedTest
  @EnumSource
  void whatIsBoundToAnAddressThatTheHostLosesEnds(Family family) throws Exception {
    String lost = family.boundAddress;
    LogWatch.expect("event=outbound-missing .*" + lost + " is no address of the host");
    try (NatNamespace net = family.start(host)) {
      assertThat(family.who(net, "UDP")).isEqualTo(family.usual);
      List<String> free = flows(net);
      assertThat(free).as("a flow by any address").hasSize(1);
      net.on(() -> {
        net.nat.configure(family.network("outbound: " + family.bound));
        return true;
      });
      assertThat(family.who(net, "UDP")).isEqualTo(lost);
      assertThat(family.pings(net, far, lost)).isTrue();
      assertThat(flows(net)).as("with a datagram's and a ping's").hasSize(3).containsAll(free);
      String length = family == Family.IPV4 ? "/24" : "/64";
      NatNamespace.host("ip", "-n", host, "addr", "del", lost + length, "dev", "va");
      awaitProblem(net, lost + " is no address of the host");
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (flows(net).size() > 1 && System.nanoTime() < deadline) {
        LockSupport.parkNanos(10_000_000);
      }
      assertThat(flows(net)).isEqualTo(free);
      NatNamespace.host("ip", "-n", host, "addr", "add", lost + length, "dev", "va", "nodad");
      awaitProblem(net, "");
      assertThat(family.who(net, "UDP")).isEqualTo(lost);
    }
  }

  private static long refused(NatNamespace net) throws Exception {
    return net.on(() -> net.nat.gateway().counters().get(GatewayCount.FLOW_RATE_LIMITED));
  }

  @ParameterizedTest
  @EnumSource
  void noMoreFlowsBeginThanThePortMayBegin(Family family) throws Exception {
    PortEgress ports = new PortEgress(UnaryOperator.identity());
    PortConfig limited =
        TestNetworks.nat(
                "ports: [{name: guest, kind: qemu-stream, path: g, limits: {new-flows: 3}}]")
            .ports()
            .getFirst();
    try (NatNamespace net = family.start(host)) {
      net.on(() -> {
        net.nat.portRules(ports);
        ports.set("guest", limited.policy());
        return true;
      });
      String many =
          "for i in $(seq 20); do echo > /dev/udp/"
              + family.server
              + "/$((9000 + i)); done; exit 0";
      assertThat(net.guest("bash", "-c", many).status()).isZero();
      // The loop may come to them after the guest has sent them all.
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (refused(net) < 10 && System.nanoTime() < deadline) {
        LockSupport.parkNanos(1_000_000);
      }
      assertThat(refused(net)).isBetween(10L, 17L);
      assertThat(family.who(net, "TCP")).as("a SYN that is sent again").isEqualTo(family.usual);
    }
  }
}
