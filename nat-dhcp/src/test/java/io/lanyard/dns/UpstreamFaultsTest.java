package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;

/** A server with a fault, by each way to ask it, before one without. */
class UpstreamFaultsTest {
  private static final String HONEST = "192.0.2.1";
  private static final String LIE = "198.51.100.66";

  /** The ways to ask a server. */
  enum Way {
    UDP,
    TCP,
    TLS
  }

  /** A way of a server not to answer. */
  @SuppressWarnings("ImmutableEnumChecker") // the functions have no state
  enum Fault {
    SAYS_NOTHING(response -> null, wire -> wire),
    FAILS(response -> coded(response, Rcode.SERVFAIL), wire -> wire),
    REFUSES(response -> coded(response, Rcode.REFUSED), wire -> wire),
    CUTS_EACH_ANSWER(
        response -> {
          response.getHeader().setFlag(Flags.TC);
          return with(response, LIE);
        },
        wire -> wire),
    ENDS(response -> response, wire -> new byte[0]),
    SAYS_ANOTHER_IDENTIFIER(
        response -> with(response, LIE),
        wire -> {
          wire[1] ^= 1;
          return wire;
        }),
    ANSWERS_ANOTHER_NAME(
        response -> with(response, LIE),
        wire -> {
          wire[Header.LENGTH + 1] ^= 1;
          return wire;
        }),
    ASKS(
        response -> with(response, LIE),
        wire -> {
          wire[2] &= 0x7f;
          return wire;
        }),
    BREAKS_OFF(response -> with(response, LIE), wire -> Arrays.copyOf(wire, wire.length - 3)),
    TALKS_NONSENSE(response -> response, wire -> new byte[] {wire[0], wire[1], 7});

    private final FakeUpstream.Answer answer;
    private final UnaryOperator<byte[]> bytes;

    Fault(FakeUpstream.Answer answer, UnaryOperator<byte[]> bytes) {
      this.answer = answer;
      this.bytes = bytes;
    }

    private static Message coded(Message response, int rcode) {
      response.getHeader().setRcode(rcode);
      return response;
    }
  }

  @TempDir private Path folder;
  private FakeUpstream plain;
  private FakeTlsUpstream tls;
  private FakeUpstream honest;
  private ForwarderScene scene;

  @BeforeEach
  void start() throws Exception {
    plain = FakeUpstream.free();
    tls = new FakeTlsUpstream(0);
    honest = FakeUpstream.free();
    honest.answer = response -> with(response, HONEST);
  }

  @AfterEach
  void stop() throws Exception {
    scene.close();
    honest.close();
    tls.close();
    plain.close();
  }

  private static Message with(Message response, String address) {
    response.addRecord(
        new ARecord(
            response.getQuestion().getName(), DClass.IN, 300, InetAddress.ofLiteral(address)),
        Section.ANSWER);
    return response;
  }

  private String upstream(Way way) {
    return switch (way) {
      case UDP -> "127.0.0.1:" + plain.port();
      case TCP -> "tcp://127.0.0.1:" + plain.port();
      case TLS -> "tls://127.0.0.1:" + tls.port() + "#dns.example";
    };
  }

  private List<String> ask(String name) throws Exception {
    scene.send("guest", ForwarderScene.query(name).toWire());
    return answer(name);
  }

  /**
   * Lets time pass until the honest server is asked, and waits for the answer. The servers live by
   * the host's clock: were ours alone to go on, each of them would be silent for it.
   */
  private List<String> answer(String name) throws Exception {
    long end = System.nanoTime() + 60_000_000_000L;
    Message answer = scene.answers("guest").poll();
    while (answer == null && System.nanoTime() < end) {
      if (!honestIsAsked(name)) {
        scene.step(Duration.ofMillis(10));
      }
      answer = scene.answers("guest").poll(2, TimeUnit.MILLISECONDS);
    }
    assertThat(answer).isNotNull();
    assertThat(answer.getHeader().getFlag(Flags.TC)).isFalse();
    return answer.getSection(Section.ANSWER).stream().map(Record::rdataToString).toList();
  }

  private boolean honestIsAsked(String name) {
    return honest.queries.stream()
        .anyMatch(query -> query.getQuestion().getName().toString().equals(name));
  }

  private static List<Arguments> faults() {
    List<Arguments> all = new ArrayList<>();
    for (Way way : Way.values()) {
      for (Fault fault : Fault.values()) {
        all.add(Arguments.of(way, fault));
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aGuestHearsWhatTheNextServerSaysAndNothingOfTheFault(Way way, Fault fault) throws Exception {
    plain.answer = fault.answer;
    plain.bytes = fault.bytes;
    tls.answer = fault.answer;
    tls.bytes = fault.bytes;
    scene =
        new ForwarderScene(
            folder,
            "dns: {hosts-file: false, upstreams: [\"%s\", \"127.0.0.1:%d\"], authorities: %s}"
                .formatted(upstream(way), honest.port(), FakeTlsUpstream.authorities(folder)));
    scene.send("guest", ForwarderScene.query("www.example.").toWire());
    Queue<Message> asked = way == Way.TLS ? tls.queries : plain.queries;
    scene.await(() -> !asked.isEmpty());
    assertThat(answer("www.example.")).containsExactly(HONEST);
    assertThat(ask("www.example.")).as("what is kept").containsExactly(HONEST);
    assertThat(ask("more.example.")).containsExactly(HONEST);
  }
}
