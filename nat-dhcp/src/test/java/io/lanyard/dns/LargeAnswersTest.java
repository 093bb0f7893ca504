package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.TestStations;
import io.lanyard.testing.ProcessorTime;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.GenericEDNSOption;
import org.xbill.DNS.Message;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** Large answers: the owner of a domain can have guests ask for them. */
class LargeAnswersTest {
  /** A code for local use (RFC 6891 section 9). */
  private static final int LOCAL_OPTION = 65_001;

  @TempDir private Path folder;
  private ForwarderScene scene;

  @BeforeEach
  void setUp() throws Exception {
    scene = new ForwarderScene(folder);
  }

  @AfterEach
  void tearDown() throws Exception {
    ProcessorTime loop = scene.onLoop(ProcessorTime::ofThisThread);
    scene.close();
    assertThat(loop.ran()).as("nanoseconds of a processor").isLessThan(20_000_000_000L);
  }

  /** Has the server answer with so many addresses, over TCP. */
  private void answerWith(int addresses) {
    scene.upstream.answer =
        response -> {
          Name name = response.getQuestion().getName();
          for (int i = 0; i < addresses; i++) {
            byte[] address = {(byte) 198, 51, (byte) (i >> 8), (byte) i};
            response.addRecord(new ARecord(name, DClass.IN, 60, address), Section.ANSWER);
          }
          return response;
        };
  }

  /**
   * More queries for one name than a resolver keeps, all of them answered.
   *
   * @return whether the answers were cut
   */
  private boolean flood(String name) throws Exception {
    byte[] query = ForwarderScene.query(name).toWire();
    int askers = 120;
    scene.onLoop(() -> {
      for (int i = 0; i < askers; i++) {
        query[1] = (byte) i;
        scene.send(scene.guest("guest"), query.clone());
      }
      return true;
    });
    boolean isCut = true;
    for (int i = 0; i < askers; i++) {
      Message answer = scene.answer("guest");
      assertThat(answer.numBytes()).isLessThanOrEqualTo(512);
      isCut &= answer.getHeader().getFlag(Flags.TC);
    }
    return isCut;
  }

  @Test
  void thousandsOfLongNamesAreNotRead() throws Exception {
    byte[] large = MessageCostTest.addresses(126);
    scene.upstream.bytes =
        wire -> {
          boolean isDatagram = (wire[2] & 2) != 0;
          byte[] answer = isDatagram ? wire : large.clone();
          System.arraycopy(wire, 0, answer, 0, 2);
          return answer;
        };
    answerWith(100);
    assertThat(flood("a.".repeat(126))).isTrue();
    assertThat(scene.count(DnsCount.UPSTREAM_TCP)).isPositive();
    assertThat(scene.count(DnsCount.UPSTREAM_MISMATCH)).isPositive();
  }

  @Test
  void eachAskerOfALargeAnswerIsToldToAskByTcp() throws Exception {
    answerWith(4000);
    assertThat(flood("many.example.")).isTrue();
    assertThat(scene.count(DnsCount.TRUNCATED)).isEqualTo(120);
  }

  /** Makes the scene anew, with a heap of so many bytes. */
  private void withHeap(long bytes) throws Exception {
    scene.close();
    scene = new ForwarderScene(folder, new NameMemory(bytes), ForwarderScene.WITHOUT_HOSTS_FILE);
  }

  /** Has the server answer names by their first word: with many addresses, or with some. */
  private void answerByName() {
    scene.upstream.answer =
        response -> {
          Name name = response.getQuestion().getName();
          int addresses = name.toString().startsWith("some") ? 150 : 4000;
          for (int i = 0; i < addresses; i++) {
            byte[] address = {(byte) 198, 51, (byte) (i >> 8), (byte) i};
            response.addRecord(new ARecord(name, DClass.IN, 60, address), Section.ANSWER);
          }
          return response;
        };
    scene.upstream.stalls =
        response -> response.getQuestion().getName().toString().startsWith("stall");
  }

