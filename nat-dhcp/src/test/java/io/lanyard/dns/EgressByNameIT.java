package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dns.EgressScene.Family;
import io.lanyard.dns.EgressScene.Guests;
import io.lanyard.nat.flow.FlowRecord;
import io.lanyard.nat.gateway.GatewayCount;
import io.lanyard.net.Address;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** Rules about names, and a guest that tries to get round them, by IPv4 and IPv6. Needs root. */
class EgressByNameIT {
  private static final String SERVER = EgressScene.SERVER;
  private static final String GOOD = Family.IPV4.good;
  private static final String EVIL = Family.IPV4.evil;

  private static Map<String, String> addresses(Family family) {
    return Map.of(
        "good.example.", family.good,
        "www.good.example.", family.good,
        "evil.example.", family.evil,
        "trap.good.example.", server(family),
        "metadata.good.example.", metadata(family),
        "gateway.good.example.", family.gateway,
        "loopback.good.example.", family == Family.IPV4 ? "127.0.0.1" : "::1",
        "target.evil.example.", family.evil);
  }

  /** The name server's address, which nobody is told for a name; private in IPv4. */
  private static String server(Family family) {
    return family == Family.IPV4 ? SERVER : "2001:db8:99::2";
  }

  private static String metadata(Family family) {
    return family == Family.IPV4 ? "169.254.169.254" : "fd00:ec2::254";
  }

  /** A client's word for what the gateway prohibits. */
  private static String denied(Family family) {
    return family == Family.IPV4 ? "No route to host" : "Permission denied";
  }

  /** An address as rules have it. */
  private static String rule(String address) {
    return address.indexOf(':') < 0 ? address : "[" + address + "]";
  }

