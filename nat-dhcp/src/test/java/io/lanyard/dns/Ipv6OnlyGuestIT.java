package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.NetworkConfig;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.gateway.NatNamespace;
import io.netty.channel.DefaultChannelId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * A Linux guest that has IPv6 alone, behind a gateway whose host has a world of IPv6. Needs root,
 * and the packages bind9-dnsutils, busybox, curl, iperf3, iputils-ping, python3 and socat.
 */
class Ipv6OnlyGuestIT {
  private static final String PREFIX = "fd6c:616e:7961:8:";
  private static final String GATEWAY = PREFIX + ":2";
  private static final String GUEST = PREFIX + ":100";
  private static final String ROUTER = "2001:db8:99::2";
  private static final String SERVER = "2001:db8:33::9";

  private final String host = "loh" + ProcessHandle.current().pid() % 100_000;
  private final String world = "low" + ProcessHandle.current().pid() % 100_000;
  private final List<Process> begun = new ArrayList<>();
  @TempDir private Path folder;
  private FakeUpstream names;
  private @Nullable DnsForwarder dns;

  @BeforeAll
  static void letNettyFindAHardwareAddress() {
    assertThat(DefaultChannelId.newInstance()).isNotNull();
  }

  /** A host, and beyond its router a server: nothing real is touched. */
  @BeforeEach
  void makeTheWorld() throws Exception {
    String script =
        """
        set -e
        for n in HOST WORLD; do
          ip netns add $n
          ip netns exec $n sysctl -qw net.ipv6.conf.default.accept_dad=0
          ip -n $n link set lo up
        done
        ip link add vh netns HOST type veth peer name vw netns WORLD
        ip -n HOST addr add 2001:db8:99::1/64 dev vh nodad; ip -n HOST link set vh up
        ip -n HOST addr add 10.99.0.1/24 dev vh
        ip -n WORLD addr add 2001:db8:99::2/64 dev vw nodad; ip -n WORLD link set vw up
        ip -n WORLD addr add 10.99.0.2/24 dev vw
        ip -n WORLD addr add 2001:db8:33::9/128 dev lo
        ip -n HOST route add default via 2001:db8:99::2
        ip netns exec WORLD sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.icmp.ratelimit=0
        """
            .replace("HOST", host)
            .replace("WORLD", world);
    NatNamespace.Result result = NatNamespace.host("sh", "-c", script);
    assertThat(result.status()).as(result.output()).isZero();
    InetSocketAddress at = new InetSocketAddress(InetAddress.getByName(ROUTER), 53);
    names = NetworkNamespace.run(world, () -> new FakeUpstream(at));
    names.answer = Ipv6OnlyGuestIT::answer;
  }

  private static Message answer(Message response) {
    var question = response.getQuestion();
    if (question.getType() == Type.AAAA && question.getName().toString().equals("www.example.")) {
      try {
        response.addRecord(
            new AAAARecord(question.getName(), DClass.IN, 300, InetAddress.getByName(SERVER)),
            Section.ANSWER);
      } catch (java.net.UnknownHostException e) {
        throw new AssertionError(e);
      }
    }
    return response;
  }

  @AfterEach
  void deleteTheWorld() throws Exception {
    for (Process one : begun) {
      one.descendants().forEach(ProcessHandle::destroy);
      one.destroy();
      one.waitFor(60, TimeUnit.SECONDS);
    }
    names.close();
    NatNamespace.host("ip", "netns", "del", host);
    NatNamespace.host("ip", "netns", "del", world);
  }

