package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DumpNode;
import io.lanyard.nat.egress.Translators;
import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.gateway.TranslatorSearch;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.testing.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** The search for translators by {@code ipv4only.arpa}, with servers of the test's. */
class Nat64DiscoveryTest {
  private static final Duration SETTLED = Duration.ofSeconds(3);

  @TempDir Path folder;
  private ForwarderScene scene;
  private final Search search = new Search();

  /** Takes what is found, as a network's egress does. */
  private static final class Search implements TranslatorSearch {
    volatile boolean wanted = true;
    volatile boolean route = true;
    volatile List<String> prefixes = List.of();
    final List<List<String>> all = new ArrayList<>();

    @Override
    public boolean isWanted() {
      return wanted;
    }

    @Override
    public boolean hasRoute() {
      return route;
    }

    @Override
    public boolean found(List<Subnet> found) {
      List<String> next = found.stream().map(Subnet::toString).toList();
      boolean others = !next.equals(prefixes);
      prefixes = next;
      if (others) {
        all.add(next);
      }
      return others;
    }

    @Override
    public void listen(Runnable changed) {
      throw new AssertionError("the scene listens");
    }
  }

  @BeforeEach
  void open() throws Exception {
    scene = new ForwarderScene(folder);
    scene.translators = search;
  }

  @AfterEach
  void close() throws Exception {
    scene.close();
  }

  private static FakeUpstream.Answer answer(long seconds, String... addresses) {
    return response -> {
      Record question = response.getQuestion();
      for (String address : addresses) {
        response.addRecord(
            new AAAARecord(
                question.getName(), DClass.IN, seconds, Address.parse(address).toInetAddress()),
            Section.ANSWER);
      }
      return response;
    };
  }

  /** Has the forwarder hear that the host's addresses are others. */
  private void move() throws Exception {
    scene.onLoop(() -> {
      scene.hostMoved.run();
      return true;
    });
    scene.step(SETTLED);
  }

  private void awaitFound(String... prefixes) throws Exception {
    Await.until("the prefixes", () -> search.prefixes.equals(List.of(prefixes)));
  }

  private static void awaitQueries(FakeUpstream server, int number) throws Exception {
    Await.until(number + " questions", () -> server.queries.size() >= number);
    assertThat(server.queries).hasSize(number);
  }

  /** Waits until the answer to the last question has been taken. */
  private void awaitState(String state) throws Exception {
    Await.until("state " + state, () -> scene.onLoop(this::state).equals(state));
  }

  private String state() {
    return scene.forwarder.dump().children().stream()
        .filter(node -> node.name().equals("nat64"))
        .map(node -> String.valueOf(node.properties().get("state")))
        .findFirst()
        .orElse("none");
  }

  @Test
  void theNameServersAreAskedAndEachPrefixIsTaken() throws Exception {
    scene.upstream.answer =
        answer(600, "64:ff9b::c000:aa", "2001:db8:64::c000:aa", "64:ff9b::c000:ab");
    move();
    awaitFound("64:ff9b::/96", "2001:db8:64::/96");
    Message query = scene.upstream.queries.element();
    assertThat(query.getQuestion().getName().toString()).isEqualTo("ipv4only.arpa.");
    assertThat(query.getQuestion().getType()).isEqualTo(Type.AAAA);
    assertThat(query.getHeader().getFlag(Flags.CD))
        .as("RFC 7050 section 3: else no address would be made")
        .isFalse();
    assertThat(query.getHeader().getFlag(Flags.RD)).isTrue();
  }

  @Test
  void itIsAskedAgainTenSecondsBeforeTheAnswersTimeIsOver() throws Exception {
    scene.upstream.answer = answer(600, "2001:db8:64::c000:aa");
    move();
    awaitFound("2001:db8:64::/96");
    scene.upstream.answer = answer(600, "2001:db8:65::c000:aa");
    scene.step(Duration.ofSeconds(580));
    awaitQueries(scene.upstream, 1);
    scene.step(Duration.ofSeconds(11));
    awaitFound("2001:db8:65::/96");
    awaitQueries(scene.upstream, 2);
  }

  @Test
  void noAnswerHasItAskedMoreThanOnceInAMinuteOrLessThanOnceADay() throws Exception {
    scene.upstream.answer = answer(0, "2001:db8:64::c000:aa");
    move();
    awaitFound("2001:db8:64::/96");
    scene.step(Duration.ofSeconds(55));
    awaitQueries(scene.upstream, 1);
    scene.upstream.answer = answer(Integer.MAX_VALUE, "2001:db8:65::c000:aa");
    scene.step(Duration.ofSeconds(10));
    awaitFound("2001:db8:65::/96");
    scene.upstream.answer = answer(600, "2001:db8:66::c000:aa");
    scene.step(Duration.ofHours(23));
    awaitQueries(scene.upstream, 2);
    scene.step(Duration.ofHours(1));
    awaitFound("2001:db8:66::/96");
  }