  @Test
  void anAnswerForWhichThereIsNoMemoryIsNotTakenAndSaidToBeCut() throws Exception {
    withHeap(64 * (40 << 10));
    answerByName();
    Message cut = scene.ask("hostile", "many.example.");
    assertThat(cut.getHeader().getFlag(Flags.TC)).isTrue();
    assertThat(scene.count(DnsCount.NO_MEMORY)).isOne();
    assertThat(scene.count(DnsCount.UPSTREAM_TCP)).as("no server is asked again").isOne();
    assertThat(scene.gauge("largeAnswerBytes")).isZero();
    scene.send("honest", ForwarderScene.padded("some.example.", 0));
    assertThat(scene.answer("honest").getHeader().getFlag(Flags.TC)).isTrue();
    assertThat(scene.count(DnsCount.NO_MEMORY)).as("one that is smaller").isOne();
    assertThat(scene.count(DnsCount.UPSTREAM_TCP)).isEqualTo(2);
    assertThat(scene.gauge("largeAnswerBytes")).isZero();
  }

  @Test
  void answersThatAreAnnouncedAndDoNotComeLeaveOthersMemory() throws Exception {
    long heap = 64 * (256 << 10);
    withHeap(heap);
    answerByName();
    scene.onLoop(() -> {
      for (int i = 0; i < 20; i++) {
        scene.send(
            scene.guest("hostile"), ForwarderScene.query("stall" + i + ".example.").toWire());
      }
      return true;
    });
    scene.await(() -> scene.forwarder.counters().get(DnsCount.NO_MEMORY) == 18);
    assertThat(scene.gauge("largeAnswerBytes")).as("two of them").isBetween(120_000L, 132_000L);
    scene.send("honest", ForwarderScene.padded("some.example.", 0));
    scene.answer("honest");
    assertThat(scene.count(DnsCount.NO_MEMORY)).isEqualTo(18);
    assertThat(scene.gauge("cacheEntries")).isOne();
    for (int i = 0; i < 10; i++) {
      scene.step(Duration.ofSeconds(2));
    }
    scene.await(() -> scene.forwarder.dump().toString().contains("largeAnswerBytes=0"));
    assertThat(scene.gauge("outstandingBytes")).isZero();
  }

  /** The heap has room for two answers, or for one and not for the next. */
  @ParameterizedTest
  @ValueSource(ints = {256 << 10, 4 << 10})
  void anAnswerThatIsSentTwiceIsReadOnceAndLeavesNoMemoryTaken(int share) throws Exception {
    withHeap(64L * share);
    scene.later = scene.loop;
    answerByName();
    scene.upstream.repeats = response -> true;
    scene.send("guest", ForwarderScene.padded("some.example.", 0));
    assertThat(scene.answer("guest").getHeader().getFlag(Flags.TC)).isTrue();
    assertThat(scene.count(DnsCount.UPSTREAM_TCP)).isOne();
    assertThat(scene.count(DnsCount.NO_MEMORY)).isZero();
    assertThat(scene.gauge("largeAnswerBytes")).isZero();
  }

  @Test
  void portsShareTheMemoryOfLargeAnswers() {
    LargeAnswers answers = new LargeAnswers(new NameMemory(64 << 20).share(true)); // 1 MiB of it
    List<PortShare> ports = new ArrayList<>();
    int most = 0;
    for (int i = 0; i < 5; i++) {
      PortShare port = new PortShare(TestStations.station("p" + i, 1).budget());
      ports.add(port);
      while (answers.take(port, 10_000)) {
        most += 10_000;
      }
      assertThat(port.answerBytes).isPositive();
    }
    assertThat(ports.getFirst().answerBytes).isBetween(480_000L, 500_000L);
    assertThat(answers.bytes()).isEqualTo(most).isLessThan(1 << 20);
    ports.forEach(port -> answers.give(port, (int) port.answerBytes));
    assertThat(answers.bytes()).isZero();
  }

  @Test
  void optionsOfAServerMayBeLongerThanAllThatAGuestTakes() throws Exception {
    scene.upstream.answer =
        response -> {
          var option = new GenericEDNSOption(LOCAL_OPTION, new byte[1000]);
          response.addRecord(
              new ARecord(response.getQuestion().getName(), DClass.IN, 60, new byte[] {8, 8, 8, 8}),
              Section.ANSWER);
          response.removeAllRecords(Section.ADDITIONAL);
          response.addRecord(new OPTRecord(1232, 0, 0, 0, List.of(option)), Section.ADDITIONAL);
          return response;
        };
    Message query = ForwarderScene.query("options.example.");
    query.addRecord(new OPTRecord(512, 0, 0), Section.ADDITIONAL);
    for (int i = 0; i < 2; i++) { // from the server, and from the cache
      scene.send("guest", query.toWire());
      Message answer = scene.answer("guest");
      assertThat(answer.numBytes()).isLessThanOrEqualTo(512);
      assertThat(answer.getHeader().getFlag(Flags.TC)).isTrue();
      assertThat(answer.getSection(Section.ANSWER)).hasSize(1);
    }
    assertThat(scene.upstream.queries).hasSize(1);
  }

