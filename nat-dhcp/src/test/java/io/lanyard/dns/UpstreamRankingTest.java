package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.SteppedClock;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class UpstreamRankingTest {
  private static final UpstreamServer A = server(1);
  private static final UpstreamServer B = server(2);
  private static final UpstreamServer C = server(3);

  private final SteppedClock clock = new SteppedClock();
  private final UpstreamRanking ranking = new UpstreamRanking(clock);

  private static UpstreamServer server(int port) {
    return UpstreamServer.plain(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  @BeforeEach
  void haveThreeServers() {
    ranking.servers(List.of(A, B, C));
  }

  @Test
  void theConfigurationsOrderCountsUntilSomethingIsKnown() {
    assertThat(ranking.order()).containsExactly(A, B, C);
    ranking.answered(A, 20_000_000);
    assertThat(ranking.order()).containsExactly(A, B, C);
  }

  @Test
  void theFastestIsFirst() {
    ranking.answered(A, 20_000_000);
    ranking.answered(B, 5_000_000);
    ranking.answered(C, 10_000_000);
    assertThat(ranking.order()).containsExactly(B, C, A);
    ranking.slower(B, 30_000_000);
    assertThat(ranking.order()).containsExactly(C, A, B);
  }

  @Test
  void aServerThatFailsIsAskedAfterTheOthersUntilItAnswers() {
    ranking.answered(A, 1_000_000);
    ranking.failed(A);
    assertThat(ranking.order()).containsExactly(B, C, A);
    ranking.answered(A, 1_000_000);
    assertThat(ranking.order().getFirst()).isEqualTo(A);
  }

  @Test
  void aServerThatRestsIsProbedOnceItsTimeIsOverAndRestsLongerEachTime() {
    ranking.failed(A);
    assertThat(ranking.due()).isNull();
    long rest = 1;
    for (int i = 0; i < 10; i++) {
      clock.advance(Duration.ofMillis(rest * 1000 - 1));
      assertThat(ranking.due()).as("failure %d", i).isNull();
      clock.advance(Duration.ofMillis(1));
      assertThat(ranking.due()).isEqualTo(A);
      assertThat(ranking.due()).as("it is being probed").isNull();
      ranking.failed(A);
      rest = Math.min(60, 2 * rest);
    }
  }

  @Test
  void manyQuestionsThatFailAtOnceAreOneFailure() {
    for (int i = 0; i < 100; i++) {
      ranking.failed(A);
    }
    clock.advance(Duration.ofSeconds(1));
    assertThat(ranking.due()).isEqualTo(A);
  }

  @Test
  void nowAndThenGoodServersAreComparedByOneQuestion() {
    assertThat(ranking.width()).isEqualTo(1);
    clock.advance(Duration.ofSeconds(30));
    ranking.failed(C);
    assertThat(ranking.width()).isEqualTo(2);
    assertThat(ranking.width()).isEqualTo(1);
  }

  @Test
  void whatIsKnownOfAServerOutlivesAChangeOfTheOthers() {
    ranking.answered(C, 1_000_000);
    ranking.servers(List.of(B, C));
    assertThat(ranking.order()).containsExactly(C, B);
  }
}
