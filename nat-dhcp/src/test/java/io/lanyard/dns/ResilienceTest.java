package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.ExtendedErrorCodeOption;
import org.xbill.DNS.ExtendedFlags;
import org.xbill.DNS.Message;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;

/** Servers that die, answer slowly or lie; domains with servers of their own; limits. */
class ResilienceTest {
  @TempDir private Path folder;
  private @Nullable ForwarderScene scene;

  @AfterEach
  void stop() throws Exception {
    if (scene != null) {
      scene.close();
    }
  }

  private ForwarderScene open(String keys) throws Exception {
    ForwarderScene made = new ForwarderScene(folder, "dns: {hosts-file: false" + keys + "}");
    scene = made;
    return made;
  }

  private static FakeUpstream.Answer address(String address) {
    return response -> {
      try {
        response.addRecord(
            new ARecord(
                response.getQuestion().getName(), DClass.IN, 60, InetAddress.ofLiteral(address)),
            Section.ANSWER);
      } catch (RuntimeException e) {
        throw new AssertionError(e);
      }
      return response;
    };
  }

  /** Lets time pass until the servers' silence is told: what asks them runs beside the clock. */
  private static void awaitSilence(ForwarderScene net) throws Exception {
    long end = System.nanoTime() + 60_000_000_000L;
    while (LogWatch.count("event=dns-upstreams-silent") == 0 && System.nanoTime() < end) {
      net.step(Duration.ofMillis(100));
    }
  }

  private static List<String> addresses(Message answer) {
    return answer.getSection(Section.ANSWER).stream().map(Record::rdataToString).toList();
  }

  @Test
  void anAnswerIsGivenAfterItsTimeWhileNoServerAnswers() throws Exception {
    LogWatch.expect("no name server answers");
    ForwarderScene net = open("");
    net.upstream.answer = address("192.0.2.1");
    assertThat(addresses(net.ask("guest", "www.example."))).containsExactly("192.0.2.1");
    net.upstream.answer = response -> null;
    net.step(Duration.ofSeconds(61));
    net.send("guest", ForwarderScene.query("www.example.").toWire());
    net.await(() -> net.upstream.queries.size() == 2);
    net.step(Duration.ofMillis(1500));
    Message stale = net.answer("guest");
    assertThat(addresses(stale)).containsExactly("192.0.2.1");
    assertThat(stale.getSection(Section.ANSWER).getFirst().getTTL()).isEqualTo(30);
    assertThat(net.count(DnsCount.STALE)).isEqualTo(1);
    assertThat(addresses(net.ask("guest", "www.example."))).as("at once").hasSize(1);
    awaitSilence(net);
    net.step(Duration.ofHours(2));
    net.upstream.answer = address("192.0.2.2");
    assertThat(addresses(net.ask("guest", "www.example.")))
        .as("older than an hour")
        .containsExactly("192.0.2.2");
  }

  @ParameterizedTest
  @ValueSource(ints = {Rcode.SERVFAIL, Rcode.REFUSED, Rcode.FORMERR, Rcode.NOTIMP})
  void aServersFailureIsNoAnswerWhereThereIsAnOlderOne(int rcode) throws Exception {
    ForwarderScene net = open("");
    net.upstream.answer = address("192.0.2.1");
    net.ask("guest", "www.example.");
    net.step(Duration.ofSeconds(61));
    net.upstream.answer =
        response -> {
          response.getHeader().setRcode(rcode);
          return response;
        };
    assertThat(addresses(net.ask("guest", "www.example."))).containsExactly("192.0.2.1");
    assertThat(net.ask("guest", "other.example.").getRcode()).isEqualTo(rcode);
    int asked = net.upstream.queries.size();
    assertThat(net.ask("guest", "other.example.").getRcode()).isEqualTo(rcode);
    assertThat(net.upstream.queries).as("a failure is kept for a second").hasSize(asked);
  }

