package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.TestNetworks;
import io.lanyard.testing.Await;
import io.netty.channel.DefaultChannelId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Echo, errors, traces and path MTUs of a real Linux stack, each in both families: the guest is
 * behind a gateway whose host has a router, and beyond that a narrow link. Needs root, and the
 * packages busybox, iputils-ping, iputils-tracepath, mtr-tiny, perl and socat.
 */
class IcmpIT {
  /** The addresses of one family. */
  enum Family {
    IPV4("192.168.127.2", "10.99.0.", "10.99.9.9", "10.99.3.9", "10.98.0.1"),
    IPV6(
        "fd6c:616e:7961:8::2", "2001:db8:99::", "2001:db8:9::9", "2001:db8:3::9", "2001:db8:98::1");

    final String gateway;
    final String host;
    final String router;

    /** An address next to the host's that nobody has. */
    final String nobody;

    /** A host beyond a link of 1,280 bytes. */
    final String narrow;

    /** An address to which the router sends packets back where they come from. */
    final String loop;

    /** An address to which the router knows no way. */
    final String nowhere;

    Family(String gateway, String link, String narrow, String loop, String nowhere) {
      this.gateway = gateway;
      host = link + 1;
      router = link + 2;
      nobody = link + 77;
      this.narrow = narrow;
      this.loop = loop;
      this.nowhere = nowhere;
    }

    /** The option by which programs are told the family. */
    String option() {
      return this == IPV4 ? "-4" : "-6";
    }

    String socat(String kind, String address, int port) {
      return this == IPV4
          ? "%s4:%s:%d".formatted(kind, address, port)
          : "%s6:[%s]:%d".formatted(kind, address, port);
    }
  }

  private final String host = "lch" + ProcessHandle.current().pid();
  private final String router = "lcr" + ProcessHandle.current().pid();
  private final String far = "lcf" + ProcessHandle.current().pid();

  /** Netty looks for the machine's identity once, and warns where a namespace has none. */
  @BeforeAll
  static void identity() {
    assertThat(DefaultChannelId.newInstance()).isNotNull();
  }

  /** A host, its router, and beyond a link of 1,280 bytes a third: nothing real is touched. */
  @BeforeEach
  void world() throws Exception {
    run(
        """
        set -e
        for n in HOST ROUTER FAR; do
          ip netns add $n
          ip netns exec $n sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
          ip -n $n link set lo up
        done
        ip link add vh netns HOST type veth peer name vr netns ROUTER
        ip link add narrow mtu 1280 netns ROUTER type veth peer name far0 mtu 1280 netns FAR
        ip -n HOST addr add 10.99.0.1/24 dev vh; ip -n HOST addr add 2001:db8:99::1/64 dev vh nodad
        ip -n ROUTER addr add 10.99.0.2/24 dev vr; ip -n ROUTER addr add 2001:db8:99::2/64 dev vr nodad
        ip -n ROUTER addr add 10.99.9.1/24 dev narrow; ip -n ROUTER addr add 2001:db8:9::1/64 dev narrow nodad
        ip -n FAR addr add 10.99.9.9/24 dev far0; ip -n FAR addr add 2001:db8:9::9/64 dev far0 nodad
        ip -n HOST link set vh up; ip -n ROUTER link set vr up
        ip -n ROUTER link set narrow up; ip -n FAR link set far0 up
        ip -n HOST route add default via 10.99.0.2; ip -n HOST route add default via 2001:db8:99::2
        ip -n FAR route add default via 10.99.9.1; ip -n FAR route add default via 2001:db8:9::1
        ip -n ROUTER route add 10.99.3.0/24 via 10.99.0.1
        ip -n ROUTER route add 2001:db8:3::/64 via 2001:db8:99::1
        ip netns exec ROUTER sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
          net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
        """);
  }

  private void run(String script) throws Exception {
    NatNamespace.Result result =
        NatNamespace.host(
            "sh", "-c", script.replace("HOST", host).replace("ROUTER", router).replace("FAR", far));
    assertThat(result.status()).as(result.output()).isZero();
  }

  @AfterEach
  void noWorld() throws Exception {
    for (String name : List.of(host, router, far)) {
      NatNamespace.host("ip", "netns", "del", name);
    }
  }

  /** A network of both families whose guest has taken its IPv6 address. */
  private NatNamespace network(String... lines) throws Exception {
    String[] all = new String[lines.length + 1];
    System.arraycopy(lines, 0, all, 0, lines.length);
    all[lines.length] = "ipv6: {subnet: \"fd6c:616e:7961:8::/64\"}";
    NetworkConfig config = TestNetworks.nat(all);
    NatNamespace net = new NatNamespace(config, nic -> null, host);
    String wait =
        "for i in $(seq 600); do ip -6 addr show dev t0 scope global | grep -q inet6"
            + " && ! ip -6 addr show dev t0 | grep -q tentative && exit 0; sleep .1; done; exit 1";
    assertThat(net.guest("sh", "-c", wait).status()).isZero();
    return net;
  }

