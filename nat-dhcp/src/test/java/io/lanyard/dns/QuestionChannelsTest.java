package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.ExtendedFlags;
import org.xbill.DNS.Flags;
import org.xbill.DNS.GenericEDNSOption;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** A guest that sends data out beside a name that its rules permit. */
class QuestionChannelsTest {
  /** A code for local use (RFC 6891 section 9). */
  private static final int LOCAL_OPTION = 65_001;

  private static final int CLIENT_SUBNET = 8; // RFC 7871 section 6
  private static final int COOKIE = 10; // RFC 7873 section 4

  /** Rules that say which names may be asked for. */
  private static final NamePolicy NARROW = new Rules(true);

  private record Rules(boolean narrow) implements NamePolicy {
    @Override
    public Question question(PortBudget port, String name, int type) {
      return Question.ASKED;
    }

    @Override
    public boolean asksPlainly(PortBudget port) {
      return narrow;
    }

    @Override
    public void told(PortBudget port, String name, Address address, long seconds) {
      // Nothing depends on it.
    }
  }

  @TempDir private Path folder;
  private ForwarderScene scene;

  @BeforeEach
  void setUp() throws Exception {
    scene = new ForwarderScene(folder);
    scene.upstream.answer =
        response -> {
          response.addRecord(
              new ARecord(response.getQuestion().getName(), DClass.IN, 60, new byte[] {8, 8, 8, 8}),
              Section.ANSWER);
          return response;
        };
  }

  @AfterEach
  void tearDown() throws Exception {
    scene.close();
  }

  /** A query with two options for servers, which say a number, and one for the next server. */
  private static Message withOptions(String name, int data) throws IOException {
    Message query = ForwarderScene.query(name);
    byte[] bytes = {0, 1, 24, 0, (byte) data, (byte) (data >> 8), 1};
    query.addRecord(
        new OPTRecord(
            1232,
            0,
            0,
            0,
            List.of(
                new GenericEDNSOption(LOCAL_OPTION, bytes),
                new GenericEDNSOption(CLIENT_SUBNET, bytes),
                new GenericEDNSOption(COOKIE, new byte[8]))),
        Section.ADDITIONAL);
    return query;
  }

  @Test
  void noOptionGoesOutWhereRulesSayWhichNamesMayBeAskedFor() throws Exception {
    scene.rules = NARROW;
    for (int data = 0; data < 20; data++) {
      scene.send("guest", withOptions("good.example.", data).toWire());
      assertThat(scene.answer("guest").getRcode()).isEqualTo(Rcode.NOERROR);
    }
    assertThat(scene.upstream.queries)
        .as("one, whose answer is kept")
        .singleElement()
        .satisfies(query -> assertThat(query.getOPT().getOptions()).isEmpty());
  }

