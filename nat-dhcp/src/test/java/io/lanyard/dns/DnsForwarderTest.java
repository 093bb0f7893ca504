package io.lanyard.dns;

import static io.lanyard.dns.ForwarderScene.query;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.station.TestStations;
import io.lanyard.testing.LogWatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.ExtendedFlags;
import org.xbill.DNS.Flags;
import org.xbill.DNS.HTTPSRecord;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** The forwarder passes questions and answers on, and turns down what is none. */
class DnsForwarderTest extends QuestionScene {
  // Upstream

  @Test
  void theCaseOfTheNameComesBackAsItWasSent() throws Exception {
    upstream.answer =
        r -> {
          r.addRecord(a(r.getQuestion().getName(), 60, "192.0.2.1"), Section.ANSWER);
          return r;
        };
    assertThat(ask("wWw.eXample.org.", Type.A).getQuestion().getName().toString())
        .isEqualTo("wWw.eXample.org.");
    Message cached = ask("WwW.ExAmple.org.", Type.A);
    assertThat(cached.getQuestion().getName().toString()).isEqualTo("WwW.ExAmple.org.");
    assertThat(cached.getSection(Section.ANSWER).getFirst().getName().toString())
        .isEqualTo("WwW.ExAmple.org.");
    assertThat(upstream.queries).hasSize(1);
  }

  @Test
  void flagsPassBothWays() throws Exception {
    Message query = query("flags.example.", Type.A);
    query.getHeader().setFlag(Flags.CD);
    query.getHeader().setFlag(Flags.AD);
    query.addRecord(new OPTRecord(4096, 0, 0, ExtendedFlags.DO), Section.ADDITIONAL);
    Message response = ask(query);
    Message seen = upstream.queries.remove();
    assertThat(seen.getHeader().getFlag(Flags.RD)).isTrue();
    assertThat(seen.getHeader().getFlag(Flags.CD)).isTrue();
    assertThat(seen.getHeader().getFlag(Flags.AD)).isTrue();
    assertThat(seen.getOPT().getFlags() & ExtendedFlags.DO).isNotZero();
    assertThat(response.getHeader().getFlag(Flags.CD)).isTrue();
    assertThat(response.getHeader().getFlag(Flags.AD)).isTrue();
    assertThat(response.getOPT().getFlags() & ExtendedFlags.DO).isNotZero();
    assertThat(response.getOPT().getPayloadSize()).isEqualTo(1232);

    Message plain = query("plain.example.", Type.A);
    plain.getHeader().unsetFlag(Flags.RD);
    assertThat(ask(plain).getOPT()).isNull();
    assertThat(upstream.queries.remove().getHeader().getFlag(Flags.RD)).isFalse();
  }

  @Test
  void answersOfOthersAreNoAuthorityAndOfferRecursion() throws Exception {
    upstream.answer =
        r -> {
          r.getHeader().setFlag(Flags.AA);
          r.getHeader().unsetFlag(Flags.RA);
          r.addRecord(a(r.getQuestion().getName(), 60, "192.0.2.1"), Section.ANSWER);
          return r;
        };
    for (String when : List.of("fresh", "cached")) {
      Message answer = ask("www.example.org.", Type.A);
      assertThat(answer.getHeader().getFlag(Flags.AA)).as(when).isFalse();
      assertThat(answer.getHeader().getFlag(Flags.RA)).as(when).isTrue();
    }
    assertThat(upstream.queries).hasSize(1);
    assertThat(ask("gateway.lan.", Type.A).getHeader().getFlag(Flags.AA)).isTrue();
  }

  @Test
  void everyRecordTypePassesThrough() throws Exception {
    Name name = Name.fromString("types.example.");
    Map<Integer, String> records = RecordSamples.all();
    for (Map.Entry<Integer, String> sample : records.entrySet()) {
      Record record =
          Record.fromString(name, sample.getKey(), DClass.IN, 60, sample.getValue(), Name.root);
      upstream.answer =
          r -> {
            r.addRecord(record, Section.ANSWER);
            return r;
          };
      Message response = ask("types.example.", sample.getKey());
      assertThat(response.getSection(Section.ANSWER))
          .as(Type.string(sample.getKey()))
          .containsExactly(record);
    }
    assertThat(records).hasSizeGreaterThan(40);
  }

