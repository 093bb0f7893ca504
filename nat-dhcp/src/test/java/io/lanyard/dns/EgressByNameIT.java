package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dns.EgressScene.Family;
import io.lanyard.dns.EgressScene.Guests;
import io.lanyard.nat.flow.FlowRecord;
import io.lanyard.nat.gateway.GatewayCount;
import io.lanyard.net.Address;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** Rules about names, and a guest that tries to get round them. Needs root. */
class EgressByNameIT {
  private static final String SERVER = EgressScene.SERVER;
  private static final String GOOD = Family.IPV4.good;
  private static final String EVIL = Family.IPV4.evil;
  private static final String GATEWAY = Family.IPV4.gateway;

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

  @TempDir private Path folder;
  private EgressScene scene;

  @BeforeEach
  void makeTheWorld() throws Exception {
    scene = new EgressScene(folder);
    scene.names.answer = EgressByNameIT::answer;
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
    scene.close();
  }

  private Guests guests(String egress) throws Exception {
    return scene.new Guests(Family.IPV4, egress);
  }

  private static String dig(Guests guests, String... words) throws Exception {
    return guests.dig(String.join(" ", words));
  }

  /** Asks the gateway; the words are a name and a type. */
  private static String ask(Guests guests, String words) throws Exception {
    return dig(guests, "@" + GATEWAY, "+noall +answer +comments", words);
  }

  private static String connect(Guests guests, String address, int port) throws Exception {
    return guests.plain(address, port, "");
  }

  private static List<FlowRecord> flows(Guests guests) throws Exception {
    return guests.net.on(() -> guests.net.nat.listFlows());
  }

  private boolean wasAsked(String name) {
    return scene.names.queries.stream()
        .anyMatch(query -> query.getQuestion().getName().toString().equalsIgnoreCase(name));
  }

  @Test
  void aNameOpensTheAddressThatTheGuestWasToldAndItsPortsAlone() throws Exception {
    try (Guests guests = guests(ONLY_GOOD)) {
      assertThat(connect(guests, GOOD, 8088)).as("before it asks").contains("No route to host");
      assertThat(guests.ask("good.example")).contains(GOOD);
      assertThat(connect(guests, GOOD, 8088)).contains("served");
      assertThat(connect(guests, GOOD, 443)).as("another port").contains("No route to host");
      assertThat(connect(guests, EVIL, 8088)).as("a raw address").contains("No route to host");
      assertThat(guests.net.guest("ping", "-c1", "-W2", GOOD).status()).isNotZero();
      assertThat(guests.count(GatewayCount.EGRESS_DENIED)).isGreaterThanOrEqualTo(4);
    }
  }

  @Test
  void aNameThatNoRuleHasIsNotEvenAskedWhateverTheType() throws Exception {
    try (Guests guests = guests(ONLY_GOOD)) {
      assertThat(guests.ask("evil.example")).contains("REFUSED");
      assertThat(ask(guests, "c2VjcmV0.evil.example -t TXT")).contains("REFUSED");
      assertThat(ask(guests, "notgood.example -t MX")).contains("REFUSED");
      assertThat(guests.ask("good.example.evil.example")).contains("REFUSED");
      assertThat(ask(guests, "-x 9.9.9.9")).contains("REFUSED");
      assertThat(scene.names.queries).isEmpty();
      assertThat(ask(guests, "data.good.example -t TXT")).contains("reply");
      assertThat(dig(guests, "@" + GATEWAY, "evil.example"))
          .contains("EDE: 18 (Prohibited)")
          .contains("egress rules");
    }
  }

  @Test
  void otherNameServersAreAnsweredForByTheGateway() throws Exception {
    try (Guests guests = guests(ONLY_GOOD)) {
      for (String way : List.of("+notcp", "+tcp")) {
        assertThat(dig(guests, "@" + SERVER, way, "evil.example"))
            .as(way)
            .contains("REFUSED")
            .contains(";; SERVER: " + SERVER + "#53");
        assertThat(dig(guests, "@9.9.9.9", way, "www.good.example"))
            .as(way)
            .contains(GOOD)
            .contains(";; SERVER: 9.9.9.9#53");
      }
      assertThat(wasAsked("evil.example.")).isFalse();
      assertThat(connect(guests, GOOD, 8088)).contains("served");
    }
  }

