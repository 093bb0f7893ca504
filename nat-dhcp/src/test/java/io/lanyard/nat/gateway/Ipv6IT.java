package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.TestNetworks;
import io.netty.channel.DefaultChannelId;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A real Linux stack that configures itself, behind a gateway whose host has a router of its own.
 * Needs root.
 */
class Ipv6IT {
  private static final String PREFIX = "fd6c:616e:7961:8:";
  private static final String GATEWAY = PREFIX + ":2";
  private static final String ROUTER = "2001:db8:99::2";
  private static final String FAR = "2001:db8:33::9";

  private final String host = "lyh" + ProcessHandle.current().pid();
  private final String router = "lyr" + ProcessHandle.current().pid();
  private final String far = "lyf" + ProcessHandle.current().pid();

  private static NetworkConfig config(String... lines) {
    String[] all = new String[lines.length + 1];
    System.arraycopy(lines, 0, all, 0, lines.length);
    all[lines.length] = "ipv6: {subnet: \"" + PREFIX + ":/64\"}";
    return TestNetworks.nat(all);
  }

  /** Netty looks for the machine's identity once, and warns where a namespace has none. */
  @BeforeAll
  static void identity() {
    DefaultChannelId.newInstance();
  }

  /** A host, its router, and beyond a link of 1,280 bytes a third: nothing real is touched. */
  @BeforeEach
  void world() throws Exception {
    String script =
        """
        set -e
        ip netns add H; ip netns add R; ip netns add F
        for n in H R F; do
          ip netns exec $n sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
          ip -n $n link set lo up
        done
        ip link add vh netns H type veth peer name vr netns R
        ip -n H addr add 2001:db8:99::1/64 dev vh nodad; ip -n H link set vh up
        ip -n R addr add 2001:db8:99::2/64 dev vr nodad; ip -n R link set vr up
        ip -n H route add default via 2001:db8:99::2
        ip link add nr mtu 1280 netns R type veth peer name nf mtu 1280 netns F
        ip -n R addr add 2001:db8:33::1/64 dev nr nodad; ip -n R link set nr up
        ip -n F addr add 2001:db8:33::9/64 dev nf nodad; ip -n F link set nf up
        ip -n F route add default via 2001:db8:33::1
        ip netns exec R sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.icmp.ratelimit=0
        """
            .replace("H;", host + ";")
            .replace("R;", router + ";")
            .replace("in H R F;", "in " + host + " " + router + " " + far + ";")
            .replace("add F\n", "add " + far + "\n")
            .replace("-n H", "-n " + host)
            .replace("-n R", "-n " + router)
            .replace("-n F", "-n " + far)
            .replace("netns H", "netns " + host)
            .replace("netns R", "netns " + router)
            .replace("netns F", "netns " + far)
            .replace("exec R", "exec " + router);
    NatNamespace.Result result = NatNamespace.host("sh", "-c", script);
    assertThat(result.status()).as(result.output()).isZero();
  }

  @AfterEach
  void noWorld() throws Exception {
    for (String name : new String[] {host, router, far}) {
      NatNamespace.host("ip", "netns", "del", name);
    }
  }

  private NatNamespace network(NetworkConfig config) throws Exception {
    NatNamespace net = new NatNamespace(config, nic -> null, host);
    until(
        net,
        shown -> shown.contains("scope global") && !shown.contains("tentative"),
        "ip",
        "-6",
        "addr",
        "show",
        "dev",
        "t0");
    return net;
  }

  /** Asks again until the answer is as expected, at most a minute. */
  private static String until(NatNamespace net, Predicate<String> expected, String... command)
      throws Exception {
    long end = System.nanoTime() + 60_000_000_000L;
    while (true) {
      String shown = net.guest(command).output();
      if (expected.test(shown) || System.nanoTime() > end) {
        assertThat(expected.test(shown)).as(shown).isTrue();
        return shown;
      }
    }
  }

  @Test
  void theGuestConfiguresItselfAndReachesTheGatewayAndTheWorld() throws Exception {
    try (NatNamespace net = network(config())) {
      assertThat(net.guest("ip", "-6", "route").output())
          .contains("default via fe80::")
          .contains(PREFIX + ":/64 dev t0");
      until(net, shown -> shown.contains(" 2 received"), "ping", "-6", "-c", "2", GATEWAY);
      assertThat(net.guest("ping", "-6", "-c", "1", "-s", "20000", GATEWAY).output())
          .contains(" 1 received");
      assertThat(net.guest("ping", "-6", "-c", "1", "ff02::2%t0").output()).contains(" 1 received");
      assertThat(net.guest("ip", "-6", "neigh").output()).contains(" router REACHABLE");
    }
  }

  @Test
  void tcpCarriesAMegabyteBothWays() throws Exception {
    try (NatNamespace net = network(config())) {
      Process server =
          new ProcessBuilder(
                  "ip",
                  "netns",
                  "exec",
                  router,
                  "socat",
                  "-t",
                  "60",
                  "TCP6-LISTEN:7001,reuseaddr,fork",
                  "EXEC:cat")
              .start();
      try {
        String transfer =
            "head -c 1000000 /dev/urandom > /tmp/lyn6-in;"
                + " socat -t 60 - TCP6:["
                + ROUTER
                + "]:7001,retry=30,interval=0.1 < /tmp/lyn6-in > /tmp/lyn6-out;"
                + " cmp /tmp/lyn6-in /tmp/lyn6-out && echo same";
        assertThat(net.guest("sh", "-c", transfer).output()).contains("same");
        assertThat(net.guest("socat", "-u", "/dev/null", "TCP6:[" + ROUTER + "]:9").output())
            .contains("Connection refused");
        assertThat(net.guest("socat", "-u", "/dev/null", "TCP6:[2001:db8:33::77]:9").output())
            .contains("No route to host");
      } finally {
        server.destroy();
      }
    }
  }

