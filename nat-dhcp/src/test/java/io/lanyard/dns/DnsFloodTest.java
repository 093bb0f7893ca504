package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.station.NameMemory;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** Floods of questions from one port, and the service that the others get meanwhile. */
class DnsFloodTest {
  private static final int LOCAL_OPTION = 65001; // RFC 6891 section 9
  private static final DnsLimits LIMITS = DnsLimits.DEFAULT;
  private static final int OF_GUEST = LIMITS.askersOfPort() / 2;

  @TempDir private Path folder;
  private ForwarderScene scene;

  @BeforeEach
  void start() throws Exception {
    scene = new ForwarderScene(folder);
    // Names that are slow are never answered, as if their own server were silent.
    scene.upstream.answer =
        response ->
            response.getQuestion().getName().toString().startsWith("slow") ? null : response;
  }

  @AfterEach
  void stop() throws Exception {
    scene.close();
  }

  /**
   * Waits until the server has read what has come: for more, its socket has no room, and the clock
   * stands still, so that nothing is asked again.
   */
  private void awaitServer() throws Exception {
    byte[] last = ForwarderScene.query("last.example.").toWire();
    InetSocketAddress server =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), scene.upstream.port());
    try (DatagramSocket socket = new DatagramSocket()) {
      Await.until(() -> {
        socket.send(new DatagramPacket(last, last.length, server));
        return scene.upstream.queries.stream()
            .anyMatch(query -> query.getQuestion().getName().toString().equals("last.example."));
      });
    }
  }

  private void assertHonest(String port) throws Exception {
    assertThat(scene.ask(port, port + ".example.").getRcode()).as(port).isEqualTo(Rcode.NOERROR);
  }

  @Test
  void identicalQuestionsFromMadeUpMacsHoldNeitherPlacesNorMemory() throws Exception {
    LogWatch.expect("table-full network=\"test\" table=\"stations\" port=\"hostile\"");
    LogWatch.expect("dns-questions-refused.*port=");
    byte[] query = ForwarderScene.padded("slow.example.", 1400);
    scene.onLoop(() -> {
      ForwarderScene.Peer hostile = scene.guest("hostile");
      for (int i = 0; i < 100_000; i++) {
        scene.send(hostile.withMac(i), query);
        if (i % 1000 == 0) {
          scene.answers("hostile").clear();
        }
      }
      return true;
    });
    assertThat(scene.gauge("outstanding")).isEqualTo(LIMITS.askersOfPort());
    assertThat(scene.gauge("outstandingQuestions")).isEqualTo(1);
    assertThat(scene.gauge("outstandingBytes")).isLessThan(100_000);
    assertThat(scene.count(DnsCount.OVER_QUOTA)).isEqualTo(100_000 - LIMITS.askersOfPort());
    assertHonest("honest");
  }

  @Test
  void sixHundredSlowQuestionsOfOnePortLeaveOthersTheirs() throws Exception {
    LogWatch.expect("dns-questions-refused.*port=");
    scene.onLoop(() -> {
      ForwarderScene.Peer hostile = scene.guest("hostile");
      for (int i = 0; i < 600; i++) {
        scene.send(hostile.withMac(i), ForwarderScene.query("slow" + i + ".example.").toWire());
      }
      return true;
    });
    assertThat(scene.gauge("outstandingQuestions")).isEqualTo(LIMITS.askersOfPort());
    awaitServer();
    assertHonest("honest");
    assertThat(LogWatch.count("dns-questions-refused")).as("lines in the log").isEqualTo(1);
  }

  @Test
  void oneStationLeavesTheOthersBehindItsPortTheirs() throws Exception {
    LogWatch.expect("dns-questions-refused.*port=");
    scene.onLoop(() -> {
      ForwarderScene.Peer hostile = scene.guest("trunk");
      for (int i = 0; i < 600; i++) {
        scene.send(hostile, ForwarderScene.query("slow" + i + ".example.").toWire());
      }
      scene.answers("trunk").clear();
      scene.send(hostile.withMac(2), ForwarderScene.query("honest.example.").toWire());
      return true;
    });
    assertThat(scene.answer("trunk").getRcode()).isEqualTo(Rcode.NOERROR);
  }

  @Test
  void manyGreedyPortsLeaveAPlaceForTheNextOne() throws Exception {
    LogWatch.expect("dns-questions-refused.*port=");
    scene.onLoop(() -> {
      for (int port = 0; port < 20; port++) {
        for (int i = 0; i < 200; i++) {
          String name = "slow" + port + "-" + i + ".example.";
          scene.send(scene.guest("hostile" + port), ForwarderScene.query(name).toWire());
        }
      }
      return true;
    });
    assertThat(scene.gauge("outstandingQuestions"))
        .isLessThanOrEqualTo(LIMITS.questions() + 20L * LIMITS.floor());
    awaitServer();
    assertHonest("honest");
  }

  @Test
  void twoGreedyPortsLeaveAThirdMoreQuestionsThanItsFloor() throws Exception {
    LogWatch.expect("dns-questions-refused.*port=");
    scene.onLoop(() -> {
      for (String port : List.of("hostile1", "hostile2")) {
        for (int i = 0; i < 600; i++) {
          byte[] query = ForwarderScene.query("slow-" + port + "-" + i + ".example.").toWire();
          scene.send(scene.guest(port).withMac(i), query);
        }
      }
      return true;
    });
    long before = scene.gauge("outstandingQuestions");
    askSlowly("honest", 4 * LIMITS.floor());
    assertThat(scene.gauge("outstandingQuestions")).isEqualTo(before + 4L * LIMITS.floor());
  }

  private void askOverTcp() throws Exception {
    scene.configure(
        "dns: {hosts-file: false, upstreams: [\"tcp://127.0.0.1:" + scene.upstream.port() + "\"]}");
  }

  /** Slow questions of several MAC addresses behind a port. */
  private void askSlowly(String port, int count) throws Exception {
    scene.onLoop(() -> {
      for (int i = 0; i < count; i++) {
        byte[] query = ForwarderScene.query("slow-" + port + "-" + i + ".example.").toWire();
        scene.send(scene.guest(port).withMac(i % 3), query);
      }
      return true;
    });
  }

  @Test
  void slowQuestionsOnOneConnectionAreAskedOnceAndLeaveOthersTheirs() throws Exception {
    LogWatch.expect("dns-questions-refused.*port=");
    askOverTcp();
    askSlowly("hostile1", 300);
    askSlowly("hostile2", 300);
    int waiting = (int) scene.gauge("outstandingQuestions");
    assertThat(waiting).isGreaterThan(300);
    scene.await(() -> scene.upstream.queries.size() == waiting);
    for (int i = 0; i < 3; i++) {
      assertHonest("honest" + i);
      scene.step(Duration.ofMillis(1600));
    }
    assertHonest("last");
    List<String> slow =
        scene.upstream.queries.stream()
            .map(query -> query.getQuestion().getName().toString())
            .filter(name -> name.startsWith("slow"))
            .toList();
    assertThat(slow).as("asked once, and the connection still has them").doesNotHaveDuplicates();
    assertThat(scene.gauge("outstandingQuestions")).isEqualTo(waiting);
  }

  @Test
  void manyGreedyPortsLeaveAPlaceOnAConnectionForTheNextOne() throws Exception {
    LogWatch.expect("dns-questions-refused.*port=");
    askOverTcp();
    for (int port = 0; port < 80; port++) {
      askSlowly("hostile" + port, 200);
    }
    assertThat(scene.gauge("outstandingQuestions")).isGreaterThan(LIMITS.questions());
    assertHonest("honest");
  }

  @Test
  void manyPortsOfOneHotQuestionLeaveAPlaceForTheNextOne() throws Exception {
    LogWatch.expect("dns-questions-refused.*port=");
    byte[] query = ForwarderScene.query("slow.example.").toWire();
    scene.onLoop(() -> {
      for (int port = 0; port < 40; port++) {
        for (int i = 0; i < 200; i++) {
          scene.send(scene.guest("hostile" + port), query);
        }
      }
      return true;
    });
    long before = scene.gauge("outstanding");
    assertThat(before).isLessThanOrEqualTo(LIMITS.askersOfQuestion() + 40L * LIMITS.floor());
    scene.onLoop(() -> {
      scene.send(scene.guest("honest"), query);
      return true;
    });
    assertThat(scene.gauge("outstanding")).isEqualTo(before + 1);
    scene.upstream.answer = response -> response;
    scene.step(Duration.ofSeconds(2)); // The second attempt is answered.
    assertThat(scene.answer("honest").getRcode()).isEqualTo(Rcode.NOERROR);
  }

  /** An answer that is kept: of text for who asks for it, else an address. */
  private static Message kept(Message response) {
    Name name = response.getQuestion().getName();
    boolean text = response.getQuestion().getType() == Type.TXT;
    response.addRecord(
        text
            ? new TXTRecord(name, DClass.IN, 300, Collections.nCopies(80, "x".repeat(250)))
            : new ARecord(name, DClass.IN, 300, InetAddress.ofLiteral("192.0.2.1")),
        Section.ANSWER);
    return response;
  }

  @Test
  void aPortThatAsksForManyNamesLeavesOthersTheirAnswersInTheCache() throws Exception {
    askOverTcp();
    scene.upstream.answer = DnsFloodTest::kept;
    for (int i = 0; i < 10; i++) {
      assertHonest("honest" + i);
    }
    for (int i = 0; i < 600; i++) {
      scene.send("hostile", ForwarderScene.query("name" + i + ".example.", Type.TXT).toWire());
      scene.answer("hostile");
    }
    assertThat(scene.gauge("cacheEvictions")).as("a full cache").isPositive();
    long forwarded = scene.count(DnsCount.FORWARDED);
    for (int i = 0; i < 10; i++) {
      assertHonest("honest" + i);
    }
    assertThat(scene.count(DnsCount.FORWARDED)).as("asked again").isEqualTo(forwarded);
  }

  @Test
  void aHugeQueryIsTurnedDownUnread() throws Exception {
    byte[] huge = ForwarderScene.padded("www.example.", 60_000);
    byte[] many = ForwarderScene.query("www.example.").toWire();
    many[7] = 100; // answers, in a query
    scene.onLoop(() -> {
      scene.send(scene.guest("hostile"), huge);
      scene.send(scene.guest("hostile"), many);
      return true;
    });
    assertThat(scene.answer("hostile").getRcode()).isEqualTo(Rcode.FORMERR);
    assertThat(scene.answer("hostile").getRcode()).isEqualTo(Rcode.FORMERR);
    assertThat(scene.upstream.queries).isEmpty();
  }

  @Test
  void optionsThatPassThroughCountAsTheMemoryThatTheyTake() throws Exception {
    LogWatch.expect("dns-questions-refused.*port=");
    byte[] query = ForwarderScene.withOption("slow.example.", LOCAL_OPTION, 3_900);
    scene.onLoop(() -> {
      for (int i = 0; i < 600; i++) {
        scene.send(scene.guest("hostile").withMac(i), query);
      }
      return true;
    });
    assertThat(scene.gauge("outstandingBytes")).isLessThan(LIMITS.bytes() / 2 + 10_000);
    assertHonest("honest");
  }

  @Test
  void theFloorsOfManyPortsAreOneSmallQuestionWhereTheMemoryIsUsedUp() throws Exception {
    LogWatch.expect("dns-questions-refused.*port=");
    scene.close();
    long share = 64 << 10;
    scene = new ForwarderScene(folder, new NameMemory(64 * share));
    scene.upstream.answer = response -> null;
    int ports = 50;
    scene.onLoop(() -> {
      for (int port = 0; port < ports; port++) {
        for (int i = 0; i < LIMITS.floor(); i++) {
          String name = "slow" + port + "-" + i + ".example.";
          scene.send(
              scene.guest("hostile" + port), ForwarderScene.withOption(name, LOCAL_OPTION, 3_900));
        }
      }
      return true;
    });
    long last = 9_000;
    assertThat(scene.gauge("outstandingBytes")).isLessThan(share + share / 2 + last);
    long before = scene.gauge("outstanding");
    askSlowly("honest", LIMITS.floor());
    assertThat(scene.gauge("outstanding")).isEqualTo(before + 1);
  }

  @Test
  void aPortHasOneQuotaOverDatagramsAndStreams() throws Exception {
    LogWatch.expect("dns-questions-refused.*port=");
    ForwarderScene.Peer guest = scene.guest("guest");
    scene.onLoop(() -> {
      for (int i = 0; i < OF_GUEST; i++) {
        scene.send(guest, ForwarderScene.query("slow" + i + ".example.").toWire());
      }
      return true;
    });
    List<Integer> rcodes = new java.util.ArrayList<>();
    scene.onLoop(() -> {
      byte[] query = ForwarderScene.query("slow-tcp.example.").toWire();
      return scene.forwarder.receiveFromStream(
          query, guest.station(), answer -> rcodes.add(answer[3] & 15));
    });
    assertThat(rcodes).containsExactly(Rcode.REFUSED);
  }

  @Test
  void everyPlaceIsFreeAgainWhenTheQuestionsAreOver() throws Exception {
    LogWatch.expect("dns-questions-refused.*port=");
    scene.onLoop(() -> {
      for (int port = 0; port < 5; port++) {
        for (int i = 0; i < 300; i++) {
          String name = "slow" + i % 150 + ".example.";
          scene.send(scene.guest("guest" + port), ForwarderScene.query(name).toWire());
        }
      }
      return true;
    });
    assertThat(scene.gauge("outstanding")).isPositive();
    scene.step(Duration.ofSeconds(2));
    assertHonest("honest"); // The servers are not silent.
    for (int i = 0; i < 7; i++) {
      scene.step(Duration.ofSeconds(1));
    }
    assertThat(scene.gauge("outstanding")).isZero();
    assertThat(scene.gauge("outstandingQuestions")).isZero();
    assertThat(scene.gauge("outstandingBytes")).isZero();
    assertThat(scene.gauge("outstandingPorts")).isZero();
    assertHonest("honest");
  }

  @Test
  void eachOfThoseWhoWaitedHasItsOwnIdentifierAndSpelling() throws Exception {
    String[] names = {"slow.example.", "SLOW.example.", "sLoW.eXaMpLe."};
    scene.onLoop(() -> {
      for (int i = 0; i < names.length; i++) {
        Message query = ForwarderScene.query(names[i]);
        query.getHeader().setID(100 + i);
        scene.send(scene.guest("guest" + i), query.toWire());
      }
      return true;
    });
    scene.await(() -> !scene.upstream.queries.isEmpty());
    scene.upstream.answer = response -> response;
    scene.step(Duration.ofSeconds(2));
    for (int i = 0; i < names.length; i++) {
      Message answer = scene.answer("guest" + i);
      assertThat(answer.getHeader().getID()).isEqualTo(100 + i);
      assertThat(answer.getSection(Section.QUESTION).getFirst().getName().toString())
          .isEqualTo(names[i]);
    }
  }
}
