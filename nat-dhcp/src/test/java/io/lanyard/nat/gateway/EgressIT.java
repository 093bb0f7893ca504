package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.ForwardConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.egress.PortEgress;
import io.lanyard.nat.flow.FlowRecord;
import io.lanyard.nat.station.Neighbours;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Subnet;
import io.lanyard.net.Transport;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import io.netty.channel.DefaultChannelId;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Where a guest gets, with a host and a router that are namespaces. The host serves TCP 8088 on all
 * its addresses; the router has another network's address and the metadata address. Needs root.
 */
class EgressIT {
  private static final String OWN = "10.99.0.1";
  private static final String OTHER = "192.168.60.130";
  private static final String METADATA = "169.254.169.254";
  private static final String ROUTER = "10.99.0.2";

  private final String host = "leh" + ProcessHandle.current().pid() % 100_000;
  private final String router = "ler" + ProcessHandle.current().pid() % 100_000;
  private Process own;
  private Process far;

  @BeforeAll
  static void letNettyFindAHardwareAddress() {
    // In the host's namespace of these tests it would warn that there is none.
    assertThat(DefaultChannelId.newInstance()).isNotNull();
  }

  @BeforeEach
  void makeTheWorld() throws Exception {
    String script =
        """
        set -e
        ip netns add H; ip netns add R
        ip link add vh netns H type veth peer name vr netns R
        ip -n H addr add 10.99.0.1/24 dev vh; ip -n H link set vh up; ip -n H link set lo up
        ip -n R addr add 10.99.0.2/24 dev vr; ip -n R link set vr up; ip -n R link set lo up
        ip -n R addr add 192.168.60.130/32 dev vr; ip -n R addr add 169.254.169.254/32 dev vr
        ip -n H route add default via 10.99.0.2
        ip netns exec H sysctl -qw net.ipv4.ping_group_range='0 2147483647'
        """
            .replace("H", host)
            .replace("R", router);
    NatNamespace.Result result = NatNamespace.host("sh", "-c", script);
    assertThat(result.status()).as(result.output()).isZero();
    own = serve(host);
    far = serve(router);
  }