  @Test
  void udpComesBackAlsoInFragmentsAndOverANarrowLink() throws Exception {
    try (NatNamespace net = network(config())) {
      for (String target : new String[] {ROUTER, FAR}) {
        Process server =
            new ProcessBuilder(
                    "ip",
                    "netns",
                    "exec",
                    target.equals(FAR) ? far : router,
                    "socat",
                    "-b",
                    "9000",
                    "UDP6-LISTEN:7002,reuseaddr,fork",
                    "EXEC:cat")
                .start();
        try {
          String transfer =
              "head -c 9000 /dev/urandom > /tmp/lyn6-in; for i in 1 2 3 4 5 6 7 8; do"
                  + " socat -b 9000 -t 1 - UDP6:["
                  + target
                  + "]:7002 < /tmp/lyn6-in > /tmp/lyn6-out;"
                  + " cmp -s /tmp/lyn6-in /tmp/lyn6-out && echo same && break; done";
          assertThat(net.guest("sh", "-c", transfer).output()).as(target).contains("same");
        } finally {
          server.destroy();
        }
      }
    }
  }

  @Test
  void theHostsOwnAddressesAndMetadataAndOtherNetworksAreDenied() throws Exception {
    try (NatNamespace net = network(config())) {
      net.shared.subnets().add(io.lanyard.net.Subnet.parse("2001:db8:33::/64"));
      for (String denied : new String[] {"2001:db8:99::1", "fd00:ec2::254", FAR}) {
        assertThat(net.guest("ping", "-6", "-c", "1", "-W", "1", denied).output())
            .as(denied)
            .contains("Administratively prohibited");
      }
      for (String nowhere : new String[] {"::1", "::127.0.0.1", "ff05::1", "fe80::1%t0"}) {
        assertThat(net.guest("ping", "-6", "-c", "1", "-W", "1", "-I", "t0", nowhere).output())
            .as(nowhere)
            .doesNotContain(" 1 received");
      }
    }
  }

  /** A translator of the host's network would lead there. */
  @Test
  void whatIpv4RulesForbidIsNotReachedByTranslation() throws Exception {
    String egress = "egress: {rules: [{deny: 10.0.0.0/8}, {deny: \"[2001:db8:33::/64]:icmp\"}]}";
    try (NatNamespace net = network(config(egress))) {
      for (String denied :
          new String[] {"64:ff9b::10.1.2.3", "64:ff9b::169.254.169.254", "2002:7f00:1::1", FAR}) {
        assertThat(net.guest("ping", "-6", "-c", "1", "-W", "1", denied).output())
            .as(denied)
            .contains("Administratively prohibited");
      }
      assertThat(net.guest("ping", "-6", "-c", "1", ROUTER).output()).contains(" 1 received");
    }
  }

  @Test
  void anAddressOfTheGatewaysIsDefended() throws Exception {
    try (NatNamespace net = network(config())) {
      net.guest("sysctl", "-qw", "net.ipv6.conf.t0.accept_dad=1");
      net.guest("ip", "addr", "add", GATEWAY + "/64", "dev", "t0");
      until(net, shown -> shown.contains("dadfailed"), "ip", "-6", "addr", "show", "dev", "t0");
    }
  }

  @Test
  void theEndOfTheNetworkIsTold() throws Exception {
    try (NatNamespace net = network(config())) {
      net.on(() -> {
        net.nat.close();
        return true;
      });
      until(net, shown -> !shown.contains("default"), "ip", "-6", "route");
      until(net, shown -> shown.contains("deprecated"), "ip", "-6", "addr", "show", "dev", "t0");
    }
  }

  /** From IPv4 and IPv6 clients to a guest's IPv6 address, over TCP and UDP. */
  @Test
  void forwardsLeadToAGuestsIpv6AddressFromBothFamilies() throws Exception {
    String guest = PREFIX + ":100";
    NetworkConfig config =
        config(
            """
            forwards:
              - {protocol: tcp, listen: "[::]:7010", to: "[%1$s]:7011"}
              - {protocol: udp, listen: "[::]:7010", to: "[%1$s]:7011"}
            """
                .formatted(guest)
                .stripTrailing());
    NatNamespace.host("ip", "-n", host, "addr", "add", "10.99.0.1/24", "dev", "vh");
    NatNamespace.host("ip", "-n", router, "addr", "add", "10.99.0.2/24", "dev", "vr");
    try (NatNamespace net = network(config)) {
      net.guest("ip", "addr", "add", guest + "/64", "dev", "t0", "nodad");
      Process tcp = net.startGuest("socat", "-t", "60", "TCP6-LISTEN:7011,fork", "EXEC:cat");
      Process udp = net.startGuest("socat", "UDP6-LISTEN:7011,fork", "EXEC:cat");
      try {
        for (String to : new String[] {"4:10.99.0.1", "6:[2001:db8:99::1]"}) {
          for (String protocol : new String[] {"TCP", "UDP"}) {
            String command =
                "for i in 1 2 3 4 5; do r=$(echo over | timeout 2 socat -t 1 - "
                    + protocol
                    + to
                    + ":7010); [ -n \"$r\" ] && echo $r && break; done";
            assertThat(
                    NatNamespace.host("ip", "netns", "exec", router, "sh", "-c", command).output())
                .as(protocol + to)
                .contains("over");
          }
        }
      } finally {
        tcp.destroy();
        udp.destroy();
      }
    }
  }
}