  @Test
  void anAnswerThatGuestsAskForIsRenewedBeforeItsTimeIsOver() throws Exception {
    ForwarderScene net = open("");
    net.upstream.answer = address("192.0.2.1");
    net.ask("guest", "www.example.");
    net.step(Duration.ofSeconds(53));
    net.ask("guest", "www.example.");
    assertThat(net.upstream.queries).hasSize(1);
    net.upstream.answer = address("192.0.2.2");
    net.step(Duration.ofSeconds(2));
    assertThat(addresses(net.ask("guest", "www.example."))).containsExactly("192.0.2.1");
    net.await(() -> net.upstream.queries.size() == 2);
    Await.until(() -> addresses(net.ask("guest", "www.example.")).contains("192.0.2.2"));
    net.step(Duration.ofSeconds(10));
    assertThat(addresses(net.ask("guest", "www.example."))).containsExactly("192.0.2.2");
    assertThat(net.upstream.queries).as("nobody waited").hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {Rcode.SERVFAIL, Rcode.REFUSED, Rcode.FORMERR, Rcode.NOTIMP})
  void anAnswerIsKeptWhoseRenewalFails(int rcode) throws Exception {
    ForwarderScene net = open("");
    net.upstream.answer = address("192.0.2.1");
    net.ask("guest", "www.example.");
    net.step(Duration.ofSeconds(55));
    net.upstream.answer =
        response -> {
          response.getHeader().setRcode(rcode);
          return response;
        };
    long end = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    while (net.count(DnsCount.RENEWED) < 2) { // the second one begins when the first has failed
      assertThat(addresses(net.ask("guest", "www.example."))).containsExactly("192.0.2.1");
      assertThat(System.nanoTime()).as("deadline").isLessThan(end);
    }
  }

  @Test
  void whatComesOfARenewalIsChargedToThePortThatHasAskedLast() throws Exception {
    ForwarderScene net = open("");
    net.upstream.answer = address("192.0.2.1");
    net.ask("first", "www.example.");
    net.step(Duration.ofSeconds(55));
    long before = net.onLoop(() -> net.charged("first"));
    net.ask("last", "www.example.");
    net.await(() -> net.charged("last") > 0);
    assertThat(net.onLoop(() -> net.charged("first"))).isEqualTo(before);
  }

  /** 16 renewals are all that there are at a time. */
  @Test
  void aPortWhoseNamesHaveSilentServersLeavesOthersTheirRenewals() throws Exception {
    ForwarderScene net = open("");
    net.upstream.answer = address("192.0.2.1");
    for (int i = 0; i < 30; i++) {
      net.ask("evil", "n" + i + ".evil.example.");
    }
    net.ask("honest", "www.example.");
    net.step(Duration.ofSeconds(55));
    net.upstream.answer = response -> null;
    for (int i = 0; i < 30; i++) {
      net.ask("evil", "n" + i + ".evil.example.");
    }
    long before = net.count(DnsCount.RENEWED);
    net.ask("honest", "www.example.");
    assertThat(net.count(DnsCount.RENEWED)).isEqualTo(before + 1);
  }

  @Test
  void theEndOfAQuestionThatNobodyAnswersIsChargedToThePortThatAsked() throws Exception {
    LogWatch.expect("dns-upstreams-silent");
    ForwarderScene net = open("");
    net.upstream.answer = response -> null;
    net.send("guest", ForwarderScene.query("www.example.").toWire());
    net.await(() -> net.upstream.queries.size() == 1);
    while (net.answers("guest").isEmpty()) {
      net.step(Duration.ofSeconds(1));
    }
    assertThat(net.answer("guest").getRcode()).isEqualTo(Rcode.SERVFAIL);
    assertThat(net.chargedLast).isTrue();
    awaitSilence(net);
  }

  private static List<Integer> extendedErrors(Message answer) {
    return answer.getOPT().getOptions(EDNSOption.Code.EDNS_EXTENDED_ERROR).stream()
        .map(option -> ((ExtendedErrorCodeOption) option).getErrorCode())
        .toList();
  }