  private static final String ONLY_GOOD =
      "default: deny, rules: [{allow: 'good.example:tcp/8088'}, {allow:"
          + " '*.good.example:tcp/8088'}]";

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
      } else if (question.getType() == Type.TXT) {
        response.addRecord(new TXTRecord(asked, DClass.IN, 300, "reply"), Section.ANSWER);
      } else {
        for (Family family : Family.values()) {
          String address = addresses(family).get(name);
          if (address != null && question.getType() == family.type) {
            add(response, asked, address);
          }
        }
      }
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
    return response;
  }

  private static void add(Message response, Name name, String address) {
    InetAddress at = Address.parse(address).toInetAddress();
    Record record =
        at instanceof Inet4Address
            ? new ARecord(name, DClass.IN, 300, at)
            : new AAAARecord(name, DClass.IN, 300, at);
    response.addRecord(record, Section.ANSWER);
  }

  @AfterEach
  void deleteTheWorld() throws Exception {
    scene.close();
  }

  private Guests guests(String egress) throws Exception {
    return guests(Family.IPV4, egress);
  }

  private Guests guests(Family family, String egress) throws Exception {
    return scene.new Guests(family, egress);
  }

  private static String dig(Guests guests, String... words) throws Exception {
    return guests.dig(String.join(" ", words));
  }

  /** Asks the gateway; the words are a name and a type. */
  private static String ask(Guests guests, String words) throws Exception {
    return dig(guests, "@" + guests.family.gateway, "+noall +answer +comments", words);
  }

  private static String connect(Guests guests, String address, int port) throws Exception {
    return guests.plain(address, port, "");
  }

  private static List<FlowRecord> flows(Guests guests) throws Exception {
    return guests.net.on(() -> guests.net.nat.listFlows());
  }

  /** All names that were asked for but the network's own, seconds after its start. */
  private List<String> askedForGuests() {
    return scene.names.queries.stream()
        .map(query -> query.getQuestion().getName().toString())
        .filter(name -> !name.equals("ipv4only.arpa."))
        .toList();
  }

  private boolean wasAsked(String name) {
    return scene.names.queries.stream()
        .anyMatch(query -> query.getQuestion().getName().toString().equalsIgnoreCase(name));
  }

  @ParameterizedTest
  @EnumSource
  void aNameOpensTheAddressThatTheGuestWasToldAndItsPortsAlone(Family family) throws Exception {
    try (Guests guests = guests(family, ONLY_GOOD)) {
      assertThat(connect(guests, family.good, 8088)).as("before it asks").contains(denied(family));
      assertThat(guests.ask("good.example")).contains(family.good);
      assertThat(connect(guests, family.good, 8088)).contains("served");
      assertThat(connect(guests, family.good, 443)).as("another port").contains(denied(family));
      assertThat(connect(guests, family.evil, 8088)).as("a raw address").contains(denied(family));
      assertThat(guests.net.guest("ping", "-c1", "-W2", family.good).status()).isNotZero();
      assertThat(guests.count(GatewayCount.EGRESS_DENIED)).isGreaterThanOrEqualTo(4);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aNameThatNoRuleHasIsNotEvenAskedWhateverTheType(Family family) throws Exception {
    try (Guests guests = guests(family, ONLY_GOOD)) {
      assertThat(guests.ask("evil.example")).contains("REFUSED");
      assertThat(ask(guests, "c2VjcmV0.evil.example -t TXT")).contains("REFUSED");
      assertThat(ask(guests, "notgood.example -t MX")).contains("REFUSED");
      assertThat(guests.ask("good.example.evil.example")).contains("REFUSED");
      assertThat(ask(guests, "-x 9.9.9.9")).contains("REFUSED");
      assertThat(askedForGuests()).isEmpty();
      assertThat(ask(guests, "data.good.example -t TXT")).contains("reply");
      assertThat(dig(guests, "@" + family.gateway, "evil.example"))
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

  @ParameterizedTest
  @EnumSource
  void aDeniedNameIsNotAskedWhereTheDefaultAllowsAndOtherWaysToAskAreClosed(Family family)
      throws Exception {
    try (Guests guests =
        guests(family, "rules: [{deny: '*.evil.example'}, {deny: evil.example}]")) {
      assertThat(guests.ask("evil.example")).contains("REFUSED");
      assertThat(guests.ask("target.evil.example")).contains("REFUSED");
      assertThat(guests.ask("good.example")).contains(family.good);
      assertThat(connect(guests, family.good, 8088)).contains("served");
      assertThat(connect(guests, family.good, 853)).as("DNS over TLS").contains(denied(family));
      guests.configure(
          "rules: [{deny: evil.example}, {allow: '" + rule(family.good) + ":tcp/853'}]");
      assertThat(guests.askOverTls(family.good, "good.example")).contains("status: NOERROR");
      guests.configure("rules: [{deny: '" + family.evil + "'}]");
      assertThat(guests.askOverTls(family.good, "good.example"))
          .as("without a rule about names")
          .contains("status: NOERROR");
    }
  }

  @ParameterizedTest
  @EnumSource
  void recordsThatNameOtherAddressesAndKeysAreNotPassedOn(Family family) throws Exception {
    try (Guests guests = guests(family, ONLY_GOOD)) {
      for (String type : List.of("HTTPS", "SVCB")) {
        assertThat(ask(guests, "good.example -t " + type))
            .contains("NOERROR")
            .contains("ANSWER: 0");
      }
      assertThat(ask(guests, "good.example -t ANY"))
          .as("all types (RFC 8482)")
          .contains("NOERROR")
          .contains("HINFO")
          .doesNotContain(family.good);
      assertThat(ask(guests, "evil.example -t ANY")).contains("REFUSED");
      assertThat(askedForGuests()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void flowsEndWithTheRuleThatPermitsTheirName(Family family) throws Exception {
    try (Guests guests = guests(family, ONLY_GOOD)) {
      guests.ask("www.good.example");
      String kind = family == Family.IPV4 ? "TCP4:" : "TCP6:";
      Process talk =
          guests.net.startGuest("socat", "-T", "600", "-", kind + family.at(family.good, 8088));
      try {
        assertThat(talk.inputReader().readLine()).isEqualTo("served");
        assertThat(flows(guests)).hasSize(1);
        guests.configure("default: deny, rules: [{allow: 'www.good.example:tcp'}]");
        assertThat(flows(guests)).as("another rule for the same name").hasSize(1);
        guests.configure("default: deny, rules: [{allow: good.example}]");
        assertThat(flows(guests)).isEmpty();
        assertThat(talk.waitFor(60, TimeUnit.SECONDS)).isTrue();
      } finally {
        talk.destroyForcibly();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void flowsThatTheDefaultPermitsGoByTheirNamesWhenRulesCome(Family family) throws Exception {
    try (Guests guests = guests(family, "rules: [{deny: evil.example}]")) {
      guests.ask("www.good.example");
      String kind = family == Family.IPV4 ? "TCP4:" : "TCP6:";
      Process talk =
          guests.net.startGuest("socat", "-T", "600", "-", kind + family.at(family.good, 8088));
      try {
        assertThat(talk.inputReader().readLine()).isEqualTo("served");
        guests.configure("default: deny, rules: [{allow: www.good.example}]");
        assertThat(flows(guests)).as("its name is permitted").hasSize(1);
        guests.configure("rules: [{deny: www.good.example}]");
        assertThat(flows(guests)).as("its name is denied").isEmpty();
        assertThat(talk.waitFor(60, TimeUnit.SECONDS)).isTrue();
      } finally {
        talk.destroyForcibly();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void rulesThatAreOnlyTriedLetPassAndTell(Family family) throws Exception {
    try (Guests guests = guests(family, ONLY_GOOD + ", dry-run: true")) {
      assertThat(guests.ask("evil.example")).contains(family.evil);
      assertThat(connect(guests, family.evil, 8088)).contains("served");
      assertThat(connect(guests, server(family), 443)).contains("served");
      assertThat(connect(guests, metadata(family), 8088)).contains(denied(family));
      assertThat(guests.count(GatewayCount.EGRESS_WOULD_DENY)).isEqualTo(2);
    }
  }
}
