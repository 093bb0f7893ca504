package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.LogWatch;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log of questions, which one port can neither fill nor have for itself. */
class QueryLogTest {
  private static final String LOGGED = "dns: {hosts-file: false, domain: lan, query-log: true}";

  @TempDir private Path folder;
  private @Nullable ForwarderScene scene;

  private ForwarderScene open(String keys) throws Exception {
    ForwarderScene made = new ForwarderScene(folder, keys);
    made.upstream.answer =
        response ->
            response.getQuestion().getName().toString().startsWith("slow") ? null : response;
    scene = made;
    return made;
  }

  @AfterEach
  void stop() throws Exception {
    if (scene != null) {
      scene.close();
    }
  }

  private static void flood(ForwarderScene scene, String port, int count) throws Exception {
    byte[] query = ForwarderScene.query("gateway.lan.").toWire();
    scene.onLoop(() -> {
      for (int i = 0; i < count; i++) {
        scene.send(scene.guest(port), query);
      }
      return true;
    });
    scene.answers(port).clear();
  }

  private static void ask(ForwarderScene scene, String port, String name) throws Exception {
    scene.ask(port, name);
    awaitLine(scene);
  }

  /** The line comes after the answer, in the same task of the loop. */
  private static void awaitLine(ForwarderScene scene) throws Exception {
    scene.onLoop(() -> true);
  }

  private static long lines(String port) {
    return LogWatch.count("dns-query network=\"vmnet8\" port=\"" + port + "\"");
  }

  @Test
  void aQuestionIsLoggedWithItsNameAndAnswer() throws Exception {
    ForwarderScene scene = open(LOGGED);
    ask(scene, "p", "www.example.");
    assertThat(
            LogWatch.count(
                "port=\"p\" guest=\"52:54:00:00:00:01\" protocol=\"udp\" name=\"www.example\""
                    + " type=\"A\" answer=\"NOERROR\" answers=\"0\""))
        .isEqualTo(1);
  }

  @Test
  void whatCannotBeReadIsLoggedWithoutAName() throws Exception {
    ForwarderScene scene = open(LOGGED);
    byte[] two = ForwarderScene.query("www.example.").toWire();
    two[5] = 2;
    scene.send("p", two);
    scene.answer("p");
    awaitLine(scene);
    assertThat(LogWatch.count("name=\"\" type=\"\" answer=\"FORMERR\"")).isEqualTo(1);
  }

  @Test
  void aPortThatAsksWithoutEndLeavesOthersTheirLines() throws Exception {
    ForwarderScene scene = open(LOGGED);
    flood(scene, "hostile1", 5000);
    flood(scene, "hostile2", 5000);
    ask(scene, "honest", "gateway.lan.");
    assertThat(lines("honest")).isEqualTo(1);
    assertThat(lines("hostile1") + lines("hostile2")).isBetween(500L, 2999L);
    scene.step(Duration.ofSeconds(10));
    ask(scene, "hostile2", "gateway.lan.");
    assertThat(LogWatch.count("suppressed=")).as("says what was left out").isEqualTo(1);
  }

  @Test
  void whatIsKeptForTheLogCounts() throws Exception {
    String name = "slow" + ".a-label-of-some-length".repeat(6) + ".example.";
    byte[] query = ForwarderScene.padded(name, 3000);
    ForwarderScene plain = open("dns: {hosts-file: false}");
    plain.send("p", query);
    long without = plain.gauge("outstandingBytes");
    plain.close();
    ForwarderScene scene = open(LOGGED);
    scene.send("p", query);
    assertThat(scene.gauge("outstandingBytes") - without).isBetween((long) name.length(), 1000L);
  }
}