  private static String ping(NatNamespace net, Family family, String... words) throws Exception {
    String[] all = new String[words.length + 6];
    System.arraycopy(
        new String[] {"ping", family.option(), "-n", "-i", "0.2", "-W60"}, 0, all, 0, 6);
    System.arraycopy(words, 0, all, 6, words.length);
    return net.guest(all).output();
  }

  private void pingGroups(String groups) throws Exception {
    run("ip netns exec HOST sysctl -qw net.ipv4.ping_group_range='" + groups + "'");
  }

  /** Everybody may have a socket for ping; nobody may, which leaves root its raw sockets. */
  @ParameterizedTest
  @CsvSource({
    "IPV4, 0 2147483647",
    "IPV4, 1 0",
    "IPV6, 0 2147483647",
    "IPV6, 1 0",
  })
  void echoesAndErrorsAboutThemComeBack(Family family, String groups) throws Exception {
    pingGroups(groups);
    boolean ipv4 = family == Family.IPV4;
    try (NatNamespace net = network()) {
      Await.until(() -> ping(net, family, "-c2", family.gateway).contains(" 2 received"));
      assertThat(ping(net, family, "-c1", "-s20000", family.gateway)).contains(" 1 received");
      Await.until(() -> ping(net, family, "-c2", family.router).contains(" 2 received"));
      assertThat(ping(net, family, "-c1", "-s9000", family.router)).contains(" 1 received");
      assertThat(ping(net, family, "-c1", "-t1", family.loop))
          .containsIgnoringCase("From " + family.gateway)
          .containsIgnoringCase(ipv4 ? "Time to live exceeded" : "Time exceeded: Hop limit");
      assertThat(ping(net, family, "-c1", "-t2", family.loop))
          .containsIgnoringCase("From " + family.router)
          .containsIgnoringCase(ipv4 ? "Time to live exceeded" : "Time exceeded: Hop limit");
      assertThat(ping(net, family, "-c1", family.nobody))
          .contains(ipv4 ? "Destination Host Unreachable" : "Address unreachable");
      assertThat(ping(net, family, "-c1", family.nowhere))
          .contains(ipv4 ? "Destination Net Unreachable" : "No route");
    }
  }

  /**
   * By UDP and by echo, with the programs that people have. Each hop is asked three times: the
   * first question may end while a neighbour is being looked for.
   */
  @ParameterizedTest
  @EnumSource
  void tracesShowTheGatewayAndTheRoutersBeyond(Family family) throws Exception {
    String program = family == Family.IPV4 ? "traceroute" : "traceroute6";
    String first = "1[.:|?-]*[ -]+" + family.gateway + "\\b";
    String second = "2[.:|?-]*[ -]+" + family.router + "\\b";
    try (NatNamespace net = network()) {
      for (String kind : List.of("-n", "-nI")) {
        if (family == Family.IPV6 && kind.equals("-nI")) {
          continue; // busybox has none of these
        }
        String[] command = {"busybox", program, kind, "-q1", "-w2", "-m2", family.loop};
        awaitTrace(() -> net.guest(command).output(), first, second);
      }
      for (String kind : List.of("--icmp", "--udp")) {
        String[] mtr = {
          "mtr", family.option(), "-nrc3", "-i0.3", "-G1", "-m3", "-Z2", kind, family.narrow
        };
        List<String> command = new ArrayList<>(List.of(mtr));
        command.remove("--icmp"); // the default, which has no option
        awaitTrace(
            () -> net.guest(command.toArray(String[]::new)).output(),
            first,
            second,
            "3[.|-]+ +" + family.narrow + "\\b");
      }
      awaitTrace(
          () -> net.guest("tracepath", family.option(), "-n", "-m4", family.narrow).output(),
          first,
          second,
          "pmtu 1280",
          "reached");
    }
  }

  /**
   * Traces until all is seen: a trace leaves out who stands still for seconds, as the whole host
   * may.
   *
   * @return the trace that has it all
   */
  private static String awaitTrace(Callable<String> trace, String... patterns) {
    AtomicReference<String> last = new AtomicReference<>("");
    Await.until(
        last::get,
        () -> {
          last.set(trace.call());
          return Stream.of(patterns)
              .allMatch(pattern -> Pattern.compile(pattern).matcher(last.get()).find());
        });
    return last.get();
  }

  /** The world sees the host, and behind it nobody: that is what a forward looks like. */
  @ParameterizedTest
  @EnumSource
  void aTraceToAForwardEndsAtTheHost(Family family) throws Exception {
    boolean ipv4 = family == Family.IPV4;
    String guest = ipv4 ? NatNamespace.GUEST : "[fd6c:616e:7961:8::100]";
    String at = ipv4 ? family.host : "[" + family.host + "]";
    String forward =
        """
        forwards:
          - {protocol: tcp, listen: "%s:7010", to: "%s:7011"}
        """
            .formatted(at, guest)
            .stripTrailing();
    try (NatNamespace net = network(forward)) {
      net.guest("ip", "addr", "add", "fd6c:616e:7961:8::100/64", "dev", "t0", "nodad");
      Process server =
          net.startGuest("socat", (ipv4 ? "TCP4" : "TCP6") + "-LISTEN:7011,fork", "EXEC:cat");
      try {
        String command =
            "ip netns exec %s mtr %s -nrc3 -i0.3 -G1 -m4 -Z2 -T -P7010 %s"
                .formatted(far, family.option(), family.host);
        String seen =
            awaitTrace(
                () -> NatNamespace.host(command.split(" ", -1)).output(),
                "1[.|-]+ +" + (ipv4 ? "10.99.9.1" : "2001:db8:9::1") + "\\b",
                "2[.|-]+ +" + family.host + "\\b");
        assertThat(seen).doesNotContainPattern("(?m)^ *3[.|-]+ +");
      } finally {
        end(server);
      }
    }
  }

