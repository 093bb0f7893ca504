package io.lanyard.nat.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.SteppedTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FlowTableTest {
  private final SteppedTimers timers = new SteppedTimers();
  private final List<FlowEnd> ends = new ArrayList<>();

  private final class TestFlow extends Flow {
    private final boolean evictable;

    TestFlow(int guest, int protocol, int port, boolean evictable) {
      super(FlowKey.high(guest, 99), FlowKey.low(protocol, port, 80));
      this.evictable = evictable;
    }

    @Override
    public String state() {
      return "open";
    }

    @Override
    protected void ended(FlowEnd end) {
      ends.add(end);
    }

    @Override
    protected boolean evictable() {
      return evictable;
    }
  }

  private FlowTable table(FlowQuota quota) {
    return new FlowTable(timers, quota, 42);
  }

  private TestFlow udp(int guest, int port) {
    return new TestFlow(guest, FlowKey.UDP, port, true);
  }

  private TestFlow tcp(int guest, int port) {
    return new TestFlow(guest, FlowKey.TCP, port, false);
  }

  @Test
  void finds_what_was_added_and_not_removed() {
    FlowTable table = table(FlowQuota.DEFAULT);
    Map<Long, Flow> expected = new HashMap<>();
    Random random = new Random(1);
    for (int i = 0; i < 50_000; i++) {
      int port = random.nextInt(4000);
      int guest = random.nextInt(4);
      long key = guest * 65536L + port;
      Flow known = expected.get(key);
      if (known == null) {
        TestFlow flow = udp(guest, port);
        assertThat(table.add(flow)).isTrue();
        expected.put(key, flow);
      } else {
        table.remove(known);
        expected.remove(key);
      }
    }
    assertThat(table.size()).isEqualTo(expected.size());
    for (int guest = 0; guest < 4; guest++) {
      for (int port = 0; port < 4000; port++) {
        assertThat(table.get(FlowKey.high(guest, 99), FlowKey.low(FlowKey.UDP, port, 80)))
            .isSameAs(expected.get(guest * 65536L + port));
      }
    }
    assertThat(ends).isEmpty();
  }

  @Test
  void a_guests_quota_holds_and_is_given_back() {
    FlowTable table = table(new FlowQuota(2, 10, 2, 10, 2, 10));
    TestFlow first = tcp(1, 1);
    assertThat(table.add(first)).isTrue();
    assertThat(table.add(tcp(1, 2))).isTrue();
    assertThat(table.add(tcp(1, 3))).isFalse();
    assertThat(table.add(tcp(2, 3))).isTrue();
    table.remove(first);
    assertThat(table.add(tcp(1, 3))).isTrue();
    assertThat(table.refused()).isEqualTo(1);
  }

  @Test
  void the_longest_idle_flow_makes_place() {
    FlowTable table = table(new FlowQuota(3, 10, 3, 10, 3, 10));
    TestFlow first = udp(1, 1);
    TestFlow second = udp(1, 2);
    TestFlow third = udp(1, 3);
    for (TestFlow flow : List.of(first, second, third)) {
      table.add(flow);
      timers.advance(Duration.ofSeconds(1));
    }
    first.touch();
    assertThat(table.add(udp(1, 4))).isTrue();
    assertThat(first.live()).isTrue();
    assertThat(second.live()).isFalse();
    assertThat(ends).containsExactly(FlowEnd.EVICTED);
  }

  @Test
  void the_network_quota_takes_from_the_guest_that_holds_most() {
    FlowTable table = table(new FlowQuota(9, 9, 9, 5, 9, 9));
    for (int i = 0; i < 4; i++) {
      table.add(udp(1, i));
    }
    table.add(udp(2, 1));
    assertThat(table.add(udp(3, 1))).isTrue();
    assertThat(table.size(1, FlowKey.UDP)).isEqualTo(3);
  }

  @Test
  void an_idle_flow_ends_after_its_timeout_and_not_before() {
    FlowTable table = table(FlowQuota.DEFAULT);
    TestFlow flow = udp(1, 1);
    flow.idleTimeout(Duration.ofMinutes(5).toNanos());
    table.add(flow);
    timers.advance(Duration.ofSeconds(200));
    flow.touch();
    timers.advance(Duration.ofSeconds(299));
    assertThat(flow.live()).isTrue();
    timers.advance(Duration.ofSeconds(2));
    assertThat(flow.live()).isFalse();
    assertThat(ends).containsExactly(FlowEnd.IDLE);
    assertThat(timers.armedCount()).isZero();
  }

  @Test
  void a_shorter_timeout_takes_effect_at_once() {
    FlowTable table = table(FlowQuota.DEFAULT);
    TestFlow flow = udp(1, 1);
    flow.idleTimeout(Duration.ofMinutes(5).toNanos());
    table.add(flow);
    flow.idleTimeout(Duration.ofSeconds(5).toNanos());
    timers.advance(Duration.ofSeconds(6));
    assertThat(flow.live()).isFalse();
  }

  @Test
  void listeners_are_told_once_with_the_last_counters() {
    FlowTable table = table(FlowQuota.DEFAULT);
    TestFlow flow = udp(1, 1);
    List<Long> bytes = new ArrayList<>();
    flow.onGone(gone -> bytes.add(gone.bytesToGuest()));
    table.add(flow);
    flow.countToGuest(1, 1000);
    table.remove(flow);
    table.remove(flow);
    assertThat(bytes).containsExactly(1000L);
  }

  @Test
  void closing_ends_everything_and_takes_no_more() {
    FlowTable table = table(FlowQuota.DEFAULT);
    for (int i = 0; i < 1000; i++) {
      table.add(udp(1, i));
    }
    table.close();
    assertThat(table.size()).isZero();
    assertThat(ends).hasSize(1000).containsOnly(FlowEnd.CLOSED);
    assertThat(table.add(udp(1, 1))).isFalse();
  }
}
