package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;

/** The descriptors that questions to the host's name servers take. */
class DnsSocketsTest {
  @TempDir Path folder;

  private ForwarderScene scene(int descriptors) throws Exception {
    return new ForwarderScene(
        folder,
        new DescriptorBudget(() -> descriptors, Clock.system()),
        ForwarderScene.WITHOUT_HOSTS_FILE);
  }

  @Test
  void aPortThatHoldsAllTheSocketsItGetsLeavesDnsSome() throws Exception {
    LogWatch.expect("no-descriptor");
    ForwarderScene scene = scene(32);
    try {
      int held =
          scene.onLoop(() -> {
            DescriptorBudget.Holder greedy = scene.descriptors.holder("p1");
            int taken = 0;
            while (greedy.take()) {
              taken++;
            }
            return taken;
          });
      assertThat(held).isEqualTo(16);
      assertThat(scene.ask("p2", "www.example.").getRcode()).isEqualTo(Rcode.NOERROR);
      assertThat(scene.descriptors.problem()).contains("p1");
    } finally {
      scene.close();
    }
  }

  @Test
  void whatWasTakenForQuestionsIsGivenBack() throws Exception {
    LogWatch.expect("dns-questions-refused");
    ForwarderScene scene = scene(32);
    try {
      scene.onLoop(() -> {
        for (int i = 0; i < 100; i++) {
          scene.send(scene.guest("p1"), ForwarderScene.query("n" + i + ".example.").toWire());
        }
        return true;
      });
      scene.await(() -> scene.answers("p1").size() == 100 && scene.sockets.held() == 0);
      assertThat(scene.count(DnsCount.NO_DESCRIPTOR)).isPositive();
      assertThat(scene.ask("p2", "www.example.").getRcode()).isEqualTo(Rcode.NOERROR);
      scene.await(() -> scene.sockets.held() == 0 && scene.descriptors.used() == 0);
    } finally {
      scene.close();
    }
  }

  @Test
  void slowQuestionsOfOnePortLeaveOthersSockets() throws Exception {
    LogWatch.expect("dns-questions-refused");
    ForwarderScene scene = scene(32);
    try {
      scene.upstream.answer = DnsSocketsTest::unlessSlow;
      scene.onLoop(() -> {
        askSlowly(scene, 100);
        return true;
      });
      scene.await(() -> scene.answers("p1").size() > 50 && scene.sockets.held() > 0);
      assertThat(scene.sockets.free()).isPositive();
      // While the first port's wait, another port asks.
      assertThat(scene.ask("p2", "www.example.").getRcode()).isEqualTo(Rcode.NOERROR);
      assertThat(scene.guest("p1").station().budget().problem()).contains("DNS questions");
    } finally {
      scene.close();
    }
  }

  @Test
  void aNameThatAPortWithoutSocketsAsksForIsAskedForTheOther() throws Exception {
    LogWatch.expect("dns-questions-refused");
    ForwarderScene scene = scene(32);
    try {
      scene.upstream.answer = DnsSocketsTest::unlessSlow;
      scene.onLoop(() -> {
        askSlowly(scene, 100);
        // One question of two ports, of which the first has all the sockets that it gets.
        scene.send(scene.guest("p1"), ForwarderScene.query("www.example.").toWire());
        scene.send(scene.guest("p2"), ForwarderScene.query("www.example.").toWire());
        return true;
      });
      assertThat(scene.answer("p2").getRcode()).isEqualTo(Rcode.NOERROR);
      scene.await(() -> scene.answers("p1").stream().anyMatch(DnsSocketsTest::isOfWww));
    } finally {
      scene.close();
    }
  }

  @Test
  void theQuestionsOfAPortThatIsGoneEndAndThoseOfOthersGoOn() throws Exception {
    ForwarderScene scene = scene(64);
    try {
      scene.upstream.answer = DnsSocketsTest::unlessSlow;
      scene.onLoop(() -> {
        askSlowly(scene, 4);
        scene.send(scene.guest("p2"), ForwarderScene.query("slow0.example.").toWire());
        return true;
      });
      scene.await(() -> scene.sockets.held() == 4);
      scene.onLoop(() -> {
        scene.forwarder.end(scene.guest("p1").station().budget());
        return true;
      });
      scene.await(() -> scene.sockets.held() == 1);
      assertThat(scene.gauge("outstanding")).isEqualTo(1);
      assertThat(scene.gauge("outstandingPorts")).isEqualTo(1);
      scene.upstream.answer = response -> response;
      scene.step(Duration.ofSeconds(2)); // asked again
      assertThat(scene.answer("p2").getRcode()).isEqualTo(Rcode.NOERROR);
      assertThat(scene.gauge("outstandingBytes")).isZero();
      assertThat(scene.answers("p1")).isEmpty();
    } finally {
      scene.close();
    }
  }

  @Test
  void aPortThatGoesWhileTheServersAreLookedUpHasNothingAsked() throws Exception {
    ForwarderScene scene = scene(64);
    try {
      scene.upstream.answer = DnsSocketsTest::unlessSlow;
      scene.onLoop(() -> {
        askSlowly(scene, 4);
        scene.forwarder.end(scene.guest("p1").station().budget());
        return true;
      });
      assertThat(scene.ask("p2", "www.example.").getRcode()).isEqualTo(Rcode.NOERROR);
      scene.await(() -> scene.sockets.held() == 0);
      assertThat(scene.count(DnsCount.UPSTREAM_UDP)).isEqualTo(1);
    } finally {
      scene.close();
    }
  }

  /** The server is silent about names that begin so. */
  private static @Nullable Message unlessSlow(Message response) {
    return response.getQuestion().getName().toString().startsWith("slow") ? null : response;
  }

  /** Distinct questions of one port that wait. */
  private static void askSlowly(ForwarderScene scene, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      scene.send(scene.guest("p1"), ForwarderScene.query("slow" + i + ".example.").toWire());
    }
  }

  private static boolean isOfWww(Message answer) {
    return answer.getQuestion().getName().toString().startsWith("www");
  }

  @Test
  void aConnectionWithoutASocketSaysNothingAgainstTheServer() throws Exception {
    LogWatch.expect("no-descriptor");
    ForwarderScene scene = scene(0);
    try {
      scene.configure(
          "dns: {hosts-file: false, upstreams: [\"tcp://127.0.0.1:"
              + scene.upstream.port()
              + "\"]}");
      assertThat(scene.ask("p1", "www.example.").getRcode()).isEqualTo(Rcode.SERVFAIL);
      assertThat(scene.count(DnsCount.NO_DESCRIPTOR)).isPositive();
      assertThat(scene.count(DnsCount.UPSTREAM_FAILED)).isZero();
      assertThat(scene.onLoop(() -> scene.forwarder.dump().toString())).doesNotContain("resting");
    } finally {
      scene.close();
    }
  }

  @Test
  void aQuestionWithoutASocketIsToldThatItFailed() throws Exception {
    LogWatch.expect("no-descriptor");
    ForwarderScene scene = scene(0);
    try {
      assertThat(scene.ask("p1", "www.example.").getRcode()).isEqualTo(Rcode.SERVFAIL);
      assertThat(scene.descriptors.problem()).contains("dns");
    } finally {
      scene.close();
    }
  }
}
