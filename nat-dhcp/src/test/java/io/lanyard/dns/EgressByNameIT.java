package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.NetworkNamespace;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.flow.FlowRecord;
import io.lanyard.nat.gateway.GatewayCount;
import io.lanyard.nat.gateway.NatNamespace;
import io.lanyard.net.Address;
import io.netty.channel.DefaultChannelId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/**
 * Rules about names, and a guest that tries to get round them. Host and Internet are namespaces;
 * the Internet has a name server, and serves TCP 8088, 8089 and 853 on all its addresses. Needs
 * root.
 */
class EgressByNameIT {
  private static final String SERVER = "10.99.0.2";
  private static final String GOOD = "198.51.100.10";
  private static final String EVIL = "198.51.100.20";
  private static final String GATEWAY = "192.168.127.2";

  private static final Map<String, String> ADDRESSES =
      Map.of(
          "good.example.", GOOD,
          "www.good.example.", GOOD,
          "evil.example.", EVIL,
          "trap.good.example.", SERVER,
          "metadata.good.example.", "169.254.169.254",
          "gateway.good.example.", GATEWAY,
          "loopback.good.example.", "127.0.0.1",
          "target.evil.example.", EVIL);

  private static final String ONLY_GOOD =
      "default: deny, rules: [{allow: 'good.example:tcp/8088'}, {allow: '*.good.example:tcp/8088'}]";

