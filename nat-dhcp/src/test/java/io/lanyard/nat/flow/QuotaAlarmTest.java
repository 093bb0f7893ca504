package io.lanyard.nat.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The problems of quotas that are used up. */
class QuotaAlarmTest {
  private static final Address REMOTE = Address.parse("192.0.2.1");

  private final SteppedTimers timers = new SteppedTimers();
  private final FlowTable table =
      new FlowTable("test", timers, TestNetworks.quota(4, 16, 4, 16, 4, 16), 42);
  private final FlowOwner hostile = new FlowOwner("p1");
  private int number;

  private static final class OpenFlow extends Flow {
    OpenFlow(int number) {
      super(FlowKey.TCP, Address.parse("10.0.0.0").plus(number), 1, REMOTE, 80);
    }

    @Override
    public String state() {
      return "established";
    }

    @Override
    protected void ended(FlowEnd end) {}
  }

  private void open(FlowAccount account) {
    table.add(new OpenFlow(++number), account);
  }

  @Test
  void aGuestAtItsQuotaIsNamedByItsPort() {
    LogWatch.expect("flows-refused network=\"test\"");
    FlowAccount guest = new FlowAccount(hostile);
    for (int i = 0; i < 4; i++) {
      open(guest);
    }
    assertThat(table.problems()).isEmpty();
    open(guest);
    open(guest);
    assertThat(table.problems())
        .containsExactly(
            "tcp flows: port p1 holds 4 of the 4 that a guest may have; end some, or raise nat:"
                + " {quotas: {tcp-per-guest: ...}}");
  }

  @Test
  void aPortThatMakesUpStationsIsNamed() {
    LogWatch.expect("flows-refused network=\"test\"");
    for (int i = 0; i < 9; i++) {
      open(new FlowAccount(hostile));
    }
    assertThat(table.problems()).singleElement().asString().contains("p1 holds 8 of the 8");
    assertThat(table.problems(hostile)).isEqualTo(table.problems());
    assertThat(table.problems(new FlowOwner("p1"))).isEmpty();
  }

  @Test
  void thePortThatHoldsMostNowIsNamedWhoeverWasFirst() {
    LogWatch.expect("flows-refused network=\"test\"");
    for (int i = 0; i < 9; i++) {
      open(new FlowAccount(hostile));
    }
    timers.advance(Duration.ofSeconds(30));
    table.endOwner(hostile, List.of());
    FlowOwner second = new FlowOwner("p2");
    for (int i = 0; i < 9; i++) {
      open(new FlowAccount(second));
    }
    assertThat(table.problems()).singleElement().asString().contains("p2 holds 8 of the 8");
    assertThat(LogWatch.lines()).isEqualTo(2);
  }

  @Test
  void aShortageIsOverWhenNothingWasRefusedForAMinute() {
    LogWatch.expect("flows-refused network=\"test\"");
    FlowAccount guest = new FlowAccount(hostile);
    for (int i = 0; i < 5; i++) {
      open(guest);
    }
    assertThat(table.problems()).hasSize(1);
    timers.advance(Duration.ofSeconds(61));
    assertThat(table.problems()).isEmpty();
  }
}
