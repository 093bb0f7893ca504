package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AcceptFailuresTest {
  private final List<String> heard = new ArrayList<>();
  private final EmbeddedChannel channel =
      new EmbeddedChannel(
          new AcceptFailures(
              new AcceptFailures.Listener() {
                @Override
                public void cannotAccept(String reason, String remedy) {
                  heard.add(reason);
                }

                @Override
                public void acceptsAgain() {
                  heard.add("again");
                }
              }));

  AcceptFailuresTest() {
    channel.freezeTime();
  }

  @AfterEach
  void close() {
    var _ = channel.close();
    channel.checkException();
  }

  private void fail() {
    channel.pipeline().fireExceptionCaught(new IOException("broken"));
  }

  private void pause() {
    channel.advanceTimeBy(AcceptFailures.PAUSE_SECONDS, TimeUnit.SECONDS);
    channel.runScheduledPendingTasks();
  }

  @Test
  void aFailureStopsTheSocketForAPause() {
    fail();
    assertThat(heard).containsExactly("no client can be accepted: broken");
    assertThat(channel.config().isAutoRead()).isFalse();
    pause();
    assertThat(channel.config().isAutoRead()).isTrue();
    assertThat(heard).hasSize(1);
  }

  @Test
  void theTroubleEndsAfterAWholePauseWithoutAFailure() {
    fail();
    pause();
    fail();
    pause();
    assertThat(channel.config().isAutoRead()).isTrue();
    assertThat(heard).doesNotContain("again");
    pause();
    assertThat(heard).endsWith("again");
    pause();
    assertThat(heard).hasSize(3);
  }

  @Test
  void aSocketThatIsClosedIsLeftAlone() {
    fail();
    var _ = channel.close();
    pause();
    pause();
    assertThat(heard).hasSize(1);
  }
}
