package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.GenericEDNSOption;
import org.xbill.DNS.Message;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Section;

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
              new ARecord(
                  response.getQuestion().getName(), DClass.IN, 60, new byte[] {8, 8, 8, 8}),
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
}
