package io.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

final class LogWatchTest {
  private static final Logger NETTY = Logger.getLogger("io.netty.channel.epoll.EpollIoHandler");

  @Test
  void aThreadThatHadNoProcessorWhileItWokeALoopIsNoWarning() {
    NETTY.warning("Missed eventfd write (not seen after > 1 second)");
    assertThat(LogWatch.lines()).isZero();
  }

  @Test
  void anythingElseThatNettySaysIsSeen() {
    LogWatch.expect("something else");
    NETTY.warning("something else");
    assertThat(LogWatch.lines()).isOne();
  }
}