  private static Process serve(String namespace) throws Exception {
    Process process =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                namespace,
                "socat",
                "TCP4-LISTEN:8088,reuseaddr,fork",
                "SYSTEM:echo served")
            .redirectErrorStream(true)
            .start();
    String wait =
        "for i in $(seq 600); do ip netns exec "
            + namespace
            + " ss -ltn | grep -q :8088 && exit 0; sleep .1; done; exit 1";
    assertThat(NatNamespace.host("sh", "-c", wait).status()).isZero();
    return process;
  }

  @AfterEach
  void deleteTheWorld() throws Exception {
    for (Process process : List.of(own, far)) {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
      process.waitFor(60, TimeUnit.SECONDS);
    }
    NatNamespace.host("ip", "netns", "del", host);
    NatNamespace.host("ip", "netns", "del", router);
  }

  /** A network beside another one, whose egress has some keys. */
  private NatNamespace network(String egress, ForwardConfig... forwards) throws Exception {
    NatNamespace net =
        new NatNamespace(
            TestNetworks.forwards(TestNetworks.nat("egress: {" + egress + "}"), forwards),
            nic -> null,
            host);
    net.shared.subnets().add(Subnet.parse("192.168.60.0/24"));
    return net;
  }

  private static String connect(NatNamespace net, String address) throws Exception {
    return net.guest("socat", "-T", "60", "-", "TCP4:" + address + ":8088,connect-timeout=60")
        .output();
  }

  private static String ping(NatNamespace net, String address) throws Exception {
    return net.guest("ping", "-c", "1", "-W", "60", address).output();
  }

  @Test
  void byDefaultTheHostItselfOtherNetworksAndMetadataAreDeniedAndTheWorldIsNot() throws Exception {
    try (NatNamespace net = network("")) {
      assertThat(connect(net, ROUTER)).contains("served");
      assertThat(ping(net, ROUTER)).contains(" 1 received");
      for (String address : List.of(OWN, OTHER, METADATA)) {
        assertThat(connect(net, address)).contains("No route to host");
        assertThat(ping(net, address)).doesNotContain(" 1 received");
      }
      assertThat(net.on(() -> net.nat.gateway().counters().get(GatewayCount.EGRESS_DENIED)))
          .isGreaterThanOrEqualTo(6);
      assertThat(net.on(() -> net.nat.listFlows()))
          .allMatch(flow -> flow.remote().address().toString().equals(ROUTER));
    }
  }

  @Test
  void aRuleOpensWhatItNamesAndNoMore() throws Exception {
    String rules =
        "rules: [{allow: '" + OWN + ":tcp/8088'}, {allow: 192.168.60.0/24}, {allow: '*'}]";
    try (NatNamespace net = network(rules)) {
      assertThat(connect(net, OWN)).contains("served");
      assertThat(ping(net, OWN)).doesNotContain(" 1 received");
      assertThat(connect(net, OTHER)).contains("served");
      assertThat(ping(net, OTHER)).contains(" 1 received");
      assertThat(connect(net, METADATA)).contains("No route to host");
    }
  }

  @Test
  void whoTakesAnothersAddressGoesByTheRulesOfItsOwnPortOnTheOthersFlowsToo() throws Exception {
    try (NatNamespace net = network("")) {
      var denied =
          TestNetworks.nat(
              "ports: [{name: p, kind: qemu-stream, path: p.sock, egress: {default: deny}}]");
      PortEgress ports = new PortEgress(UnaryOperator.identity());
      InMemoryPort thief = net.attach("thief");
      net.on(() -> {
        net.nat.portRules(ports);
        ports.set("thief", denied.ports().getFirst().policy());
        return true;
      });
      net.guest("sh", "-c", "echo data | socat - UDP4:10.99.0.9:9,bind=:20000");
      net.guest("busybox", "ping", "-c", "1", "-W", "2", ROUTER);
      Process talk = net.startGuest("socat", "-T", "600", "-", "TCP4:" + ROUTER + ":8088");
      assertThat(talk.inputReader().readLine()).isEqualTo("served");
      talk.destroyForcibly();
      net.on(() -> {
        steal(net, thief);
        assertThat(net.nat.gateway().counters().get(GatewayCount.FORGED_SOURCE))
            .isGreaterThanOrEqualTo(3);
        Neighbours neighbours = net.nat.gateway().stations().neighbours();
        neighbours.forget(
            Objects.requireNonNull(neighbours.get(Address.parse(NatNamespace.GUEST))));
        steal(net, thief); // which has the address now, as far as the gateway knows
        return true;
      });
      assertThat(net.on(() -> net.nat.gateway().counters().get(GatewayCount.EGRESS_DENIED)))
          .isGreaterThanOrEqualTo(3);
      net.on(() -> {
        thief.close();
        return true;
      });
    }
  }

  /** Sends a packet of each flow from its guest's address by another port: none goes that way. */
  private static void steal(NatNamespace net, InMemoryPort thief) {
    int from = Ipv4.parse(NatNamespace.GUEST);
    for (FlowRecord flow : net.nat.listFlows()) {
      int to = Ipv4.parse(flow.remote().address().toString());
      int port = flow.guest().port();
      byte[] frame =
          switch (flow.protocol()) {
            case "udp" -> TestNetwork.udp(from, to, port, 9, new byte[20]);
            case "tcp" -> TestNetwork.tcp(from, to, port, 8088, 1, 1, Tcp.ACK, new byte[20]);
            default ->
                TestNetwork.ipv4(
                    from, to, Ipv4.ICMP, 64, 7, 0, TestNetwork.icmp(8, port, new byte[20]));
          };
      ByteBuf spoofed = TestNetwork.frame(frame);
      long gateway = net.nat.gateway().addresses().mac();
      Ethernet.write(
          spoofed, spoofed.readerIndex() + 12, gateway, 0x5254_0000_0666L, Ethernet.TYPE_IPV4);
      long before = flow.packetsFromGuest();
      thief.send(spoofed);
      assertThat(net.nat.listFlows())
          .filteredOn(each -> each.id() == flow.id())
          .allMatch(each -> each.packetsFromGuest() == before, flow.protocol());
    }
  }

  @Test
  void whereTheDefaultDeniesOnlyRulesLeadOut() throws Exception {
    try (NatNamespace net = network("default: deny, rules: [{allow: '" + ROUTER + ":tcp'}]")) {
      assertThat(connect(net, ROUTER)).contains("served");
      assertThat(ping(net, ROUTER)).doesNotContain(" 1 received");
      assertThat(connect(net, "10.99.0.77")).contains("No route to host");
    }
  }

  @Test
  void anAddressThatBecomesTheHostsIsClosedAndItsFlowsEnd() throws Exception {
    try (NatNamespace net = network("")) {
      net.guest("sh", "-c", "echo x | socat - UDP4:10.99.0.9:9");
      assertThat(flowsTo(net, "10.99.0.9")).isEqualTo(1);
      assertThat(
              NatNamespace.host("ip", "-n", host, "addr", "add", "10.99.0.9/32", "dev", "vh")
                  .status())
          .isZero();
      long end = System.nanoTime() + 60_000_000_000L;
      while (flowsTo(net, "10.99.0.9") > 0 && System.nanoTime() < end) {
        LockSupport.parkNanos(1_000_000);
      }
      assertThat(flowsTo(net, "10.99.0.9")).isZero();
      assertThat(connect(net, "10.99.0.9")).contains("No route to host");
      assertThat(
              NatNamespace.host("ip", "-n", host, "addr", "del", "10.99.0.9/32", "dev", "vh")
                  .status())
          .isZero();
    }
  }

  @Test
  void aSubnetThatBecomesAnotherNetworksIsClosedAndItsFlowsEnd() throws Exception {
    Subnet subnet = Subnet.parse("10.99.0.0/24");
    try (NatNamespace net = network("")) {
      net.guest("sh", "-c", "echo x | socat - UDP4:" + ROUTER + ":9");
      assertThat(flowsTo(net, ROUTER)).isEqualTo(1);
      net.shared.subnets().add(subnet);
      assertThat(flowsTo(net, ROUTER)).isZero();
      assertThat(connect(net, ROUTER)).contains("No route to host");
      net.shared.subnets().remove(subnet);
      assertThat(connect(net, ROUTER)).contains("served");
    }
  }

  @Test
  void rulesThatComeWhileTheNetworkRunsEndWhatTheyForbidAndNoMore() throws Exception {
    try (NatNamespace net = network("")) {
      net.guest("sh", "-c", "echo x | socat - UDP4:" + ROUTER + ":9");
      net.guest("sh", "-c", "echo x | socat - UDP4:" + ROUTER + ":10");
      assertThat(flowsTo(net, ROUTER)).isEqualTo(2);
      NetworkConfig next = TestNetworks.nat("egress: {rules: [{deny: '" + ROUTER + ":udp/9'}]}");
      assertThat(net.on(() -> net.nat.endedBy(next, new PortEgress(port -> port))))
          .singleElement()
          .satisfies(flow -> assertThat(flow.remote().port()).isEqualTo(9));
      net.on(() -> {
        net.nat.configure(next);
        return true;
      });
      assertThat(net.on(() -> net.nat.listFlows()))
          .singleElement()
          .satisfies(flow -> assertThat(flow.remote().port()).isEqualTo(10));
      net.guest("sh", "-c", "echo x | socat - UDP4:" + ROUTER + ":9");
      assertThat(net.on(() -> net.nat.dump().toString())).contains("flows=1");
      net.on(() -> {
        net.nat.configure(
            TestNetworks.nat(
                "egress: {rules: [{allow: 10.98.0.0/16}, {deny: '" + ROUTER + ":udp/9'}]}"));
        return true;
      });
      // A rule that is still there goes on counting.
      assertThat(net.on(() -> net.nat.dump().toString())).contains("flows=1");
    }
  }

  /** Somebody of the host's own may bind the port next, and no guest may reach that. */
  @Test
  void aFlowThatAnotherGuestsMappingPermitsEndsWithTheMapping() throws Exception {
    try (NatNamespace net = network("")) {
      net.guest("sh", "-c", "echo x | socat - UDP4:" + ROUTER + ":9,sourceport=34567");
      assertThat(flowsTo(net, ROUTER)).isEqualTo(1);
      net.guest("sh", "-c", "echo x | socat - UDP4:" + OWN + ":34567,sourceport=40001");
      assertThat(flowsTo(net, OWN)).isEqualTo(1);
      Address router = Address.parse(ROUTER);
      net.on(() -> {
        net.nat.flows().endIf(flow -> flow.remote().equals(router));
        return true;
      });
      long end = System.nanoTime() + 60_000_000_000L;
      while (flowsTo(net, OWN) > 0 && System.nanoTime() < end) {
        LockSupport.parkNanos(1_000_000);
      }
      assertThat(flowsTo(net, OWN)).isZero();
    }
  }

  /** No device has such an address, and each reaches the host's services all the same. */
  @Test
  void whatALocalRouteDeliversIsTheHostsOwn() throws Exception {
    try (NatNamespace net = network("")) {
      route("add");
      long end = System.nanoTime() + 60_000_000_000L;
      String output = "";
      while (!output.contains("No route to host") && System.nanoTime() < end) {
        output = connect(net, "10.50.0.77");
      }
      assertThat(output).contains("No route to host").doesNotContain("served");
    } finally {
      route("del");
    }
  }

  private void route(String change) throws Exception {
    assertThat(
            NatNamespace.host(
                    "ip", "-n", host, "route", change, "local", "10.50.0.0/24", "dev", "lo")
                .status())
        .isZero();
  }

  @Test
  void aFlowThatIsLookedAtAgainCountsOnceForItsRule() throws Exception {
    try (NatNamespace net = network("rules: [{allow: " + ROUTER + "}]")) {
      net.guest("sh", "-c", "echo x | socat - UDP4:" + ROUTER + ":9");
      assertThat(flowsTo(net, ROUTER)).isEqualTo(1);
      for (int i = 0; i < 3; i++) {
        NatNamespace.host("ip", "-n", host, "addr", "add", "10.99.0.9/32", "dev", "vh");
        NatNamespace.host("ip", "-n", host, "addr", "del", "10.99.0.9/32", "dev", "vh");
      }
      assertThat(connect(net, "10.99.0.9")).doesNotContain("served");
      assertThat(net.on(() -> net.nat.dump().toString())).contains("flows=1");
    }
  }

  private static long flowsTo(NatNamespace net, String address) throws Exception {
    Address remote = Address.parse(address);
    return net.on(() ->
        net.nat.listFlows().stream()
            .filter(flow -> flow.remote().address().equals(remote))
            .count());
  }

  @Test
  void aForwardOnTheHostsAddressIsReachedByGuestsToo() throws Exception {
    ForwardConfig forward =
        TestNetwork.forward(
            Transport.TCP, new Endpoint(Address.ANY_IPV4, 8089), NatNamespace.GUEST, 80);
    try (NatNamespace net = network("", forward)) {
      Process server = net.startGuest("socat", "TCP4-LISTEN:80,reuseaddr,fork", "SYSTEM:echo hair");
      try {
        String wait = "for i in $(seq 600); do ss -ltn | grep -q :80 && exit; sleep .1; done";
        net.guest("sh", "-c", wait);
        assertThat(
                net.guest("socat", "-T", "60", "-", "TCP4:" + OWN + ":8089,connect-timeout=60")
                    .output())
            .contains("hair");
      } finally {
        server.destroy();
      }
    }
  }
}