  private final String host = "lnh" + ProcessHandle.current().pid() % 100_000;
  private final String internet = "lni" + ProcessHandle.current().pid() % 100_000;
  private Process served;
  private FakeUpstream names;

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
        ip netns add H; ip netns add I
        ip link add vh netns H type veth peer name vi netns I
        ip -n H addr add 10.99.0.1/24 dev vh; ip -n H link set vh up; ip -n H link set lo up
        ip -n I addr add 10.99.0.2/24 dev vi; ip -n I link set vi up; ip -n I link set lo up
        ip -n I addr add 198.51.100.10/32 dev lo; ip -n I addr add 198.51.100.20/32 dev lo
        ip -n H route add default via 10.99.0.2
        """
            .replace("H", host)
            .replace("I", internet);
    NatNamespace.Result result = NatNamespace.host("sh", "-c", script);
    assertThat(result.status()).as(result.output()).isZero();
    served =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                internet,
                "sh",
                "-c",
                "for p in 8088 8089 853; do"
                    + " socat TCP4-LISTEN:$p,reuseaddr,fork SYSTEM:'echo served; cat' & done; wait")
            .redirectErrorStream(true)
            .start();
    String wait =
        "for i in $(seq 100); do [ $(ip netns exec "
            + internet
            + " ss -Hltn | wc -l) -ge 3 ] && exit 0; sleep .1; done; exit 1";
    assertThat(NatNamespace.host("sh", "-c", wait).status()).isZero();
    InetSocketAddress at = new InetSocketAddress(InetAddress.getByName(SERVER), 53);
    names = NetworkNamespace.run(internet, () -> new FakeUpstream(at));
    names.answer = EgressByNameIT::answer;
  }

  private static Message answer(Message response) {
    Record question = response.getQuestion();
    Name asked = question.getName();
    String name = asked.toString();
    try {
      if (name.startsWith("alias.")) {
        Name target = Name.fromString("target.evil.example.");
        response.addRecord(new CNAMERecord(asked, DClass.IN, 300, target), Section.ANSWER);
        add(response, target, EVIL);
        // It says more than was asked for: nothing comes of that.
        add(response, Name.fromString("more.good.example."), SERVER);
      } else if (question.getType() == Type.A && ADDRESSES.containsKey(name)) {
        add(response, asked, ADDRESSES.get(name));
      } else if (question.getType() == Type.TXT) {
        response.addRecord(new TXTRecord(asked, DClass.IN, 300, "reply"), Section.ANSWER);
      }
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
    return response;
  }

  private static void add(Message response, Name name, String address) {
    response.addRecord(
        new ARecord(name, DClass.IN, 300, Address.parse(address).toInetAddress()), Section.ANSWER);
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
    private @Nullable DnsForwarder dns;

    Guests(String egress) throws Exception {
      var config =
          TestNetworks.nat(
              "dns: {hosts-file: false, upstreams: [" + SERVER + "]}", "egress: {" + egress + "}");
      net = new NatNamespace(config, nic -> null, host);
      dns =
          net.on(() -> {
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
            return made;
          });
    }

    void configure(String egress) throws Exception {
      net.on(() -> {
        net.nat.configure(
            TestNetworks.nat(
                "dns: {hosts-file: false, upstreams: [" + SERVER + "]}",
                "egress: {" + egress + "}"));
        return true;
      });
    }

    String dig(String... words) throws Exception {
      return net.guest("sh", "-c", "dig +tries=2 +timeout=3 " + String.join(" ", words) + " 2>&1")
          .output();
    }

    String ask(String name) throws Exception {
      return dig("@" + GATEWAY, "+noall +answer +comments", name);
    }

    String connect(String address, int port) throws Exception {
      return net.guest(
              "sh",
              "-c",
              "socat -t 10 -T 10 - TCP4:%s:%d,connect-timeout=3 </dev/null 2>&1"
                  .formatted(address, port))
          .output();
    }

    List<FlowRecord> flows() throws Exception {
      return net.on(() -> net.nat.listFlows());
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

  private boolean wasAsked(String name) {
    return names.queries.stream()
        .anyMatch(query -> query.getQuestion().getName().toString().equalsIgnoreCase(name));
  }

  @Test
  void aNameOpensTheAddressThatTheGuestWasToldAndItsPortsAlone() throws Exception {
    try (Guests guests = new Guests(ONLY_GOOD)) {
      assertThat(guests.connect(GOOD, 8088)).as("before it asks").contains("No route to host");
      assertThat(guests.ask("good.example")).contains(GOOD);
      assertThat(guests.connect(GOOD, 8088)).contains("served");
      assertThat(guests.connect(GOOD, 8089)).as("another port").contains("No route to host");
      assertThat(guests.connect(EVIL, 8088)).as("a raw address").contains("No route to host");
      assertThat(guests.net.guest("ping", "-c1", "-W2", GOOD).status()).isNotZero();
      assertThat(
              guests
                  .net
                  .on(() -> guests.net.nat.gateway().counters())
                  .get(GatewayCount.EGRESS_DENIED))
          .isGreaterThanOrEqualTo(4);
    }
  }

  @Test
  void aNameThatNoRuleHasIsNotEvenAskedWhateverTheType() throws Exception {
    try (Guests guests = new Guests(ONLY_GOOD)) {
      assertThat(guests.ask("evil.example")).contains("REFUSED");
      assertThat(guests.ask("c2VjcmV0.evil.example -t TXT")).contains("REFUSED");
      assertThat(guests.ask("notgood.example -t MX")).contains("REFUSED");
      assertThat(guests.ask("good.example.evil.example")).contains("REFUSED");
      assertThat(guests.ask("-x 9.9.9.9")).contains("REFUSED");
      assertThat(names.queries).isEmpty();
      assertThat(guests.ask("data.good.example -t TXT")).contains("reply");
      assertThat(guests.dig("@" + GATEWAY, "evil.example"))
          .contains("EDE: 18 (Prohibited)")
          .contains("egress rules");
    }
  }

  @Test
  void otherNameServersAreAnsweredForByTheGateway() throws Exception {
    try (Guests guests = new Guests(ONLY_GOOD)) {
      for (String way : List.of("+notcp", "+tcp")) {
        assertThat(guests.dig("@" + SERVER, way, "evil.example"))
            .as(way)
            .contains("REFUSED")
            .contains(";; SERVER: " + SERVER + "#53");
        assertThat(guests.dig("@9.9.9.9", way, "www.good.example"))
            .as(way)
            .contains(GOOD)
            .contains(";; SERVER: 9.9.9.9#53");
      }
      assertThat(wasAsked("evil.example.")).isFalse();
      assertThat(guests.connect(GOOD, 8088)).contains("served");
    }
  }

  @Test
  void whereverAPermittedNameLeadsWhatIsProtectedStaysClosed() throws Exception {
    try (Guests guests = new Guests(ONLY_GOOD)) {
      for (String name : List.of("trap", "metadata", "loopback")) {
        assertThat(guests.ask(name + ".good.example")).contains("NOERROR");
      }
      assertThat(guests.connect(SERVER, 8088)).contains("No route to host");
      assertThat(guests.connect("169.254.169.254", 8088)).contains("No route to host");
      guests.configure(
          ONLY_GOOD.replace("rules: [", "rules: [{allow: '" + SERVER + ":tcp/8088'}, "));
      assertThat(guests.connect(SERVER, 8088)).contains("served");
    }
  }

  @Test
  void whatANameStandsForCountsForTheNameAndNothingElseInTheAnswerDoes() throws Exception {
    try (Guests guests = new Guests(ONLY_GOOD)) {
      assertThat(guests.ask("alias.good.example")).contains("target.evil.example").contains(EVIL);
      assertThat(guests.connect(EVIL, 8088)).contains("served");
      assertThat(guests.ask("target.evil.example")).contains("REFUSED");
      assertThat(guests.connect(SERVER, 8088)).contains("No route to host");
    }
    String denied = "rules: [{deny: 'target.evil.example'}, {allow: '*.good.example'}]";
    try (Guests guests = new Guests("default: deny, " + denied)) {
      assertThat(guests.ask("alias.good.example")).contains(EVIL);
      assertThat(guests.connect(EVIL, 8088)).as("denied by another name").contains("served");
    }
  }

  @Test
  void aDeniedNameIsNotAskedWhereTheDefaultAllowsAndOtherWaysToAskAreClosed() throws Exception {
    try (Guests guests = new Guests("rules: [{deny: '*.evil.example'}, {deny: evil.example}]")) {
      assertThat(guests.ask("evil.example")).contains("REFUSED");
      assertThat(guests.ask("target.evil.example")).contains("REFUSED");
      assertThat(guests.ask("good.example")).contains(GOOD);
      assertThat(guests.connect(GOOD, 8088)).contains("served");
      assertThat(guests.connect(GOOD, 853)).as("DNS over TLS").contains("No route to host");
      guests.configure("rules: [{deny: evil.example}, {allow: '" + GOOD + ":tcp/853'}]");
      assertThat(guests.connect(GOOD, 853)).contains("served");
      guests.configure("rules: [{deny: " + EVIL + "}]");
      assertThat(guests.connect(GOOD, 853)).as("without a rule about names").contains("served");
    }
  }

  @Test
  void recordsThatNameOtherAddressesAndKeysAreNotPassedOn() throws Exception {
    try (Guests guests = new Guests(ONLY_GOOD)) {
      for (String type : List.of("HTTPS", "SVCB")) {
        assertThat(guests.ask("good.example -t " + type)).contains("NOERROR").contains("ANSWER: 0");
      }
      assertThat(names.queries).isEmpty();
    }
  }

  @Test
  void flowsEndWithTheRuleThatPermitsTheirName() throws Exception {
    try (Guests guests = new Guests(ONLY_GOOD)) {
      guests.ask("www.good.example");
      Process talk = guests.net.startGuest("socat", "-T", "20", "-", "TCP4:" + GOOD + ":8088");
      try {
        assertThat(talk.inputReader().readLine()).isEqualTo("served");
        assertThat(guests.flows()).hasSize(1);
        guests.configure("default: deny, rules: [{allow: 'www.good.example:tcp'}]");
        assertThat(guests.flows()).as("another rule for the same name").hasSize(1);
        guests.configure("default: deny, rules: [{allow: good.example}]");
        assertThat(guests.flows()).isEmpty();
        assertThat(talk.waitFor(10, TimeUnit.SECONDS)).isTrue();
      } finally {
        talk.destroyForcibly();
      }
    }
  }

  @Test
  void rulesThatAreOnlyTriedLetPassAndTell() throws Exception {
    try (Guests guests = new Guests(ONLY_GOOD + ", dry-run: true")) {
      assertThat(guests.ask("evil.example")).contains(EVIL);
      assertThat(guests.connect(EVIL, 8088)).contains("served");
      assertThat(guests.connect(SERVER, 8089)).contains("served");
      assertThat(guests.connect("169.254.169.254", 8088)).contains("No route to host");
      assertThat(
              guests
                  .net
                  .on(() -> guests.net.nat.gateway().counters())
                  .get(GatewayCount.EGRESS_WOULD_DENY))
          .isEqualTo(2);
    }
  }
}
