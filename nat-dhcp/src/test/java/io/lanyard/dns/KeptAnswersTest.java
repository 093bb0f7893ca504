package io.lanyard.dns;

import static io.lanyard.dns.ForwarderScene.query;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Answers and denials are kept for their time (RFC 2308), and failures for a second. */
class KeptAnswersTest extends QuestionScene {
  @Test
  void answersAreKeptForTheirTimeAndTheTimesCountDown() throws Exception {
    upstream.answer =
        r -> {
          r.addRecord(a(r.getQuestion().getName(), 100, "192.0.2.1"), Section.ANSWER);
          return r;
        };
    ask("cached.example.", Type.A);
    scene.step(Duration.ofSeconds(40));
    Message later = ask("cached.example.", Type.A);
    assertThat(later.getSection(Section.ANSWER).getFirst().getTTL()).isEqualTo(60);
    assertThat(upstream.queries).hasSize(1);
    scene.step(Duration.ofSeconds(61));
    ask("cached.example.", Type.A);
    assertThat(upstream.queries).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({"60, 60", "86400, 86400", "604800, 86400", "2147483647, 86400"})
  void noAnswerHoldsLongerThanItsAddressMayBeUsed(long said, long passed) throws Exception {
    upstream.answer =
        r -> {
          r.addRecord(a(r.getQuestion().getName(), said, "192.0.2.1"), Section.ANSWER);
          return r;
        };
    assertThat(ask("ages.example.", Type.A).getSection(Section.ANSWER).getFirst().getTTL())
        .isEqualTo(passed);
  }

  @Test
  void denialsAreKeptAsLongAsTheSoaSays() throws Exception {
    Name zone = Name.fromString("example.");
    upstream.answer =
        r -> {
          r.getHeader().setRcode(Rcode.NXDOMAIN);
          r.addRecord(
              new SOARecord(zone, DClass.IN, 3600, zone, zone, 1, 2, 3, 4, 30), Section.AUTHORITY);
          return r;
        };
    assertThat(ask("no.example.", Type.A).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    scene.step(Duration.ofSeconds(29));
    assertThat(ask("no.example.", Type.A).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    assertThat(upstream.queries).hasSize(1);
    scene.step(Duration.ofSeconds(2));
    ask("no.example.", Type.A);
    assertThat(upstream.queries).hasSize(2);
  }

  @Test
  void aDenialWithoutSoaIsNotKept() throws Exception {
    upstream.answer =
        r -> {
          r.getHeader().setRcode(Rcode.NXDOMAIN);
          return r;
        };
    ask("no.example.", Type.A);
    ask("no.example.", Type.A);
    assertThat(upstream.queries).hasSize(2);
  }

  @Test
  void theSameQuestionIsAskedUpstreamOnce() throws Exception {
    upstream.answer = r -> null;
    scene.send("one", query("slow.example.", Type.A).toWire());
    scene.send("two", query("SLOW.example.", Type.A).toWire());
    scene.await(() -> !upstream.queries.isEmpty());
    assertThat(scene.count(DnsCount.MERGED)).isEqualTo(1);
    assertThat(scene.count(DnsCount.UPSTREAM_UDP)).isEqualTo(1);
    upstream.answer = r -> r;
    scene.step(Duration.ofSeconds(2)); // The second attempt is answered.
    assertThat(scene.answer("one").getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(scene.answer("two").getRcode()).isEqualTo(Rcode.NOERROR);
  }

  @Test
  void aChangedResolvConfIsFollowedAndTheCacheForgotten() throws Exception {
    upstream.answer =
        r -> {
          r.addRecord(a(r.getQuestion().getName(), 600, "192.0.2.1"), Section.ANSWER);
          return r;
        };
    ask("vpn.example.", Type.A);
    FakeUpstream vpn = scene.upstream("127.0.0.4");
    vpn.answer =
        r -> {
          r.addRecord(a(r.getQuestion().getName(), 600, "10.9.9.9"), Section.ANSWER);
          return r;
        };
    scene.nameServers("127.0.0.4");
    scene.step(Duration.ofSeconds(2));
    ask("else.example.", Type.A);
    assertThat(data(ask("vpn.example.", Type.A), Section.ANSWER)).containsExactly("10.9.9.9");
  }

  @Test
  void aFailureIsKeptForASecondSoThatDeadServersAreLeftInPeace() throws Exception {
    upstream.answer =
        r -> {
          r.getHeader().setRcode(Rcode.SERVFAIL);
          return r;
        };
    assertThat(ask("broken.example.", Type.A).getRcode()).isEqualTo(Rcode.SERVFAIL);
    int asked = upstream.queries.size();
    assertThat(ask("broken.example.", Type.A).getRcode()).isEqualTo(Rcode.SERVFAIL);
    assertThat(upstream.queries).hasSize(asked);
    scene.step(Duration.ofSeconds(1));
    ask("broken.example.", Type.A);
    assertThat(upstream.queries.size()).isGreaterThan(asked);
  }

  @Test
  void aDenialAtTheEndOfACnameIsKeptAsLongAsTheSoaSays() throws Exception {
    Name zone = Name.fromString("example.");
    upstream.answer =
        r -> {
          r.addRecord(
              new CNAMERecord(
                  r.getQuestion().getName(),
                  DClass.IN,
                  600,
                  Name.fromConstantString("end.example.")),
              Section.ANSWER);
          r.addRecord(
              new SOARecord(zone, DClass.IN, 3600, zone, zone, 1, 2, 3, 4, 30), Section.AUTHORITY);
          return r;
        };
    ask("alias.example.", Type.AAAA);
    scene.step(Duration.ofSeconds(29));
    assertThat(ask("alias.example.", Type.AAAA).getSection(Section.ANSWER)).hasSize(1);
    assertThat(upstream.queries).hasSize(1);
    scene.step(Duration.ofSeconds(2));
    ask("alias.example.", Type.AAAA);
    assertThat(upstream.queries).hasSize(2);
  }
}
