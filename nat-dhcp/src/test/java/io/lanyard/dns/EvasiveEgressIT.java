package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.dns.EgressScene.Family;
import io.lanyard.dns.EgressScene.Guests;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.nat.gateway.GatewayCount;
import io.lanyard.nat.gateway.NatNamespace;
import io.lanyard.net.Address;
import io.lanyard.testing.Await;
import java.io.BufferedReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A guest that goes round rules about names by the ways that are not names: fragments, addresses
 * that nothing led to, other resolvers, answers that have expired, aliases, and a first message of
 * TLS in many pieces. Each in both families. Needs root, and the package python3 besides those of
 * {@link EgressScene}.
 */
class EvasiveEgressIT {
  private static final String ONLY_GOOD =
      "default: deny, rules: [{allow: good.example}, {allow: '*.good.example'}]";
  private static final int OPEN = 8089;
  private static final int SHUT = 8090;
  private static final int WAIT_MILLIS = 60_000;

  @TempDir private Path folder;
  private EgressScene scene;

  @BeforeEach
  void makeTheWorld() throws Exception {
    scene = new EgressScene(folder);
  }

  @AfterEach
  void deleteTheWorld() throws Exception {
    scene.close();
  }

  /** A packet in fragments that are made by hand. */
  private record Fragmented(String how, String address, int port) {}

  private static void send(Guests guests, Fragmented... packets) throws Exception {
    List<Object> words = new ArrayList<>();
    words.add(guests.family == Family.IPV4 ? NatNamespace.GUEST : address6(guests));
    for (Fragmented packet : packets) {
      words.addAll(List.of(packet.how(), packet.address(), packet.port()));
    }
    assertThat(guests.program("fragments.py", words.toArray())).isEmpty();
  }

  private static String address6(Guests guests) throws Exception {
    String shown =
        guests.net.guest("ip", "-6", "-o", "addr", "show", "dev", "t0", "scope", "global").output();
    return shown.substring(shown.indexOf("inet6 ") + 6, shown.indexOf("/64"));
  }

  private static List<String> heardUntilEnd(DatagramSocket server) throws Exception {
    List<String> heard = new ArrayList<>();
    server.setSoTimeout(WAIT_MILLIS);
    while (true) {
      DatagramPacket packet = new DatagramPacket(new byte[9000], 9000);
      server.receive(packet);
      String said = new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
      if (said.startsWith("end")) {
        return heard;
      }
      heard.add(said.replace(".", ""));
    }
  }

