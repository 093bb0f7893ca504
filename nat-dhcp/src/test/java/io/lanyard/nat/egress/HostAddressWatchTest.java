package io.lanyard.nat.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.Rtnetlink;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedClock;
import io.lanyard.testing.SteppedTimers;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HostAddressWatchTest {
  private static final int EAFNOSUPPORT = 97;

  private final SteppedClock clock = new SteppedClock();
  private final SteppedTimers timers = new SteppedTimers(clock);
  private final EventLoop loop = new DefaultEventLoop();
  private final List<Subnet> own = new ArrayList<>();
  private boolean refused = true;

  @AfterEach
  void close() {
    loop.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private Rtnetlink open() throws ErrnoException {
    if (refused) {
      throw new ErrnoException("open a netlink socket", EAFNOSUPPORT);
    }
    return Rtnetlink.open();
  }

  @Test
  void addressesThatCannotBeHadAreAProblemUntilTheyAreKnown() throws Exception {
    LogWatch.expect("host-addresses-unknown");
    try (HostAddressWatch watch = new HostAddressWatch(loop, timers, own::addAll, this::open)) {
      assertThat(watch.problem())
          .contains("guests reach nothing beyond the gateway", "open a netlink socket");
      assertThat(own).isEmpty();
      timers.advance(Duration.ofSeconds(1));
      assertThat(watch.problem()).isNotEmpty();
      refused = false;
      timers.advance(Duration.ofSeconds(1));
      assertThat(watch.problem()).isEmpty();
      assertThat(own).anyMatch(subnet -> subnet.contains(Address.LOOPBACK_IPV4));
    }
  }
}