  private void serve(String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", world));
    all.addAll(List.of(command));
    begun.add(
        new ProcessBuilder(all)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("served").toFile())
            .start());
  }

  /** Asks a guest again until the answer is as expected, at most a minute. */
  private static String until(NatNamespace net, Predicate<String> expected, String... command)
      throws Exception {
    return until(expected, () -> net.guest(command).output());
  }

  private static String until(Predicate<String> expected, Callable<String> asks) throws Exception {
    long end = System.nanoTime() + 60_000_000_000L;
    while (true) {
      String shown = asks.call();
      if (expected.test(shown) || System.nanoTime() > end) {
        assertThat(expected.test(shown)).as(shown).isTrue();
        return shown;
      }
    }
  }

  /**
   * Makes the network.
   *
   * @param ipv4 whether it has IPv4 too, which the guest does not use
   */
  private NatNamespace network(boolean ipv4) throws Exception {
    String ipv6 = "ipv6: {subnet: \"" + PREFIX + ":/64\"}";
    NetworkConfig config =
        TestNetworks.of(
            TestNetworks.NAME,
            ipv6,
            ipv4 ? "ipv4: {subnet: 192.168.127.0/24}" : "nat: {host-loopback: true}",
            "dns: {hosts-file: false, upstreams: [\"[" + ROUTER + "]:53\"]}",
            """
            forwards:
              - {protocol: tcp, listen: "10.99.0.1:7010", to: "[%1$s]:7011"}
              - {protocol: tcp, listen: "[2001:db8:99::1]:7010", to: "[%1$s]:7011"}
            """
                .formatted(GUEST)
                .stripTrailing());
    NatNamespace net = new NatNamespace(config, nic -> null, host);
    dns =
        net.on(() -> {
          DnsForwarder made =
              new DnsForwarder(
                  config,
                  List.of(),
                  net.nat.gateway(),
                  Ipv6Names.of(net.nat.gateway()),
                  net.nat.names(),
                  net.nat.translators(),
                  net.nat.nameMemory(),
                  net.nat.descriptors().holder("dns"));
          net.nat.serve(DnsForwarder.PORT, made);
          net.nat.serve(DnsForwarder.PORT, new DnsStreamService(made, net.nat.gateway()));
          return made;
        });
    net.guest("ip", "-4", "addr", "flush", "dev", "t0");
    net.guest("ip", "addr", "add", GUEST + "/64", "dev", "t0", "nodad");
    until(net, shown -> shown.contains("default via fe80::"), "ip", "-6", "route");
    return net;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void itResolvesAndReachesAndIsReached(boolean ipv4) throws Exception {
    serve("python3", "-m", "http.server", "--bind", "::", "--directory", folder.toString(), "8080");
    serve("iperf3", "-s", "-B", SERVER);
    Files.writeString(folder.resolve("page"), "a page of the world");
    Path resolver = Files.writeString(folder.resolve("resolv"), "nameserver " + GATEWAY + "\n");
    try (NatNamespace net = network(ipv4)) {
      assertThat(net.guest("ip", "-4", "route").output()).isEmpty();
      assertThat(net.guest("dig", "+short", "@" + GATEWAY, "AAAA", "www.example").output())
          .isEqualTo(SERVER + "\n");
      assertThat(net.guest("dig", "+short", "+tcp", "@" + GATEWAY, "AAAA", "gateway.lan").output())
          .isEqualTo(GATEWAY + "\n");
      if (!ipv4) {
        assertThat(net.guest("dig", "+short", "@" + GATEWAY, "A", "gateway.lan").output())
            .isEmpty();
        assertThat(net.guest("dig", "+short", "@" + GATEWAY, "-x", GATEWAY).output())
            .isEqualTo("gateway.lan.\n");
        assertThat(net.guest("ping", "-6", "-c", "1", "-W", "60", PREFIX + ":1").status())
            .as("the host's loopback")
            .isZero();
        net.guest("ip", "addr", "add", "192.168.127.100/24", "dev", "t0");
        assertThat(net.guest("ping", "-c", "1", "-W", "1", "192.168.127.2").status())
            .as("nobody answers ARP")
            .isNotZero();
        net.guest("ip", "-4", "addr", "flush", "dev", "t0");
      }
      until(net, shown -> shown.contains(" 2 received"), "ping", "-6", "-c", "2", SERVER);
      String trace = net.guest("busybox", "traceroute6", "-q", "1", "-w", "2", SERVER).output();
      assertThat(trace).contains(GATEWAY).contains(SERVER);
      // In a mount namespace of the command's own, as "ip netns exec" makes one.
      String fetch =
          "mount --bind "
              + resolver
              + " /etc/resolv.conf && curl -sS -6 -m 10 http://www.example:8080/page";
      // The server may not listen yet.
      until(net, "a page of the world"::equals, "sh", "-c", fetch);
      for (String way : new String[] {"-P1", "-R"}) {
        assertThat(net.guest("iperf3", "-6", "-c", SERVER, "-n", "2M", way).output())
            .contains("iperf Done.");
      }
      begun.add(net.startGuest("socat", "-t", "60", "TCP6-LISTEN:7011,reuseaddr,fork", "EXEC:cat"));
      for (String to : new String[] {"TCP4:10.99.0.1", "TCP6:[2001:db8:99::1]"}) {
        String command = "echo over | socat -t 60 - " + to + ":7010 2>&1";
        // The guest's server may not listen yet: then the forward resets what it has accepted.
        until(
            "over\n"::equals,
            () -> NatNamespace.host("ip", "netns", "exec", world, "sh", "-c", command).output());
      }
      DnsForwarder asked = dns;
      if (asked != null) {
        net.on(() -> {
          asked.close();
          return true;
        });
      }
    }
  }
}