  @ParameterizedTest
  @EnumSource
  void fragmentsGoByTheRulesOfTheirWholePacket(Family family) throws Exception {
    String rules = "default: deny, rules: [{allow: 'good.example:udp/" + OPEN + "'}]";
    try (Guests guests = scene.new Guests(family, rules);
        DatagramSocket open = NetworkNamespace.run(scene.internet, () -> new DatagramSocket(OPEN));
        DatagramSocket shut =
            NetworkNamespace.run(scene.internet, () -> new DatagramSocket(SHUT))) {
      assertThat(guests.ask("good.example")).contains(family.good);
      assertThat(guests.net.guest("ping", "-c1", "-W60", family.gateway).status()).isZero();
      List<Fragmented> packets = new ArrayList<>();
      for (String how : List.of("tiny", "backwards", "overlapping", "headless")) {
        packets.add(new Fragmented(how, family.evil, OPEN));
        packets.add(new Fragmented(how, family.good, SHUT));
        packets.add(new Fragmented(how, family.good, OPEN));
      }
      packets.add(new Fragmented("end", family.good, OPEN));
      send(guests, packets.toArray(Fragmented[]::new));
      assertThat(heardUntilEnd(open)).as("what is permitted").containsExactly("tiny", "backwards");
      assertThat(guests.count(GatewayCount.EGRESS_DENIED)).as("tiny and backwards").isEqualTo(4);
      // Nothing of it has come to the port that is shut: the internet's own says the end.
      try (DatagramSocket own = NetworkNamespace.run(scene.internet, () -> new DatagramSocket())) {
        byte[] end = "end".getBytes(StandardCharsets.US_ASCII);
        InetAddress here = Address.parse(family.good).toInetAddress();
        own.send(new DatagramPacket(end, end.length, here, SHUT));
      }
      assertThat(heardUntilEnd(shut)).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aConnectionThatBeginsInFragmentsGoesByTheRules(Family family) throws Exception {
    try (Guests guests = scene.new Guests(family, ONLY_GOOD)) {
      guests.ask("good.example");
      send(guests, new Fragmented("syn", family.good, EgressScene.PLAIN));
      assertThat(guests.count(GatewayCount.EGRESS_DENIED)).isZero();
      send(guests, new Fragmented("syn", family.evil, EgressScene.PLAIN));
      awaitDenials(guests, 1);
    }
  }

  private static void awaitDenials(Guests guests, long wanted) throws Exception {
    Await.until("the denials", () -> guests.count(GatewayCount.EGRESS_DENIED) >= wanted);
    assertThat(guests.count(GatewayCount.EGRESS_DENIED)).isEqualTo(wanted);
  }

  @ParameterizedTest
  @EnumSource
  void aServersNameInPiecesIsReadAsAWhole(Family family) throws Exception {
    String rules =
        "default: deny, rules: [{allow: 'good.example:tcp/8443', sni: required},"
            + " {allow: '*.good.example:tcp/8443', sni: required}]";
    try (Guests guests = scene.new Guests(family, rules)) {
      guests.ask("good.example");
      for (String how : List.of("segments", "records")) {
        assertThat(hello(guests, how, family.good, "good.example")).as(how).contains("served");
        assertThat(hello(guests, how, family.good, "evil.example"))
            .as("a lie in " + how)
            .doesNotContain("served");
        assertThat(hello(guests, how, family.evil, "good.example"))
            .as("a raw address, in " + how)
            .doesNotContain("served");
      }
    }
  }

  private static String hello(Guests guests, String how, String address, String name)
      throws Exception {
    return guests.program("hello.py", how, address, EgressScene.TLS, name);
  }

  @ParameterizedTest
  @EnumSource
  void addressesThatNoNameHasLedToAreClosedWhateverTheProtocol(Family family) throws Exception {
    try (Guests guests = scene.new Guests(family, ONLY_GOOD);
        DatagramSocket server =
            NetworkNamespace.run(scene.internet, () -> new DatagramSocket(OPEN))) {
      assertThat(guests.plain(family.good, EgressScene.PLAIN, ""))
          .as("before it asks")
          .doesNotContain("served");
      guests.ask("good.example");
      assertThat(guests.plain(family.evil, EgressScene.PLAIN, "")).doesNotContain("served");
      assertThat(guests.net.guest("ping", "-c1", "-W2", family.evil).status()).isNotZero();
      send(
          guests,
          new Fragmented("raw", family.evil, OPEN),
          new Fragmented("end", family.good, OPEN));
      assertThat(heardUntilEnd(server)).isEmpty();
      assertThat(guests.count(GatewayCount.EGRESS_DENIED)).isEqualTo(4);
      if (family == Family.IPV6) {
        // NAT64 in the host's network would translate these.
        for (String ipv4 : List.of("198.51.100.20", "10.99.0.1", "10.0.0.1")) {
          assertThat(guests.plain("64:ff9b::" + ipv4, EgressScene.PLAIN, ""))
              .as(ipv4)
              .contains("Permission denied");
        }
      }
    }
  }

  /** The servers of the internet have the addresses that a translator would reach them by. */
  @ParameterizedTest
  @ValueSource(strings = {"64:ff9b::", "64:ff9b:1::"})
  void whatATranslatorLeadsToIsJudgedByTheIpv4Rules(String prefix) throws Exception {
    String good = prefix + "198.51.100.10";
    String evil = prefix + "198.51.100.20";
    for (String address : List.of(good, evil)) {
      NatNamespace.host("ip", "-n", scene.internet, "addr", "add", address + "/128", "dev", "lo");
    }
    try (Guests guests = scene.new Guests(Family.IPV6, "rules: [{deny: 198.51.100.20}]")) {
      assertThat(guests.plain(good, EgressScene.PLAIN, "")).contains("served");
      assertThat(guests.plain(evil, EgressScene.PLAIN, "")).contains("Permission denied");
      assertThat(guests.test(evil, EgressScene.PLAIN).reason())
          .isEqualTo("rule 0, deny 198.51.100.20/32");
      assertThat(guests.test(prefix + "10.99.0.1", EgressScene.PLAIN).reason())
          .isEqualTo("an address of the host itself");
      assertThat(guests.count(GatewayCount.PROHIBITED)).isZero();
      guests.configure("default: deny, rules: [{allow: '[" + prefix + "/96]:8088'}]");
      assertThat(guests.plain(evil, EgressScene.PLAIN, "")).contains("served");
      assertThat(guests.plain(prefix + "10.99.0.1", EgressScene.PLAIN, ""))
          .as("the host itself")
          .doesNotContain("served");
    }
  }

  /** Nobody has said the prefix by hand: the site's name server says it (RFC 7050). */
  @Test
  void aSitesTranslatorsAreJudgedByTheIpv4RulesWhenTheNameServerHasSaidTheirPrefix()
      throws Exception {
    String good = "2001:db8:64::198.51.100.10";
    String evil = "2001:db8:64::198.51.100.20";
    for (String address : List.of(good, evil)) {
      NatNamespace.host("ip", "-n", scene.internet, "addr", "add", address + "/128", "dev", "lo");
    }
    JumpingClock clock = new JumpingClock();
    try (Guests guests = scene.new Guests(Family.IPV6, "rules: [{deny: 198.51.100.20}]", clock)) {
      Await.until("the question for translators", () -> asksForTranslators() == 1);
      Process talk = guests.net.startGuest("socat", "-T", "600", "-", "TCP6:[" + evil + "]:8088");
      try (BufferedReader said = talk.inputReader()) {
        assertThat(said.readLine()).as("nobody knows of translators").isEqualTo("served");
        scene.further.put("ipv4only.arpa.", "2001:db8:64::192.0.0.170");
        jump(guests, clock, 3_600);
        assertThat(talk.waitFor(60, TimeUnit.SECONDS)).as("its flow ends").isTrue();
      } finally {
        talk.destroyForcibly();
      }
      assertThat(guests.plain(evil, EgressScene.PLAIN, "")).contains("Permission denied");
      assertThat(guests.test(evil, EgressScene.PLAIN).reason())
          .isEqualTo("rule 0, deny 198.51.100.20/32");
      assertThat(guests.test("2001:db8:64::10.99.0.1", EgressScene.PLAIN).reason())
          .isEqualTo("an address of the host itself");
      assertThat(guests.plain(good, EgressScene.PLAIN, "")).contains("served");
    }
  }

  @Test
  void translatorsAreLookedForAgainWhenTheHostHasMoved() throws Exception {
    String evil = "2001:db8:64::198.51.100.20";
    NatNamespace.host("ip", "-n", scene.internet, "addr", "add", evil + "/128", "dev", "lo");
    JumpingClock clock = new JumpingClock();
    try (Guests guests = scene.new Guests(Family.IPV6, "rules: [{deny: 198.51.100.20}]", clock)) {
      Await.until("the question for translators", () -> asksForTranslators() == 1);
      assertThat(guests.plain(evil, EgressScene.PLAIN, "")).contains("served");
      scene.further.put("ipv4only.arpa.", "2001:db8:64::192.0.0.170");
      jump(guests, clock, 61);
      NatNamespace.host(
          "ip", "-n", scene.host, "addr", "add", "2001:db8:99::77/64", "dev", "vh", "nodad");
      Await.until("the question again", () -> asksForTranslators() == 2);
      Await.until(
          "the verdict",
          () -> guests.test(evil, EgressScene.PLAIN).reason().startsWith("rule 0, deny"));
      assertThat(guests.plain(evil, EgressScene.PLAIN, "")).contains("Permission denied");
    }
  }

  private long asksForTranslators() {
    return scene.names.queries.stream()
        .filter(query -> query.getQuestion().getName().toString().equals("ipv4only.arpa."))
        .count();
  }

  @Test
  void aNameOpensTheAddressThatATranslatorHasForIt() throws Exception {
    NatNamespace.host(
        "ip", "-n", scene.internet, "addr", "add", "64:ff9b::198.51.100.10/128", "dev", "lo");
    scene.aliases().of("v4.good.example.", "v4.example.", "64:ff9b::198.51.100.10");
    scene.aliases().of("in.good.example.", "in.example.", "64:ff9b::10.99.0.1");
    try (Guests guests = scene.new Guests(Family.IPV6, ONLY_GOOD)) {
      assertThat(guests.ask("v4.good.example")).contains("64:ff9b::c633:640a");
      assertThat(guests.plain("64:ff9b::198.51.100.10", 8088, "")).contains("served");
      guests.ask("in.good.example");
      assertThat(guests.test("64:ff9b::10.99.0.1", 8088).reason())
          .isEqualTo("an address of the host itself");
    }
  }

  @ParameterizedTest
  @EnumSource
  void otherResolversAreAnsweredForOrClosed(Family family) throws Exception {
    try (Guests guests = scene.new Guests(family, ONLY_GOOD)) {
      for (String way : List.of("+notcp", "+tcp")) {
        assertThat(dig(guests, family.resolver, way, "evil.example")).as(way).contains("REFUSED");
        assertThat(dig(guests, family.resolver, way, "good.example"))
            .as(way)
            .contains(family.good)
            .contains(";; SERVER: " + family.resolver + "#53");
      }
      assertThat(scene.names.queries)
          .extracting(query -> query.getQuestion().getName().toString())
          .doesNotContain("evil.example.");
      assertThat(guests.askOverTls(family.resolver, "good.example"))
          .as("over TLS")
          .doesNotContain("NOERROR");
      assertThat(guests.plain(family.resolver, 443, "")).as("HTTPS").doesNotContain("served");
    }
    // Where the default allows, a rule about names closes other ways to ask, but for HTTPS.
    String open = "rules: [{deny: '@doh:443'}, {deny: '*.evil.example'}, {deny: evil.example}]";
    try (Guests guests = scene.new Guests(family, open)) {
      assertThat(guests.ask("dns.evil.example")).as("a resolver's name").contains("REFUSED");
      assertThat(guests.plain(family.resolver, 443, "")).doesNotContain("served");
      assertThat(guests.ask("doh.good.example")).as("by another name").contains(family.resolver);
      assertThat(guests.plain(family.resolver, 443, "")).doesNotContain("served");
      assertThat(guests.askOverTls(family.good, "good.example"))
          .as("over TLS")
          .doesNotContain("NOERROR");
      assertThat(guests.plain(family.good, 443, "")).as("the web").contains("served");
      long denied = guests.count(GatewayCount.EGRESS_DENIED);
      send(
          guests,
          new Fragmented("raw", family.good, 853), // DNS over QUIC
          new Fragmented("raw", family.good, 5353),
          new Fragmented("raw", family.good, 5355),
          new Fragmented("raw", family.good, 137),
          new Fragmented("raw", family.good, OPEN));
      awaitDenials(guests, denied + 4);
      assertThat(dig(guests, family.resolver, "+tcp", "evil.example")).contains("REFUSED");
    }
    // Nor does a name that a rule permits, where the addresses are denied before.
    String named = "default: deny, rules: [{deny: '@doh:443'}, {allow: '*.good.example'}]";
    try (Guests guests = scene.new Guests(family, named)) {
      assertThat(guests.ask("doh.good.example")).contains(family.resolver);
      assertThat(guests.plain(family.resolver, 443, "")).doesNotContain("served");
      assertThat(guests.plain(family.resolver, EgressScene.PLAIN, ""))
          .as("another port")
          .contains("served");
    }
  }

  /** Options of a question carry data out as its labels do. */
  @ParameterizedTest
  @EnumSource
  void aQuestionTakesNoOptionsOutWhereRulesAreAboutNames(Family family) throws Exception {
    String data = " +ednsopt=65001:64617461 +subnet=203.0.113.0/24";
    for (String rules : List.of(ONLY_GOOD, "default: allow")) {
      scene.names.queries.clear();
      try (Guests guests = scene.new Guests(family, rules)) {
        String answer = guests.dig("@" + family.gateway + " good.example A +tries=1" + data);
        assertThat(answer).contains("status: NOERROR");
      }
      assertThat(scene.names.queries)
          .filteredOn(query -> query.getQuestion().getName().toString().equals("good.example."))
          .singleElement()
          .satisfies(query ->
              assertThat(query.getOPT().getOptions())
                  .as(rules)
                  .hasSize(rules.equals(ONLY_GOOD) ? 0 : 2));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aResolverOverTlsIsReachedWhereNoRuleIsAboutNamesOrOneNamesItsPort(Family family)
      throws Exception {
    String at = family == Family.IPV4 ? family.resolver : "[" + family.resolver + "]";
    for (String rules :
        List.of("default: allow", ONLY_GOOD.replace("]", ", {allow: '" + at + ":tcp/853'}]"))) {
      try (Guests guests = scene.new Guests(family, rules)) {
        String answer = guests.askOverTls(family.resolver, "good.example");
        assertThat(answer).as(rules).contains(family.good).contains("TLS session");
      }
    }
  }

  private static String dig(Guests guests, String server, String way, String name)
      throws Exception {
    String type = guests.family == Family.IPV4 ? "A" : "AAAA";
    return guests
        .net
        .guest("dig", "+tries=2", "+timeout=10", way, "@" + server, name, "-t", type)
        .output();
  }

  /** The system's clock with jumps. */
  private static final class JumpingClock implements Clock {
    private final AtomicLong ahead = new AtomicLong();

    @Override
    public long nanoTime() {
      return Clock.system().nanoTime() + ahead.get();
    }

    @Override
    public Instant now() {
      return Clock.system().now().plusNanos(ahead.get());
    }

    void jump(long seconds) {
      ahead.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }
  }

  @ParameterizedTest
  @EnumSource
  void anAnswerThatHasExpiredOpensNothingMoreAndKeepsWhatIsOpen(Family family) throws Exception {
    JumpingClock clock = new JumpingClock();
    try (Guests guests = scene.new Guests(family, ONLY_GOOD, clock)) {
      guests.ask("good.example");
      Process talk =
          guests.net.startGuest(
              "socat",
              "-T",
              "600",
              "-",
              (family == Family.IPV4 ? "TCP4:" : "TCP6:") + family.at(family.good, 8088));
      try (BufferedReader said = talk.inputReader();
          var says = talk.outputWriter()) {
        assertThat(said.readLine()).isEqualTo("served");
        jump(guests, clock, 61); // the answer holds for a second, and is good for a minute
        says.write("still there\n");
        says.flush();
        assertThat(said.readLine()).isEqualTo("still there");
        assertThat(guests.plain(family.good, 8088, "")).as("a new one").doesNotContain("served");
        guests.ask("good.example");
        assertThat(guests.plain(family.good, 8088, "")).as("asked anew").contains("served");
      } finally {
        talk.destroyForcibly();
      }
      // As long as it can be, and no time at all.
      guests.ask("ages.good.example");
      jump(guests, clock, 86_400 - 60);
      guests.ask("never.good.example");
      assertThat(guests.plain(family.evil, 8088, "")).contains("served");
      jump(guests, clock, 61);
      assertThat(guests.plain(family.evil, 8088, "")).as("a day later").doesNotContain("served");
    }
  }

  private static void jump(Guests guests, JumpingClock clock, long seconds) throws Exception {
    guests.net.on(() -> {
      clock.jump(seconds);
      return true;
    });
  }

  @ParameterizedTest
  @EnumSource
  void anAliasOpensItsAddressForTheNameAskedForAndNothingElseInTheAnswer(Family family)
      throws Exception {
    EgressScene.Aliases aliases = scene.aliases();
    aliases.of("alias.good.example.", "target.evil.example.", family.evil);
    aliases.of("inward.good.example.", "inward.evil.example.", family.inside());
    aliases.of("round.good.example.", "round.good.example.", null);
    aliases.besides("more.good.example.", family.resolver);
    try (Guests guests = scene.new Guests(family, ONLY_GOOD)) {
      assertThat(guests.ask("target.evil.example")).contains("REFUSED");
      guests.net.guest("dig", "+tries=2", "@" + family.gateway, "alias.good.example", "CNAME");
      guests.net.guest("dig", "+tries=2", "@" + family.gateway, "alias.good.example", "TXT");
      assertThat(guests.plain(family.evil, 8088, "")).as("not asked for").doesNotContain("served");
      assertThat(guests.ask("alias.good.example")).contains("target.evil.example", family.evil);
      assertThat(guests.plain(family.evil, 8088, "")).contains("served");
      assertThat(guests.ask("target.evil.example")).as("its target").contains("REFUSED");
      assertThat(guests.plain(family.resolver, 8088, ""))
          .as("an address beside the answer")
          .doesNotContain("served");
      guests.ask("inward.good.example");
      assertThat(guests.test(family.inside(), 8088).reason())
          .contains("but not at a private address");
      guests.ask("round.good.example");
      assertThat(guests.ask("good.example")).as("after a loop").contains(family.good);
    }
    // Where its rule wants the server's name, the target's is none that the guest asked for.
    String sni = "default: deny, rules: [{allow: '*.good.example:tcp/8443', sni: required}]";
    try (Guests guests = scene.new Guests(family, sni)) {
      guests.ask("alias.good.example");
      assertThat(guests.tls(family.evil, "alias.good.example")).contains("served");
      assertThat(guests.tls(family.evil, "target.evil.example")).doesNotContain("served");
    }
  }
}