  @Test
  void recordsOfServicesComeWhereTheyAreAskedForAndNowhereElse() throws Exception {
    upstream.answer =
        response -> {
          Name name = response.getQuestion().getName();
          for (int section : new int[] {Section.ANSWER, Section.AUTHORITY, Section.ADDITIONAL}) {
            response.addRecord(service(name), section);
          }
          response.addRecord(a(name, 60, "192.0.2.1"), Section.ANSWER);
          return response;
        };
    Message address = ask("www.example.com.", Type.A);
    assertThat(data(address, Section.ANSWER)).containsExactly("192.0.2.1");
    assertThat(address.getSection(Section.AUTHORITY)).isEmpty();
    assertThat(address.getSection(Section.ADDITIONAL)).allMatch(each -> each.getType() == Type.OPT);
    assertThat(ask("www.example.com.", Type.HTTPS).getSection(Section.ANSWER)).hasSize(2);
    assertThat(ask("www.example.com.", Type.ANY).getSection(Section.ANSWER)).hasSize(2);
  }

  private static Record service(Name name) {
    return new HTTPSRecord(name, DClass.IN, 60, 1, Name.root, List.of());
  }

  @Test
  void theNextServerIsAskedWhenTheFirstIsSilent() throws Exception {
    FakeUpstream second = scene.upstream("127.0.0.2");
    scene.nameServers("127.0.0.1", "127.0.0.2");
    upstream.answer = r -> null;
    send(query("failover.example.", Type.A).toWire());
    scene.await(() -> !upstream.queries.isEmpty());
    scene.step(Duration.ofMillis(1600));
    assertThat(receive().getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(second.queries).hasSize(1);
    ask("other.example.", Type.A); // The server that answered last is asked first.
    assertThat(upstream.queries).hasSize(1);
  }

  @Test
  void aServerThatIsNotThereOrRefusesIsPassedOverAtOnce() throws Exception {
    FakeUpstream refusing = scene.upstream("127.0.0.3");
    refusing.answer =
        r -> {
          r.getHeader().setRcode(Rcode.REFUSED);
          return r;
        };
    scene.nameServers("127.0.0.9", "127.0.0.3", "127.0.0.1"); // Nobody listens at the first.
    assertThat(ask("dead.example.", Type.A).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(refusing.queries).hasSize(1);
  }

  @Test
  void aRefusalOfEveryServerReachesTheGuest() throws Exception {
    upstream.answer =
        r -> {
          r.getHeader().setRcode(Rcode.REFUSED);
          return r;
        };
    assertThat(ask("refused.example.", Type.A).getRcode()).isEqualTo(Rcode.REFUSED);
  }

  @Test
  void servfailWhenNobodyAnswers() throws Exception {
    LogWatch.expect("dns-upstreams-silent");
    upstream.answer = r -> null;
    send(query("silence.example.", Type.A).toWire());
    scene.await(() -> !upstream.queries.isEmpty());
    scene.step(Duration.ofSeconds(2));
    scene.await(() -> upstream.queries.size() == 3); // The root is asked for too.
    scene.step(Duration.ofSeconds(7));
    assertThat(receive().getRcode()).isEqualTo(Rcode.SERVFAIL);
  }

  private void answerWithTwoKilobytes() {
    String filler = "x".repeat(250);
    upstream.answer =
        r -> {
          for (int i = 0; i < 8; i++) {
            r.addRecord(
                new TXTRecord(r.getQuestion().getName(), DClass.IN, 60, i + filler),
                Section.ANSWER);
          }
          return r;
        };
  }

  @Test
  void aTruncatedAnswerIsFetchedOverTcp() throws Exception {
    answerWithTwoKilobytes();
    Message small = ask("big.example.", Type.TXT);
    assertThat(small.getHeader().getFlag(Flags.TC)).isTrue();
    assertThat(small.numBytes()).isLessThanOrEqualTo(512);
    assertThat(scene.count(DnsCount.UPSTREAM_TCP)).isEqualTo(1);
    List<byte[]> whole = new ArrayList<>();
    byte[] query = query("big.example.", Type.TXT).toWire();
    scene.onLoop(() -> {
      scene.forwarder.receiveFromStream(query, TestStations.station("guest", 1), whole::add);
      return true;
    });
    Message stream = new Message(whole.getFirst());
    assertThat(stream.getHeader().getFlag(Flags.TC)).isFalse();
    assertThat(stream.getSection(Section.ANSWER)).hasSize(8);
  }

  @ParameterizedTest
  @ValueSource(strings = {"identifier", "opcode", "questions"})
  void anAnswerToAnotherQuestionIsNotBelieved(String differs) throws Exception {
    int question = query("spoof.example.", Type.A).toWire().length - Header.LENGTH;
    upstream.bytes =
        wire -> {
          switch (differs) {
            case "identifier" -> wire[1] ^= 1;
            case "opcode" -> wire[2] |= 2 << 3;
            default -> {
              byte[] twice = Arrays.copyOf(wire, wire.length + question);
              System.arraycopy(
                  wire,
                  Header.LENGTH,
                  twice,
                  Header.LENGTH + question,
                  wire.length - Header.LENGTH);
              twice[5] = 2;
              return twice;
            }
          }
          return wire;
        };
    send(query("spoof.example.", Type.A).toWire());
    scene.await(() -> scene.forwarder.counters().get(DnsCount.UPSTREAM_MISMATCH) == 1);
    assertThat(scene.answers(GUEST)).isEmpty();
    upstream.bytes = wire -> wire;
    scene.step(Duration.ofSeconds(2));
    assertThat(receive().getRcode()).isEqualTo(Rcode.NOERROR);
  }

  @Test
  void aServerWithoutEdnsIsAskedWithout() throws Exception {
    upstream.answer =
        r -> {
          if (r.getOPT() != null) {
            r.removeRecord(r.getOPT(), Section.ADDITIONAL);
            r.getHeader().setRcode(Rcode.FORMERR);
          }
          return r;
        };
    Message query = query("old.example.", Type.A);
    query.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    assertThat(ask(query).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(upstream.queries).hasSize(2);
  }

  @Test
  void namesWhoseServersAreSilentDoNotFillTheLog() throws Exception {
    LogWatch.expect("dns-upstreams-silent");
    scene.nameServers("127.0.0.9");
    for (int i = 0; i < 20; i++) {
      assertThat(ask("dead" + i + ".example.", Type.A).getRcode()).isEqualTo(Rcode.SERVFAIL);
      if (i == 0) {
        scene.await(() -> !scene.forwarder.problem().isEmpty());
      }
      scene.nameServers("127.0.0.1");
      scene.step(Duration.ofSeconds(2));
      ask("good" + i + ".example.", Type.A);
      scene.nameServers("127.0.0.9");
      scene.step(Duration.ofMillis(500));
      scene.step(Duration.ofMillis(500));
    }
    assertThat(LogWatch.count("dns-upstreams-silent")).isEqualTo(1);
  }

  @Test
  void aTruncatedAnswerStillSpeaksEdns() throws Exception {
    answerWithTwoKilobytes();
    Message query = query("big.example.", Type.TXT);
    query.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    Message response = ask(query);
    assertThat(response.getHeader().getFlag(Flags.TC)).isTrue();
    assertThat(response.numBytes()).isLessThanOrEqualTo(1232);
    assertThat(response.getOPT()).isNotNull();
  }

  @Test
  void anAnswerInADatagramFitsTheMtuOfTheGuestsPort() throws Exception {
    scene.port("narrow", 1000);
    upstream.answer =
        r -> {
          for (int i = 0; i < 60; i++) { // of 16 bytes each
            byte[] address = {(byte) 192, 0, 2, (byte) i};
            r.addRecord(
                new ARecord(r.getQuestion().getName(), DClass.IN, 60, address), Section.ANSWER);
          }
          return r;
        };
    Message query = query("many.example.", Type.A);
    query.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    Message wide = ask(query);
    assertThat(wide.getSection(Section.ANSWER)).hasSize(60);
    assertThat(wide.numBytes()).isBetween(1000 - 48, 1232); // the headers of IPv6 and UDP
    scene.send("narrow", query.toWire());
    Message narrow = scene.answer("narrow");
    assertThat(narrow.getHeader().getFlag(Flags.TC)).isTrue();
    assertThat(narrow.numBytes()).isLessThanOrEqualTo(1000 - 48);
  }

  // Refusals

  @Test
  void aQueryWithTwoOptRecordsIsMalformed() throws Exception {
    Message query = query("x.example.", Type.A);
    query.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    query.addRecord(new OPTRecord(512, 0, 0), Section.ADDITIONAL);
    assertThat(ask(query).getRcode()).isEqualTo(Rcode.FORMERR);
    assertThat(upstream.queries).isEmpty();
  }

  @Test
  void aNameThatIsAPointerIntoTheHeaderGetsAnAnswerThatCanBeRead() throws Exception {
    // Octet 6 is zero, so the name is the root.
    byte[] wire = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, (byte) 0xc0, 6, 0, 1, 0, 1};
    send(wire);
    Message response = receive();
    assertThat(response.getHeader().getID()).isEqualTo(0x1234);
    assertThat(response.getQuestion().getName()).isEqualTo(Name.root);
  }

  @Test
  void aGuestThatAsksTooMuchIsRefusedAndOthersAreNot() throws Exception {
    LogWatch.expect("dns-questions-refused");
    upstream.answer = r -> null;
    for (int i = 0; i < 129; i++) {
      send(query("q" + i + ".example.", Type.A).toWire());
    }
    assertThat(receive().getRcode()).isEqualTo(Rcode.REFUSED);
    assertThat(scene.count(DnsCount.OVER_QUOTA)).isEqualTo(1);
    scene.send("another", query("other.example.", Type.A).toWire());
    assertThat(scene.answers(GUEST)).isEmpty();
    assertThat(scene.answers("another")).isEmpty();
  }

  @Test
  void whatCannotBeReadIsAnsweredWithItsIdentifier() throws Exception {
    byte[] wire = query("x.example.", Type.A).toWire();
    byte[] cut = java.util.Arrays.copyOf(wire, wire.length - 3);
    send(cut);
    Message response = receive();
    assertThat(response.getRcode()).isEqualTo(Rcode.FORMERR);
    assertThat(response.getHeader().getID()).isEqualTo((wire[0] & 255) << 8 | (wire[1] & 255));
    send(java.util.Arrays.copyOf(wire, 11));
    assertThat(scene.count(DnsCount.MALFORMED)).isEqualTo(1);
  }

  @Test
  void aResponseIsNeverAnswered() throws Exception {
    Message query = query("x.example.", Type.A);
    query.getHeader().setFlag(Flags.QR);
    send(query.toWire());
    assertThat(scene.answers(GUEST)).isEmpty();
    assertThat(scene.count(DnsCount.MALFORMED)).isEqualTo(1);
  }

  @Test
  void otherOpcodesVersionsAndTransfersAreTurnedDown() throws Exception {
    Message notify = query("x.example.", Type.SOA);
    notify.getHeader().setOpcode(Opcode.NOTIFY);
    assertThat(ask(notify).getRcode()).isEqualTo(Rcode.NOTIMP);
    Message future = query("x.example.", Type.A);
    future.addRecord(new OPTRecord(1232, 0, 1), Section.ADDITIONAL);
    assertThat(ask(future).getRcode()).isEqualTo(Rcode.BADVERS);
    assertThat(ask("example.", Type.AXFR).getRcode()).isEqualTo(Rcode.REFUSED);
    assertThat(upstream.queries).isEmpty();
  }
}