  @Test
  void whereverAPermittedNameLeadsWhatIsProtectedStaysClosed() throws Exception {
    try (Guests guests = guests(ONLY_GOOD)) {
      for (String name : List.of("trap", "metadata", "loopback")) {
        assertThat(guests.ask(name + ".good.example")).contains("NOERROR");
      }
      assertThat(connect(guests, SERVER, 8088)).contains("No route to host");
      assertThat(connect(guests, "169.254.169.254", 8088)).contains("No route to host");
      guests.configure(
          ONLY_GOOD.replace("rules: [", "rules: [{allow: '" + SERVER + ":tcp/8088'}, "));
      assertThat(connect(guests, SERVER, 8088)).contains("served");
    }
  }

  @Test
  void whatANameStandsForCountsForTheNameAndNothingElseInTheAnswerDoes() throws Exception {
    try (Guests guests = guests(ONLY_GOOD)) {
      assertThat(guests.ask("alias.good.example")).contains("target.evil.example").contains(EVIL);
      assertThat(connect(guests, EVIL, 8088)).contains("served");
      assertThat(guests.ask("target.evil.example")).contains("REFUSED");
      assertThat(connect(guests, SERVER, 8088)).contains("No route to host");
    }
    String denied = "rules: [{deny: 'target.evil.example'}, {allow: '*.good.example'}]";
    try (Guests guests = guests("default: deny, " + denied)) {
      assertThat(guests.ask("alias.good.example")).contains(EVIL);
      assertThat(connect(guests, EVIL, 8088)).as("denied by another name").contains("served");
    }
  }

  @Test
  void aDeniedNameIsNotAskedWhereTheDefaultAllowsAndOtherWaysToAskAreClosed() throws Exception {
    try (Guests guests = guests("rules: [{deny: '*.evil.example'}, {deny: evil.example}]")) {
      assertThat(guests.ask("evil.example")).contains("REFUSED");
      assertThat(guests.ask("target.evil.example")).contains("REFUSED");
      assertThat(guests.ask("good.example")).contains(GOOD);
      assertThat(connect(guests, GOOD, 8088)).contains("served");
      assertThat(connect(guests, GOOD, 853)).as("DNS over TLS").contains("No route to host");
      guests.configure("rules: [{deny: evil.example}, {allow: '" + GOOD + ":tcp/853'}]");
      assertThat(guests.askOverTls(GOOD, "good.example")).contains("status: NOERROR");
      guests.configure("rules: [{deny: " + EVIL + "}]");
      assertThat(guests.askOverTls(GOOD, "good.example"))
          .as("without a rule about names")
          .contains("status: NOERROR");
    }
  }

  @Test
  void recordsThatNameOtherAddressesAndKeysAreNotPassedOn() throws Exception {
    try (Guests guests = guests(ONLY_GOOD)) {
      for (String type : List.of("HTTPS", "SVCB")) {
        assertThat(ask(guests, "good.example -t " + type))
            .contains("NOERROR")
            .contains("ANSWER: 0");
      }
      assertThat(ask(guests, "good.example -t ANY"))
          .as("all types (RFC 8482)")
          .contains("NOERROR")
          .contains("HINFO")
          .doesNotContain(GOOD);
      assertThat(ask(guests, "evil.example -t ANY")).contains("REFUSED");
      assertThat(scene.names.queries).isEmpty();
    }
  }

  @Test
  void flowsEndWithTheRuleThatPermitsTheirName() throws Exception {
    try (Guests guests = guests(ONLY_GOOD)) {
      guests.ask("www.good.example");
      Process talk = guests.net.startGuest("socat", "-T", "20", "-", "TCP4:" + GOOD + ":8088");
      try {
        assertThat(talk.inputReader().readLine()).isEqualTo("served");
        assertThat(flows(guests)).hasSize(1);
        guests.configure("default: deny, rules: [{allow: 'www.good.example:tcp'}]");
        assertThat(flows(guests)).as("another rule for the same name").hasSize(1);
        guests.configure("default: deny, rules: [{allow: good.example}]");
        assertThat(flows(guests)).isEmpty();
        assertThat(talk.waitFor(10, TimeUnit.SECONDS)).isTrue();
      } finally {
        talk.destroyForcibly();
      }
    }
  }

  @Test
  void rulesThatAreOnlyTriedLetPassAndTell() throws Exception {
    try (Guests guests = guests(ONLY_GOOD + ", dry-run: true")) {
      assertThat(guests.ask("evil.example")).contains(EVIL);
      assertThat(connect(guests, EVIL, 8088)).contains("served");
      assertThat(connect(guests, SERVER, 443)).contains("served");
      assertThat(connect(guests, "169.254.169.254", 8088)).contains("No route to host");
      assertThat(guests.count(GatewayCount.EGRESS_WOULD_DENY)).isEqualTo(2);
    }
  }
}