  @Test
  void optionsForServersGoOutWhereAnyNameMayBeAskedFor() throws Exception {
    scene.rules = new Rules(false);
    scene.send("guest", withOptions("good.example.", 1).toWire());
    assertThat(scene.answer("guest").getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(scene.upstream.queries.element().getOPT().getOptions())
        .extracting(option -> option.getCode())
        .containsExactlyInAnyOrder(LOCAL_OPTION, CLIENT_SUBNET);
  }

  @Test
  void theCaseOfLettersGoesOutNowhereAndComesBackToTheGuest() throws Exception {
    for (String name : List.of("gOoD.eXaMpLe.", "GOOD.example.", "good.example.")) {
      Message answer = scene.ask("guest", name);
      assertThat(answer.getQuestion().getName()).hasToString(name);
    }
    assertThat(scene.upstream.queries)
        .as("one, whose answer is kept")
        .singleElement()
        .satisfies(query -> assertThat(query.getQuestion().getName()).hasToString("good.example."));
  }

  @ParameterizedTest
  @CsvSource({"1, 3", "1, 4", "1, 255", "1, 60000", "65280, 1", "127, 1", "300, 1", "16, 3"})
  void typesAndClassesThatNobodyHasAssignedAreRefused(int type, int dclass) throws Exception {
    LogWatch.expect("name-refused.*reason=\"type " + type + " of class " + dclass);
    scene.rules = NARROW;
    Message query =
        Message.newQuery(Record.newRecord(Name.fromString("good.example."), type, dclass));
    scene.send("guest", query.toWire());
    assertThat(scene.answer("guest").getRcode()).isEqualTo(Rcode.REFUSED);
    assertThat(scene.upstream.queries).isEmpty();
    assertThat(scene.count(DnsCount.DENIED)).isOne();
    scene.rules = new Rules(false);
    scene.send("guest", query.toWire());
    scene.answer("guest");
    assertThat(scene.upstream.queries).as("where any name may be asked for").hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {Type.A, Type.AAAA, Type.TXT, Type.SRV, Type.DS, Type.DNSKEY, Type.TLSA})
  void typesThatProgramsLookUpAreAskedFor(int type) throws Exception {
    scene.rules = NARROW;
    scene.send("guest", ForwarderScene.query("good.example.", type).toWire());
    assertThat(scene.answer("guest").getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(scene.upstream.queries).hasSize(1);
  }

  @Test
  void flagsThatNoAnswerDependsOnStayBehind() throws Exception {
    scene.rules = NARROW;
    for (int bits = 0; bits < 1 << 8; bits++) {
      byte[] query = ForwarderScene.query("good.example.").toWire();
      query[2] = (byte) (bits & 7); // AA, TC, RD
      query[3] = (byte) (((bits >> 3 & 1) << 6) | (bits >> 4 & 15)); // Z, a code of responses
      scene.send("guest", query);
      assertThat(scene.answer("guest").getRcode()).isEqualTo(Rcode.NOERROR);
    }
    assertThat(scene.upstream.queries)
        .singleElement()
        .satisfies(query -> assertThat(query.getHeader().printFlags().trim()).isEqualTo("rd"));
  }

  @Test
  void aValidatingGuestIsAskedForWithItsFlags() throws Exception {
    scene.rules = NARROW;
    Message query = ForwarderScene.query("good.example.");
    query.getHeader().setFlag(Flags.CD);
    query.getHeader().setFlag(Flags.AD);
    query.addRecord(new OPTRecord(4096, 0, 0, ExtendedFlags.DO | 0x1234), Section.ADDITIONAL);
    scene.send("guest", query.toWire());
    assertThat(scene.answer("guest").getOPT().getFlags()).isEqualTo(ExtendedFlags.DO);
    Message asked = scene.upstream.queries.element();
    assertThat(asked.getHeader().printFlags().trim()).isEqualTo("rd cd");
    assertThat(asked.getOPT().getFlags()).isEqualTo(ExtendedFlags.DO);
    assertThat(asked.getOPT().getPayloadSize()).isEqualTo(1232);
  }

  @Test
  void recordsBesideTheQuestionStayBehindWhateverTheRulesAre() throws Exception {
    Message query = ForwarderScene.query("good.example.");
    query.addRecord(
        new ARecord(Name.fromString("data.example."), DClass.IN, 7, new byte[] {1, 2, 3, 4}),
        Section.ADDITIONAL);
    query.addRecord(
        new ARecord(Name.fromString("data.example."), DClass.IN, 7, new byte[] {1, 2, 3, 4}),
        Section.AUTHORITY);
    scene.send("guest", query.toWire());
    assertThat(scene.answer("guest").getRcode()).isEqualTo(Rcode.NOERROR);
    Message asked = scene.upstream.queries.element();
    assertThat(asked.getSection(Section.AUTHORITY)).isEmpty();
    assertThat(asked.getSection(Section.ADDITIONAL)).isEmpty();
  }

  @Test
  void ofSeveralQuestionsNoneIsAsked() throws Exception {
    Message query = ForwarderScene.query("good.example.");
    query.addRecord(
        Record.newRecord(Name.fromString("data.example."), Type.A, DClass.IN), Section.QUESTION);
    scene.send("guest", query.toWire());
    assertThat(scene.answer("guest").getRcode()).isEqualTo(Rcode.FORMERR);
    assertThat(scene.upstream.queries).isEmpty();
  }
}