  @Test
  void aDenialTakesThePrefixBackAndASilenceDoesNot() throws Exception {
    scene.upstream.answer = answer(100, "2001:db8:64::c000:aa");
    move();
    awaitFound("2001:db8:64::/96");
    scene.upstream.answer = response -> null;
    scene.step(Duration.ofSeconds(91));
    awaitQueries(scene.upstream, 2);
    stepUntilAnswered();
    awaitState("no-answer");
    assertThat(search.prefixes).containsExactly("2001:db8:64::/96");
    scene.upstream.answer =
        response -> {
          response.getHeader().setRcode(Rcode.SERVFAIL);
          return response;
        };
    scene.step(Duration.ofSeconds(70));
    assertThat(search.prefixes).as("a failure").containsExactly("2001:db8:64::/96");
    scene.upstream.answer =
        response -> {
          response.addRecord(
              new SOARecord(
                  Name.fromConstantString("ipv4only.arpa."),
                  DClass.IN,
                  86_400,
                  Name.root,
                  Name.root,
                  1,
                  1,
                  1,
                  1,
                  300),
              Section.AUTHORITY);
          return response;
        };
    scene.step(Duration.ofSeconds(200));
    awaitFound();
  }

  /** Lets the attempts' times pass. */
  private void stepUntilAnswered() throws Exception {
    for (int i = 0; i < 4; i++) {
      scene.step(Duration.ofSeconds(2));
    }
  }

  @Test
  void eachServerIsAskedAsOneMayKnowWhatAnotherDoesNot() throws Exception {
    FakeUpstream other = scene.upstream("192.0.2.2");
    scene.nameServers("127.0.0.1", "192.0.2.2");
    scene.upstream.answer = answer(600);
    other.answer = answer(600, "2001:db8:64::c000:aa");
    move();
    awaitFound("2001:db8:64::/96");
    assertThat(scene.upstream.queries).hasSize(1);
    assertThat(other.queries).hasSize(1);
  }

  @Test
  void otherServersAreAskedAtOnceAndWhatTheFormerSaidGoesWithTheirAnswer() throws Exception {
    scene.upstream.answer = answer(3600, "2001:db8:64::c000:aa");
    move();
    awaitFound("2001:db8:64::/96");
    FakeUpstream other = scene.upstream("192.0.2.2");
    other.answer = response -> isOurs(response) ? null : response;
    scene.nameServers("192.0.2.2");
    scene.step(Duration.ofSeconds(2));
    scene.send("guest", ForwarderScene.query("www.example.").toWire()); // has the file looked at
    Await.until("the other server", () -> !other.queries.isEmpty());
    scene.step(SETTLED);
    Await.until(
        "the question",
        () ->
            other.queries.stream()
                .anyMatch(
                    query -> query.getQuestion().getName().toString().startsWith("ipv4only")));
    stepUntilAnswered();
    awaitState("no-answer");
    assertThat(search.prefixes).as("while it is silent").containsExactly("2001:db8:64::/96");
    other.answer = answer(600);
    scene.step(Duration.ofSeconds(121));
    awaitFound();
  }

  @Test
  void aSilentServerIsAskedLessAndLessOften() throws Exception {
    scene.upstream.answer = response -> null;
    move();
    int rounds = 1;
    for (long pause : new long[] {60, 120, 240, 480, 960, 1920, 3600, 3600}) {
      awaitRound(rounds++);
      scene.step(Duration.ofSeconds(pause - 20));
      assertThat(scene.onLoop(this::state)).as("before " + pause + " s").isEqualTo("no-answer");
      scene.step(Duration.ofSeconds(21));
    }
    awaitRound(rounds);
  }

  /** Waits for the two attempts of a round, and for its end. */
  private void awaitRound(int round) throws Exception {
    awaitQueries(scene.upstream, 2 * round - 1);
    scene.step(Duration.ofSeconds(2));
    awaitQueries(scene.upstream, 2 * round);
    stepUntilAnswered();
    awaitState("no-answer");
  }

  @Test
  void nobodyIsAskedWithoutAnIpv6RouteUntilThereIsOne() throws Exception {
    search.route = false;
    scene.upstream.answer = answer(600, "2001:db8:64::c000:aa");
    move();
    awaitState("no-route");
    scene.step(Duration.ofMinutes(10));
    assertThat(scene.upstream.queries).isEmpty();
    search.route = true;
    scene.step(Duration.ofSeconds(61));
    awaitFound("2001:db8:64::/96");
  }

