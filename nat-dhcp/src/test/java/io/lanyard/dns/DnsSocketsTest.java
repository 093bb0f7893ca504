package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.testing.LogWatch;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.Rcode;

/** The descriptors that questions to the host's name servers take. */
class DnsSocketsTest {
  @TempDir Path folder;

  @BeforeEach
  void expectTheWarning() {
    LogWatch.expect("no-descriptor");
  }

  private ForwarderScene scene(int descriptors) throws Exception {
    return new ForwarderScene(
        folder, settings -> settings, new DescriptorBudget(() -> descriptors, Clock.system()));
  }

  @Test
  void aPortThatHoldsAllTheSocketsItGetsLeavesDnsSome() throws Exception {
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
  void aQuestionWithoutASocketIsToldThatItFailed() throws Exception {
    ForwarderScene scene = scene(0);
    try {
      assertThat(scene.ask("p1", "www.example.").getRcode()).isEqualTo(Rcode.SERVFAIL);
      assertThat(scene.descriptors.problem()).contains("dns");
    } finally {
      scene.close();
    }
  }
}