  @Test
  void ofALargeRefusalNoRecordsAreKept() throws Exception {
    Message large = response(new SplittableRandom(1));
    large.getHeader().setRcode(Rcode.SERVFAIL);
    large.getHeader().setFlag(Flags.TC);
    Message kept = Queries.withoutRecords(large);
    assertThat(kept.getHeader().getID()).isEqualTo(large.getHeader().getID());
    assertThat(kept.getRcode()).isEqualTo(Rcode.SERVFAIL);
    assertThat(kept.getHeader().getFlag(Flags.TC)).isTrue();
    assertThat(kept.getQuestion()).isEqualTo(large.getQuestion());
    assertThat(kept.getSection(Section.ANSWER)).isEmpty();
    assertThat(kept.getSection(Section.AUTHORITY)).isEmpty();
  }

  /** Some sets of records in all sections. */
  private static Message response(SplittableRandom random) throws Exception {
    Name zone = Name.fromString("example.org.");
    Message response = new Message(7);
    response.getHeader().setFlag(Flags.QR);
    response.addRecord(Record.newRecord(zone, Type.A, DClass.IN), Section.QUESTION);
    for (int section = Section.ANSWER; section <= Section.ADDITIONAL; section++) {
      for (int set = random.nextInt(4); set > 0; set--) {
        Name owner = Name.fromString("n" + random.nextInt(3), zone);
        int kind = random.nextInt(3);
        for (int i = random.nextInt(12); i >= 0; i--) {
          response.addRecord(
              switch (kind) {
                case 0 -> new ARecord(owner, DClass.IN, 60, new byte[] {1, 2, 3, (byte) i});
                case 1 -> new NSRecord(owner, DClass.IN, 60, Name.fromString("ns" + i, zone));
                default -> new TXTRecord(owner, DClass.IN, 60, "x".repeat(random.nextInt(120)) + i);
              },
              section);
        }
      }
    }
    if (random.nextBoolean()) {
      response.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    }
    return response;
  }

  @Test
  void anAnswerIsCutBetweenTwoSetsAndKeepsAllThatFits() throws Exception {
    SplittableRandom random = new SplittableRandom(20_261_130);
    byte[] query = ForwarderScene.query("example.org.").toWire();
    Question question = ForwarderScene.withEdns("example.org.");
    for (int i = 0; i < 2_000; i++) {
      Response response = Response.of(response(random), question, 0);
      Message whole = new Message(response.to(query, Message.MAXLENGTH, 0));
      int limit = random.nextInt(512, 1233);
      Message cut = new Message(response.to(query, limit, 0));

      Message least = new Message(whole.toWire(limit)); // dnsjava sometimes leaves one set out
      assertThat(cut.numBytes()).isBetween(least.numBytes(), limit);
      boolean isCut = false;
      for (int section = Section.ANSWER; section <= Section.ADDITIONAL; section++) {
        List<Record> all = whole.getSection(section);
        List<Record> kept = cut.getSection(section);
        assertThat(cut.getHeader().getCount(section)).isEqualTo(kept.size());
        long records = kept.stream().filter(each -> each.getType() != Type.OPT).count();
        assertThat(kept.subList(0, (int) records)).isEqualTo(all.subList(0, (int) records));
        assertThat(records == 0 || isEndOfSet(all, (int) records)).isTrue();
        isCut |= section != Section.ADDITIONAL && records < all.size();
      }
      assertThat(cut.getHeader().getFlag(Flags.TC)).isEqualTo(isCut);
      assertThat(cut.getOPT()).isEqualTo(whole.getOPT());
    }
  }

  private static boolean isEndOfSet(List<Record> all, int records) {
    return records == all.size() || !all.get(records).sameRRset(all.get(records - 1));
  }
}