  private Message askWithEdns(ForwarderScene net, String name) throws Exception {
    net.send("guest", ForwarderScene.padded(name, 0));
    return net.answer("guest");
  }

  @Test
  void anAnswerSaysThatItsTimeIsOverAndAFailureThatNobodyHasAnswered() throws Exception {
    LogWatch.expect("event=dns-upstreams-silent");
    ForwarderScene net = open("");
    net.upstream.answer = address("192.0.2.1");
    assertThat(extendedErrors(askWithEdns(net, "www.example."))).isEmpty();
    net.step(Duration.ofSeconds(61));
    net.upstream.answer =
        response -> {
          response.getHeader().setRcode(Rcode.SERVFAIL);
          return response;
        };
    for (int i = 0; i < 2; i++) {
      Message stale = askWithEdns(net, "www.example.");
      assertThat(addresses(stale)).containsExactly("192.0.2.1");
      assertThat(extendedErrors(stale)).containsExactly(ExtendedErrorCodeOption.STALE_ANSWER);
    }
    net.upstream.answer = response -> null;
    int before = net.upstream.queries.size();
    net.send("guest", ForwarderScene.padded("silent.example.", 0));
    net.await(() -> net.upstream.queries.size() > before);
    for (int i = 0; i < 10 && net.answers("guest").isEmpty(); i++) {
      net.step(Duration.ofSeconds(1));
    }
    Message failed = net.answer("guest");
    assertThat(failed.getRcode()).isEqualTo(Rcode.SERVFAIL);
    assertThat(extendedErrors(failed))
        .containsExactly(ExtendedErrorCodeOption.NO_REACHABLE_AUTHORITY);
    awaitSilence(net);
  }

