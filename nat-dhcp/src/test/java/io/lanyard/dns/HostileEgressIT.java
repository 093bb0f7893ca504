package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.NetworkConfig;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.egress.PortEgress;
import io.lanyard.nat.gateway.EgressTrial;
import io.lanyard.nat.gateway.GatewayCount;
import io.lanyard.nat.gateway.NatNamespace;
import io.lanyard.net.Address;
import io.netty.channel.DefaultChannelId;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * A guest that tries to get round rules about names, in both families: with TLS that lies, with
 * names that lead elsewhere, and by a port whose rules are its own. Needs root.
 */
class HostileEgressIT {
  private static final String SERVER = "10.99.0.2";

  /** A family, with the addresses that names have in it. */
  enum Family {
    IPV4("198.51.100.10", "198.51.100.20", "192.168.127.2", Type.A),
    IPV6("2001:db8:51::10", "2001:db8:51::20", "fd6c:616e:7961:8::2", Type.AAAA);

    final String good;
    final String evil;
    final String gateway;
    final int type;

    Family(String good, String evil, String gateway, int type) {
      this.good = good;
      this.evil = evil;
      this.gateway = gateway;
      this.type = type;
    }

    String at(String address, int port) {
      return this == IPV4 ? address + ":" + port : "[" + address + "]:" + port;
    }
  }

  private final String host = "lxh" + ProcessHandle.current().pid() % 100_000;
  private final String internet = "lxi" + ProcessHandle.current().pid() % 100_000;
  @TempDir private Path folder;
  private Process served;
  private FakeUpstream names;

  @BeforeAll
  static void letNettyFindAHardwareAddress() {
    assertThat(DefaultChannelId.newInstance()).isNotNull();
  }

