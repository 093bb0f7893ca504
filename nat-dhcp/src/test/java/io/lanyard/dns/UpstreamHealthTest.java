package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dns.UpstreamHealth.Probed;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class UpstreamHealthTest {
  private final SteppedTimers timers = new SteppedTimers();
  private final List<Consumer<Probed>> probes = new ArrayList<>();
  private final UpstreamHealth health = new UpstreamHealth("n", timers, probes::add);

  @Test
  void serversThatDoNotAnswerForTheRootAreSilentUntilOneAnswers() {
    LogWatch.expect("event=dns-upstreams-silent");
    health.unanswered(0);
    assertThat(health.silent()).isFalse();
    probes.getFirst().accept(Probed.SILENT);
    assertThat(health.silent()).isTrue();
    health.answered();
    assertThat(health.silent()).isFalse();
  }

  @Test
  void serversThatAnswerAnotherQuestionMeanwhileAreNotSilent() {
    health.unanswered(0);
    health.answered();
    probes.getFirst().accept(Probed.SILENT);
    assertThat(health.silent()).isFalse();
  }

  @Test
  void oneQuestionRightAfterAProbeThatWasAnsweredIsEnoughToFindThemSilent() {
    LogWatch.expect("event=dns-upstreams-silent");
    health.unanswered(0);
    probes.getFirst().accept(Probed.ANSWERED);
    timers.advance(Duration.ofSeconds(1));
    health.unanswered(timers.clock().nanoTime());
    timers.advance(Duration.ofSeconds(8));
    assertThat(probes).hasSize(1);
    timers.advance(Duration.ofSeconds(2));
    assertThat(probes).hasSize(2);
    probes.getLast().accept(Probed.SILENT);
    assertThat(health.silent()).isTrue();
  }

  @Test
  void serversThatHaveAnsweredInTimeAreNotProbedForAnEarlierQuestion() {
    health.unanswered(0);
    probes.getFirst().accept(Probed.ANSWERED);
    timers.advance(Duration.ofSeconds(1));
    health.unanswered(timers.clock().nanoTime());
    health.answered();
    timers.advance(Duration.ofSeconds(60));
    assertThat(probes).hasSize(1);
  }

  @Test
  void aProbeThatEndsAfterTheCloseSaysNothing() {
    health.unanswered(0);
    health.close();
    probes.getFirst().accept(Probed.SILENT);
    assertThat(health.silent()).isFalse();
  }
}