  @Test
  void nobodyIsAskedWhereNobodyWantsToKnow() throws Exception {
    search.wanted = false;
    move();
    scene.step(Duration.ofHours(1));
    assertThat(scene.onLoop(this::state)).isEqualTo("none");
    assertThat(scene.upstream.queries).isEmpty();
    search.wanted = true;
    scene.upstream.answer = answer(600, "2001:db8:64::c000:aa");
    move();
    awaitFound("2001:db8:64::/96");
    search.wanted = false;
    move();
    awaitFound();
    scene.step(Duration.ofHours(1));
    assertThat(scene.upstream.queries).hasSize(1);
  }

  @Test
  void aHostWhoseAddressesComeAndGoHasItAskedOnceInAMinute() throws Exception {
    scene.upstream.answer = answer(3600, "2001:db8:64::c000:aa");
    move();
    awaitFound("2001:db8:64::/96");
    scene.upstream.answer = answer(3600, "2001:db8:65::c000:aa");
    for (int i = 0; i < 19; i++) {
      move();
    }
    awaitQueries(scene.upstream, 1);
    move();
    awaitFound("2001:db8:65::/96");
    awaitQueries(scene.upstream, 2);
    scene.upstream.answer = answer(3600, "2001:db8:66::c000:aa");
    int seconds = 0;
    while (scene.onLoop(this::state).equals("known") && search.all.size() < 3) {
      assertThat(++seconds).as("seconds without a question").isLessThan(65);
      scene.onLoop(() -> {
        scene.hostMoved.run();
        return true;
      });
      scene.step(Duration.ofSeconds(1));
    }
    // Not a second more: the attempts' time would be over before the server's thread had a turn.
    awaitFound("2001:db8:66::/96");
  }

  @Test
  void theServersAreAskedAtOnceAtTheStart() throws Exception {
    scene.close();
    scene = new ForwarderScene(folder, search, ForwarderScene.WITHOUT_HOSTS_FILE);
    scene.step(Duration.ofMillis(20));
    awaitQueries(scene.upstream, 1);
  }

  @Test
  void aMoveWhileServersAreAskedHasThemAskedAgainWithinAMinute() throws Exception {
    scene.upstream.answer = response -> null;
    move();
    awaitQueries(scene.upstream, 1);
    scene.upstream.answer = answer(3600, "2001:db8:65::c000:aa");
    scene.onLoop(() -> {
      scene.hostMoved.run();
      return true;
    });
    scene.step(Duration.ofSeconds(2)); // the second attempt
    awaitFound("2001:db8:65::/96");
    awaitQueries(scene.upstream, 2);
    scene.upstream.answer = answer(3600, "2001:db8:66::c000:aa");
    scene.step(Duration.ofSeconds(61));
    awaitFound("2001:db8:66::/96");
  }

  @Test
  void withoutServersNothingIsKnownOfTranslators() throws Exception {
    scene.upstream.answer = answer(3600, "2001:db8:64::c000:aa");
    move();
    awaitFound("2001:db8:64::/96");
    scene.configure("dns: {hosts-file: false, upstreams: []}");
    scene.step(Duration.ofMillis(20));
    awaitState("no-servers");
    awaitFound();
  }

  @Test
  void oneServerSaysAFewPrefixesAtMost() throws Exception {
    String[] many = new String[60];
    for (int i = 0; i < many.length; i++) {
      many[i] = "2001:db8:%x::c000:aa".formatted(i);
    }
    scene.upstream.answer = answer(600, many);
    move();
    Await.until("prefixes", () -> !search.prefixes.isEmpty());
    assertThat(search.prefixes).hasSize(8);
  }

  @Test
  void theDumpSaysWhatEachServerHasSaid() throws Exception {
    scene.upstream.answer = answer(600, "2001:db8:64::c000:aa");
    move();
    awaitFound("2001:db8:64::/96");
    DumpNode dump = scene.onLoop(scene.forwarder::dump);
    assertThat(dump.toString()).contains("nat64", "known", "2001:db8:64::/96");
  }

  @Test
  void aForwarderThatEndsTakesWhatItHasFoundBack() throws Exception {
    scene.upstream.answer = answer(600, "2001:db8:64::c000:aa");
    move();
    awaitFound("2001:db8:64::/96");
    scene.onLoop(() -> {
      scene.forwarder.close();
      return true;
    });
    awaitFound();
    scene.step(Duration.ofHours(1));
    assertThat(scene.upstream.queries).hasSize(1);
  }