  @BeforeEach
  void makeTheWorld() throws Exception {
    String script =
        """
        set -e
        ip netns add H; ip netns add I
        for n in H I; do
          ip netns exec $n sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
        done
        ip link add vh netns H type veth peer name vi netns I
        ip -n H addr add 10.99.0.1/24 dev vh; ip -n H addr add 2001:db8:99::1/64 dev vh nodad
        ip -n H link set vh up; ip -n H link set lo up
        ip -n I addr add 10.99.0.2/24 dev vi; ip -n I addr add 2001:db8:99::2/64 dev vi nodad
        ip -n I link set vi up; ip -n I link set lo up
        for a in 198.51.100.10/32 198.51.100.20/32 2001:db8:51::10/128 2001:db8:51::20/128; do
          ip -n I addr add $a dev lo
        done
        ip -n H route add default via 10.99.0.2; ip -n H route add default via 2001:db8:99::2
        """
            .replace("H", host)
            .replace("I", internet);
    NatNamespace.Result result = NatNamespace.host("sh", "-c", script);
    assertThat(result.status()).as(result.output()).isZero();
    Path pem = folder.resolve("server.pem");
    Files.writeString(pem, text("certificate.pem") + text("key.pem"));
    served =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                internet,
                "sh",
                "-c",
                "socat OPENSSL-LISTEN:8443,pf=ip6,ipv6only=0,reuseaddr,fork,verify=0,cert="
                    + pem
                    + " SYSTEM:'echo served; cat' &"
                    + " socat TCP6-LISTEN:8088,ipv6only=0,reuseaddr,fork SYSTEM:'echo served; cat' &"
                    + " wait")
            .redirectErrorStream(true)
            .start();
    String wait =
        "for i in $(seq 100); do [ $(ip netns exec "
            + internet
            + " ss -Hltn | wc -l) -ge 2 ] && exit 0; sleep .1; done; exit 1";
    assertThat(NatNamespace.host("sh", "-c", wait).status()).isZero();
    InetSocketAddress at = new InetSocketAddress(InetAddress.getByName(SERVER), 53);
    names = NetworkNamespace.run(internet, () -> new FakeUpstream(at));
    names.answer = HostileEgressIT::answer;
  }

  private static String text(String resource) throws Exception {
    try (InputStream in =
        Objects.requireNonNull(HostileEgressIT.class.getResourceAsStream(resource))) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
    }
  }

  private static Message answer(Message response) {
    Record question = response.getQuestion();
    for (Family family : Family.values()) {
      Map<String, String> known =
          Map.of(
              "good.example.", family.good,
              "shared.example.", family.good,
              "evil.example.", family.evil,
              "flip.good.example.", family.evil,
              "inside.good.example.", family == Family.IPV4 ? "10.0.0.1" : "fd00::1",
              "self.good.example.", family == Family.IPV4 ? "10.99.0.1" : "2001:db8:99::1");
      String address = known.get(question.getName().toString());
      if (address != null && question.getType() == family.type) {
        response.addRecord(record(question.getName(), address), Section.ANSWER);
      }
    }
    return response;
  }

  private static Record record(Name name, String address) {
    InetAddress at = Address.parse(address).toInetAddress();
    return at.getAddress().length == 4
        ? new ARecord(name, DClass.IN, 1, at)
        : new AAAARecord(name, DClass.IN, 1, at);
  }

  @AfterEach
  void deleteTheWorld() throws Exception {
    served.descendants().forEach(ProcessHandle::destroy);
    served.destroy();
    served.waitFor(5, TimeUnit.SECONDS);
    names.close();
    NatNamespace.host("ip", "netns", "del", host);
    NatNamespace.host("ip", "netns", "del", internet);
  }

  /** A network whose guests ask its name server. */
  private final class Guests implements AutoCloseable {
    final NatNamespace net;
    final PortEgress ports = new PortEgress(UnaryOperator.identity());
    final Family family;
    private @Nullable DnsForwarder dns;

    Guests(Family family, String egress) throws Exception {
      this.family = family;
      NetworkConfig config = config(egress, "{}");
      net = new NatNamespace(config, nic -> null, host);
      net.on(() -> {
        net.nat.portRules(ports);
        DnsForwarder made =
            new DnsForwarder(
                config,
                List.of(),
                net.nat.gateway(),
                Ipv6Names.NONE,
                net.nat.names(),
                net.nat.descriptors().holder("dns"));
        net.nat.serve(DnsForwarder.PORT, made);
        net.nat.serve(DnsForwarder.PORT, new DnsStreamService(made, net.nat.gateway()));
        dns = made;
        return true;
      });
      if (family == Family.IPV6) {
        String wait =
            "for i in $(seq 100); do ip -6 addr show dev t0 scope global | grep -q inet6"
                + " && ! ip -6 addr show dev t0 | grep -q tentative && exit 0; sleep .1; done; exit 1";
        assertThat(net.guest("sh", "-c", wait).status()).isZero();
      }
    }

    private NetworkConfig config(String egress, String ofPort) {
      return TestNetworks.nat(
          "ipv6: {subnet: \"fd6c:616e:7961:8::/64\"}",
          "dns: {hosts-file: false, upstreams: [" + SERVER + "]}",
          "egress: {" + egress + "}",
          "ports: [{name: guest, kind: qemu-stream, path: g.sock, egress: " + ofPort + "}]");
    }

    void ofPort(String egress) throws Exception {
      net.on(() -> {
        ports.set("guest", config("", "{" + egress + "}").ports().getFirst().policy());
        return true;
      });
    }

    String ask(String name) throws Exception {
      String type = family == Family.IPV4 ? "A" : "AAAA";
      return net.guest(
              "sh",
              "-c",
              "dig +tries=2 +timeout=3 @%s +noall +answer +comments %s -t %s 2>&1"
                  .formatted(family.gateway, name, type))
          .output();
    }

    /** A TLS client that names a server, or none. */
    String tls(String address, String name) throws Exception {
      String naming = name.isEmpty() ? "-noservername" : "-servername " + name;
      return net.guest(
              "sh",
              "-c",
              "(sleep 1; echo Q) | timeout 10 openssl s_client -connect '%s' %s 2>&1 | head -c 4000"
                  .formatted(family.at(address, 8443), naming))
          .output();
    }

    String plain(String address, int port, String says) throws Exception {
      String kind = family == Family.IPV4 ? "TCP4" : "TCP6";
      return net.guest(
              "sh",
              "-c",
              "echo '%s' | socat -T 3 - '%s:%s,connect-timeout=3' 2>&1 | head -c 500"
                  .formatted(says, kind, family.at(address, port)))
          .output();
    }

    long count(GatewayCount event) throws Exception {
      return net.on(() -> net.nat.gateway().counters().get(event));
    }

    EgressTrial test(String address, int port, String... told) throws Exception {
      return net.on(
          () -> net.nat.egress().test("guest", List.of(told), Address.parse(address), 6, port));
    }

    @Override
    public void close() {
      try {
        net.on(() -> {
          DnsForwarder open = dns;
          if (open != null) {
            open.close();
          }
          return true;
        });
      } catch (Exception e) {
        throw new AssertionError(e);
      }
      net.close();
    }
  }

  private static final String WITH_SNI =
      "default: deny, rules: [{allow: 'good.example:tcp/8443', sni: required},"
          + " {allow: '*.good.example:tcp/8443', sni: required}]";

  @ParameterizedTest
  @EnumSource
  void tlsPassesToANameThatTheGuestWasToldAndThatARulePermits(Family family) throws Exception {
    try (Guests guests = new Guests(family, WITH_SNI)) {
      assertThat(guests.ask("good.example")).contains(family.good);
      assertThat(guests.tls(family.good, "good.example")).contains("served");
      assertThat(guests.tls(family.good, "evil.example")).as("a lie").doesNotContain("served");
      assertThat(guests.tls(family.good, "www.good.example"))
          .as("a name that it may have, and has not asked for")
          .doesNotContain("served");
      assertThat(guests.tls(family.good, "")).as("no name").doesNotContain("served");
      assertThat(guests.tls(family.evil, "good.example"))
          .as("a name does not open an address")
          .doesNotContain("served");
      assertThat(guests.plain(family.good, 8443, "GET / HTTP/1.0"))
          .as("no TLS at all")
          .doesNotContain("served");
      assertThat(guests.count(GatewayCount.EGRESS_SNI_DENIED)).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @EnumSource
  void twoNamesAtOneAddressAreToldApart(Family family) throws Exception {
    String one =
        "default: deny, rules: [{allow: 'good.example:tcp/8443', sni: required},"
            + " {allow: 'shared.example:tcp/8088'}]";
    try (Guests guests = new Guests(family, one)) {
      guests.ask("good.example");
      guests.ask("shared.example");
      assertThat(guests.tls(family.good, "good.example")).contains("served");
      assertThat(guests.tls(family.good, "shared.example")).doesNotContain("served");
      assertThat(guests.plain(family.good, 8088, "hello")).contains("served");
    }
  }

  @ParameterizedTest
  @EnumSource
  void namesThatLeadInsideOrToTheHostOpenNothing(Family family) throws Exception {
    String open = "default: deny, rules: [{allow: '*.good.example:tcp/8088'}]";
    try (Guests guests = new Guests(family, open)) {
      assertThat(guests.ask("inside.good.example")).contains("NOERROR");
      assertThat(guests.ask("self.good.example")).contains("NOERROR");
      boolean ipv4 = family == Family.IPV4;
      assertThat(guests.test(ipv4 ? "10.0.0.1" : "fd00::1", 8088).reason())
          .contains("but not at a private address");
      assertThat(guests.test(ipv4 ? "10.99.0.1" : "2001:db8:99::1", 8088).reason())
          .contains("but not at an address of the host itself");
      assertThat(guests.plain(ipv4 ? "10.99.0.1" : "2001:db8:99::1", 8088, ""))
          .doesNotContain("served");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aShortTimeToLiveOpensAnAddressNoLongerThanItsMinute(Family family) throws Exception {
    String open = "default: deny, rules: [{allow: '*.good.example:tcp/8088'}]";
    try (Guests guests = new Guests(family, open)) {
      assertThat(guests.ask("flip.good.example")).contains(family.evil);
      assertThat(guests.plain(family.evil, 8088, "")).as("told for a second").contains("served");
      assertThat(guests.test(family.good, 8088).outcome()).isEqualTo(EgressTrial.Outcome.DENY);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theRulesOfAPortComeFirstAndEndItsFlowsWhenTheyChange(Family family) throws Exception {
    try (Guests guests = new Guests(family, "default: allow")) {
      assertThat(guests.plain(family.evil, 8088, "")).contains("served");
      String kind = family == Family.IPV4 ? "TCP4:" : "TCP6:";
      Process talk =
          guests.net.startGuest("socat", "-T", "20", "-", kind + family.at(family.good, 8088));
      try {
        assertThat(talk.inputReader().readLine()).isEqualTo("served");
        String own = family == Family.IPV4 ? family.evil : "[" + family.evil + "]";
        guests.ofPort("default: deny, rules: [{allow: '" + own + ":8088'}]");
        assertThat(talk.waitFor(10, TimeUnit.SECONDS)).as("its flow ends").isTrue();
      } finally {
        talk.destroyForcibly();
      }
      assertThat(guests.plain(family.evil, 8088, "")).contains("served");
      assertThat(guests.plain(family.good, 8088, "")).doesNotContain("served");
      assertThat(guests.test(family.evil, 8088).reason()).contains("rule 0 of port guest, allow");
      assertThat(guests.test(family.good, 8088).reason()).isEqualTo("no rule allows it");
      guests.ofPort("");
      assertThat(guests.plain(family.good, 8088, "")).contains("served");
    }
  }
}