  @Test
  void aGuestWithEdnsHearsSoWhereTheServerHasNone() throws Exception {
    ForwarderScene net = open("");
    net.upstream.answer =
        response -> {
          response.removeAllRecords(Section.ADDITIONAL);
          return address("192.0.2.1").to(response);
        };
    Message fresh = askWithEdns(net, "www.example.");
    assertThat(fresh.getOPT()).isNotNull();
    assertThat(extendedErrors(fresh)).isEmpty();
    net.step(Duration.ofSeconds(61));
    net.upstream.answer =
        response -> {
          response.getHeader().setRcode(Rcode.SERVFAIL);
          return response;
        };
    assertThat(extendedErrors(askWithEdns(net, "www.example.")))
        .containsExactly(ExtendedErrorCodeOption.STALE_ANSWER);
    assertThat(net.ask("guest", "www.example.").getOPT()).as("who speaks no EDNS").isNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, ExtendedFlags.DO})
  void theDoBitOfAQueryIsInItsAnswerWhereTheServerHasNoEdns(int flags) throws Exception {
    ForwarderScene net = open("");
    net.upstream.answer =
        response -> {
          response.removeAllRecords(Section.ADDITIONAL);
          return address("192.0.2.1").to(response);
        };
    Message query = ForwarderScene.query("www.example.");
    query.addRecord(new OPTRecord(1232, 0, 0, flags), Section.ADDITIONAL);
    for (int i = 0; i < 2; i++) { // from the server, and from the cache
      net.send("guest", query.toWire());
      assertThat(net.answer("guest").getOPT().getFlags()).isEqualTo(flags);
    }
    assertThat(net.upstream.queries).hasSize(1);
  }

  @Test
  void anAnswerIsOverWithItsTimeWhereStaleOnesAreNotServed() throws Exception {
    ForwarderScene net = open(", serve-stale: 0s");
    net.upstream.answer = address("192.0.2.1");
    net.ask("guest", "www.example.");
    net.step(Duration.ofSeconds(61));
    net.upstream.answer =
        response -> {
          response.getHeader().setRcode(Rcode.SERVFAIL);
          return response;
        };
    assertThat(net.ask("guest", "www.example.").getRcode()).isEqualTo(Rcode.SERVFAIL);
  }

  @Test
  void theServerThatAnswersIsAskedFirstAndOneThatIsBackIsFound() throws Exception {
    try (FakeUpstream one = FakeUpstream.free();
        FakeUpstream two = FakeUpstream.free()) {
      ForwarderScene net =
          open(
              ", upstreams: [\"127.0.0.1:%d\", \"127.0.0.1:%d\"]"
                  .formatted(one.port(), two.port()));
      one.answer = response -> null;
      net.send("guest", ForwarderScene.query("first.example.").toWire());
      net.await(() -> one.queries.size() == 1);
      net.step(Duration.ofMillis(1500));
      assertThat(net.answer("guest").getRcode()).isEqualTo(Rcode.NOERROR);
      assertThat(net.ask("guest", "second.example.").getRcode()).isEqualTo(Rcode.NOERROR);
      assertThat(one.queries).as("it rests").hasSize(1);
      one.answer = response -> response;
      net.step(Duration.ofSeconds(2));
      net.ask("guest", "third.example.");
      net.await(() -> one.queries.size() == 2);
      assertThat(two.queries).hasSize(3);
    }
  }

  @Test
  void aServerThatComesAndGoesCostsNoAnswerAndIsAskedAgainEachTime() throws Exception {
    try (FakeUpstream one = FakeUpstream.free();
        FakeUpstream two = FakeUpstream.free()) {
      ForwarderScene net =
          open(
              ", upstreams: [\"127.0.0.1:%d\", \"127.0.0.1:%d\"]"
                  .formatted(one.port(), two.port()));
      for (int i = 0; i < 5; i++) {
        one.answer = response -> null;
        int before = one.queries.size();
        net.send("guest", ForwarderScene.query("lost" + i + ".example.").toWire());
        net.await(() -> one.queries.size() == before + 1);
        net.step(Duration.ofMillis(1500));
        assertThat(net.answer("guest").getRcode()).as("flap " + i).isEqualTo(Rcode.NOERROR);
        for (int n = 0; n < 3; n++) {
          Message other = net.ask("guest", "down" + i + "-" + n + ".example.");
          assertThat(other.getRcode()).as("flap " + i).isEqualTo(Rcode.NOERROR);
        }
        one.answer = response -> response;
        int down = one.queries.size();
        net.step(Duration.ofMinutes(1));
        assertThat(net.ask("guest", "probe" + i + ".example.").getRcode()).isEqualTo(Rcode.NOERROR);
        net.await(() -> one.queries.size() > down);
        net.await(() -> !net.forwarder.dump().toString().contains("resting"));
        two.answer = response -> null; // the first is asked alone, or there is no answer
        net.send("guest", ForwarderScene.query("back" + i + ".example.").toWire());
        assertThat(net.answer("guest").getRcode()).as("flap " + i).isEqualTo(Rcode.NOERROR);
        two.answer = response -> response;
      }
    }
  }

  @Test
  void aDomainIsAskedOfItsOwnServers() throws Exception {
    try (FakeUpstream corp = FakeUpstream.free()) {
      ForwarderScene net =
          open(
              ", domains: {corp.example: [\"127.0.0.1:%d\"], closed.example: []}"
                  .formatted(corp.port()));
      corp.answer = address("10.9.9.9");
      net.upstream.answer = address("192.0.2.1");
      assertThat(addresses(net.ask("guest", "a.corp.example."))).containsExactly("10.9.9.9");
      assertThat(addresses(net.ask("guest", "CORP.example."))).containsExactly("10.9.9.9");
      assertThat(addresses(net.ask("guest", "notcorp.example."))).containsExactly("192.0.2.1");
      assertThat(net.ask("guest", "a.closed.example.").getRcode()).isEqualTo(Rcode.REFUSED);
      assertThat(net.upstream.queries).hasSize(1);
      net.configure("dns: {hosts-file: false}");
      assertThat(addresses(net.ask("guest", "a.corp.example.")))
          .as("what its own servers said is forgotten")
          .containsExactly("192.0.2.1");
    }
  }

  @Test
  void privateAddressesAreTakenOutOfAnswersForNamesOfOthers() throws Exception {
    ForwarderScene net = open(", rebinding-protection: true, rebinding-exceptions: [home.example]");
    for (String address :
        List.of("10.0.0.1", "192.168.127.2", "127.0.0.1", "169.254.169.254", "0.0.0.0")) {
      net.upstream.answer = address(address);
      String name = "a" + address.replace('.', '-') + ".example.";
      assertThat(addresses(net.ask("guest", name))).as(address).isEmpty();
    }
    assertThat(net.count(DnsCount.REBINDING)).isEqualTo(5);
    net.send("guest", ForwarderScene.padded("b.example.", 0));
    Message refused = net.answer("guest");
    assertThat(refused.getRcode()).isEqualTo(Rcode.REFUSED);
    assertThat(refused.getOPT().getOptions().toString())
        .as("RFC 8914: blocked")
        .contains("private addresses");
    assertThat(net.ask("guest", "b.example.").getOPT()).as("without EDNS").isNull();
    net.upstream.answer = response -> address("192.0.2.1").to(address("10.0.0.1").to(response));
    net.send("guest", ForwarderScene.padded("both.example.", 0));
    Message rest = net.answer("guest");
    assertThat(addresses(rest)).containsExactly("192.0.2.1");
    assertThat(rest.getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(rest.getOPT().getOptions().toString()).contains("private addresses");
    net.upstream.answer = address("10.0.0.1");
    assertThat(addresses(net.ask("guest", "nas.home.example."))).containsExactly("10.0.0.1");
    net.upstream.answer = address("192.0.2.1");
    assertThat(addresses(net.ask("guest", "www.example."))).containsExactly("192.0.2.1");
    net.upstream.answer = address("10.0.0.1");
    net.configure("dns: {hosts-file: false}");
    assertThat(addresses(net.ask("guest", "a10-0-0-1.example.")))
        .as("without protection")
        .containsExactly("10.0.0.1");
  }

  @Test
  void anAnswerOfWhichNothingIsLeftIsNotAskedForEachTime() throws Exception {
    ForwarderScene net = open(", rebinding-protection: true");
    net.upstream.answer = address("10.0.0.1");
    for (int i = 0; i < 5; i++) {
      assertThat(net.ask("guest", "inside.example.").getRcode()).isEqualTo(Rcode.REFUSED);
    }
    assertThat(net.upstream.queries).hasSize(1);
    net.upstream.answer = address("192.0.2.1");
    net.step(Duration.ofSeconds(11));
    assertThat(addresses(net.ask("guest", "inside.example."))).containsExactly("192.0.2.1");
  }

  @Test
  void aRefusalOfOursIsNotServedAfterItsTime() throws Exception {
    ForwarderScene net = open(", rebinding-protection: true");
    net.upstream.answer = address("10.0.0.1");
    net.ask("guest", "inside.example.");
    net.step(Duration.ofSeconds(11));
    net.upstream.answer =
        response -> {
          response.getHeader().setRcode(Rcode.SERVFAIL);
          return response;
        };
    assertThat(net.ask("guest", "inside.example.").getRcode()).isEqualTo(Rcode.SERVFAIL);
  }

  @Test
  void aPortAsksAsOftenAsItMayAndNoOtherPaysForIt() throws Exception {
    ForwarderScene net = open(", rate-limit: 10");
    for (int i = 0; i < 10; i++) {
      assertThat(net.ask("guest", "gateway.lan.").getRcode()).isEqualTo(Rcode.NOERROR);
    }
    assertThat(net.ask("guest", "gateway.lan.").getRcode()).isEqualTo(Rcode.REFUSED);
    assertThat(net.ask("other", "gateway.lan.").getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(net.count(DnsCount.RATE_LIMITED)).isEqualTo(1);
    net.step(Duration.ofMillis(100));
    assertThat(net.ask("guest", "gateway.lan.").getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(net.ask("guest", "gateway.lan.").getRcode()).isEqualTo(Rcode.REFUSED);
  }
}