  private static void end(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().onExit().join();
  }

  /** A link of 1,280 bytes: the host's own, or the router's, of which the host hears by ICMP. */
  @ParameterizedTest
  @CsvSource({"IPV4, true", "IPV4, false", "IPV6, true", "IPV6, false"})
  void theGuestLearnsTheMtuOfThePath(Family family, boolean hostsOwn) throws Exception {
    pingGroups("0 2147483647");
    if (hostsOwn) {
      run("ip -n HOST link set vh mtu 1280; ip -n ROUTER link set vr mtu 1280");
    }
    String target = hostsOwn ? family.router : family.narrow;
    try (NatNamespace net = network()) {
      for (String kind :
          List.of("SOCK_DGRAM, 17", "SOCK_RAW, " + (family == Family.IPV4 ? 1 : 58))) {
        NatNamespace.Result told =
            net.guest("perl", "-MSocket=:all", "-e", sendUntilTold(family, kind, target));
        assertThat(told.output()).as(kind).isEqualTo("1280");
        net.guest("ip", family.option(), "route", "flush", "cache");
      }
      assertThat(ping(net, family, "-c1", "-s3000", target)).contains(" 1 received");
      net.guest("ip", family.option(), "route", "flush", "cache");
      assertThat(ping(net, family, "-c3", "-Mdo", "-s1400", target))
          .containsPattern(family == Family.IPV4 ? "mtu ?= ?1280" : "mtu: ?1280|mtu=1280");
    }
  }

  /** Sends 1400 bytes that must not be fragmented, a ping's or a datagram's, until that fails. */
  private static String sendUntilTold(Family family, String kind, String target) {
    boolean ipv4 = family == Family.IPV4;
    // Of IPv4 IP_MTU_DISCOVER and IP_MTU, of IPv6 their counterparts; 2 is PMTUDISC_DO.
    return """
    socket(my $s, %s, %s) or die "socket: $!";
    setsockopt($s, %d, %d, pack('i', 2)) or die;
    connect($s, %s) or die "connect: $!";
    my $body = 'x' x 1392;
    my $echo = pack('CCnnn', %d, 0, 0, 77, 1) . $body;
    my $sum = 0;
    $sum += $_ for unpack('n*', $echo);
    $sum = ($sum & 0xffff) + ($sum >> 16) for 1 .. 2;
    substr($echo, 2, 2) = pack('n', ~$sum & 0xffff); # of ICMPv6 the kernel computes it
    my $mtu = 1500;
    for (1 .. 50) {
      send($s, $echo, 0);
      select(undef, undef, undef, 0.1);
      $mtu = unpack('i', getsockopt($s, %d, %d));
      last if $mtu < 1500;
    }
    print $mtu;
    """
        .formatted(
            ipv4 ? "PF_INET" : "PF_INET6",
            kind,
            ipv4 ? 0 : 41,
            ipv4 ? 10 : 23,
            (ipv4
                    ? "pack_sockaddr_in(%d, inet_aton('%s'))"
                    : "pack_sockaddr_in6(%d, inet_pton(AF_INET6, '%s'))")
                .formatted(kind.startsWith("SOCK_RAW") ? 0 : 7000, target),
            ipv4 ? 8 : 128,
            ipv4 ? 0 : 41,
            ipv4 ? 14 : 24);
  }

  @ParameterizedTest
  @EnumSource
  void aClosedPortANetworkWithoutARouteAndAHostThatIsNotThereAreToldApart(Family family)
      throws Exception {
    try (NatNamespace net = network()) {
      assertThat(connect(net, family, family.router)).contains("Connection refused");
      String twice = "(echo a; sleep 0.3; echo b; sleep 0.3) | socat -t 60 - ";
      assertThat(net.guest("sh", "-c", twice + family.socat("UDP", family.router, 9)).output())
          .contains("Connection refused");
      // The router has no route; nobody has the address; the host itself has no route.
      assertThat(connect(net, family, family.nowhere)).contains("Network is unreachable");
      assertThat(connect(net, family, family.nobody)).contains("No route to host");
      run("ip -n HOST " + family.option() + " route del default");
      assertThat(connect(net, family, family.narrow)).contains("Network is unreachable");
    }
  }

  private static String connect(NatNamespace net, Family family, String address) throws Exception {
    return net.guest("socat", "-u", "/dev/null", family.socat("TCP", address, 9)).output();
  }
}