  /** A policy whose translators have a prefix that the configuration says. */
  private static NamePolicy translating(String... prefixes) {
    return by(new Translators(Stream.of(prefixes).map(Subnet::parse).toList(), List.of()));
  }

  private static NamePolicy by(Translators translators) {
    return new NamePolicy() {
      @Override
      public Question question(PortBudget port, String name, int type) {
        return Question.ASKED;
      }

      @Override
      public boolean isPrivate(Address address) {
        return translators.isPrivate(address.high(), address.low());
      }

      @Override
      public void told(PortBudget port, String name, Address address, long seconds) {
        // Nothing depends on it.
      }
    };
  }

  private List<String> ask(String name, String... addresses) throws Exception {
    scene.upstream.answer = answer(600, addresses);
    scene.send("guest", ForwarderScene.query(name, Type.AAAA).toWire());
    return scene.answer("guest").getSection(Section.ANSWER).stream()
        .map(each -> Address.of(((AAAARecord) each).getAddress()).toString())
        .toList();
  }

  @Test
  void addressesThatTranslatorsMakePrivateOnesAreTakenOutOfAnswers() throws Exception {
    scene.configure("dns: {hosts-file: false, rebinding-protection: true}");
    scene.rules = translating("2001:db8:64::/96", "64:ff9b:1:7::/64");
    assertThat(ask("a.example.", "2001:db8:64::10.0.0.1")).isEmpty();
    assertThat(ask("b.example.", "64:ff9b:1:7:a:0:100::")).as("10.0.0.1").isEmpty();
    assertThat(ask("c.example.", "2001:db8:64::127.0.0.1", "2001:db8:64::198.51.100.1"))
        .containsExactly("2001:db8:64::c633:6401");
    assertThat(ask("d.example.", "64:ff9b:1:7:c6:3364:100::"))
        .as("198.51.100.1 behind the site's own prefix")
        .containsExactly("64:ff9b:1:7:c6:3364:100:0");
    assertThat(ask("e.example.", "64:ff9b:1:8:c6:3364:100::"))
        .as("a prefix that nobody has said")
        .isEmpty();
    assertThat(ask("f.example.", "64:ff9b::10.0.0.1")).isEmpty();
  }

  /** Prefixes that were found close and do not open. */
  @Test
  void addressesThatFoundTranslatorsMakePrivateOnesAreTakenOutOfAnswers() throws Exception {
    scene.configure("dns: {hosts-file: false, rebinding-protection: true}");
    scene.upstream.answer = answer(600, "2001:db8:64::c000:aa", "2001:db8:7:7:c0:0:aa00::");
    move();
    awaitFound("2001:db8:7:7::/64", "2001:db8:64::/96");
    scene.rules =
        by(new Translators(List.of(), search.prefixes.stream().map(Subnet::parse).toList()));
    for (String inside : List.of("10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.127.2")) {
      assertThat(ask("a" + inside + ".example.", "2001:db8:64::" + inside)).as(inside).isEmpty();
    }
    assertThat(ask("b.example.", "2001:db8:7:7:a:0:100::")).as("10.0.0.1").isEmpty();
    assertThat(ask("c.example.", "2001:db8:64::198.51.100.1", "2001:db8:65::10.0.0.1"))
        .as("in the world, and beside the prefix")
        .hasSize(2);
  }

  @Test
  void guestsFindTranslatorsThroughProtectionAgainstRebinding() throws Exception {
    scene.configure("dns: {hosts-file: false, rebinding-protection: true}");
    assertThat(ask("ipv4only.arpa.", "64:ff9b:1::192.0.0.170", "fd64::192.0.0.171", "fd00::1"))
        .containsExactly("64:ff9b:1::c000:aa", "fd64::c000:ab");
    assertThat(ask("other.arpa.", "64:ff9b:1::192.0.0.170")).isEmpty();
  }

  @Test
  void answersAreLookedAtAgainWhenTranslatorsAreFound() throws Exception {
    scene.configure("dns: {hosts-file: false, rebinding-protection: true}");
    scene.rules = translating();
    assertThat(ask("a.example.", "2001:db8:64::10.0.0.1")).hasSize(1);
    scene.rules = translating("2001:db8:64::/96");
    scene.upstream.answer =
        response ->
            answer(600, "2001:db8:64::" + (isOurs(response) ? "c000:aa" : "a00:1")).to(response);
    move();
    awaitFound("2001:db8:64::/96");
    scene.send("guest", ForwarderScene.query("a.example.", Type.AAAA).toWire());
    assertThat(scene.answer("guest").getRcode()).isEqualTo(Rcode.REFUSED);
  }

  private static boolean isOurs(Message response) {
    return response.getQuestion().getName().toString().equals("ipv4only.arpa.");
  }
}
