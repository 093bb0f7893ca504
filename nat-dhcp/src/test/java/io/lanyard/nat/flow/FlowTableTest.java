package io.lanyard.nat.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.testing.Garbage;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FlowTableTest {
  private static final Address REMOTE = Address.ofIpv4(99);

  private final SteppedTimers timers = new SteppedTimers();
  private final List<FlowEnd> ends = new ArrayList<>();
  private final Map<Address, FlowAccount> accounts = new HashMap<>();

  private final class TestFlow extends Flow {
    private final Worth worth;

    TestFlow(int guest, int protocol, int port, Worth worth) {
      super(protocol, Address.ofIpv4(guest), port, REMOTE, 80);
      this.worth = worth;
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
    protected Worth worth() {
      return worth;
    }
  }

  private FlowTable table(FlowQuota quota) {
    return new FlowTable("test", timers, quota, 42);
  }

  private TestFlow udp(int guest, int port) {
    return new TestFlow(guest, FlowKey.UDP, port, Flow.Worth.DISPENSABLE);
  }

  private TestFlow tcp(int guest, int port) {
    return new TestFlow(guest, FlowKey.TCP, port, Flow.Worth.IN_USE);
  }

  /** Adds a flow to the account of its guest, which is alone behind its port. */
  private boolean add(FlowTable table, Flow flow) {
    return table.add(flow, account(flow.guest()));
  }

  private FlowAccount account(Address guest) {
    return accounts.computeIfAbsent(
        guest, address -> new FlowAccount(new FlowOwner("port of " + address)));
  }

  @Test
  void findsWhatWasAddedAndNotRemoved() {
    FlowTable table = table(TestNetworks.quota());
    Map<Long, Flow> expected = new HashMap<>();
    Random random = new Random(1);
    for (int i = 0; i < 50_000; i++) {
      int port = random.nextInt(4000);
      int guest = random.nextInt(4);
      long key = guest * 65536L + port;
      Flow known = expected.get(key);
      if (known == null) {
        TestFlow flow = udp(guest, port);
        assertThat(add(table, flow)).isTrue();
        expected.put(key, flow);
      } else {
        table.remove(known);
        expected.remove(key);
      }
    }
    assertThat(table.size()).isEqualTo(expected.size());
    FlowKey key = new FlowKey(FlowKey.UDP);
    for (int guest = 0; guest < 4; guest++) {
      for (int port = 0; port < 4000; port++) {
        assertThat(table.get(key.guest(Address.ofIpv4(guest), port).remote(REMOTE, 80)))
            .isSameAs(expected.get(guest * 65536L + port));
      }
    }
    for (int guest = 0; guest < 4; guest++) {
      Address address = Address.ofIpv4(guest);
      assertThat(table.ofGuest(address))
          .hasSameElementsAs(
              expected.values().stream().filter(flow -> flow.guest().equals(address)).toList());
    }
    assertThat(ends).isEmpty();
  }

  /** A scrape of the metrics asks for these numbers each time. */
  @Test
  void theNumberOfFlowsIsKnownWithoutMakingAnything() {
    FlowTable table = table(TestNetworks.quota());
    for (int port = 1; port <= 1000; port++) {
      add(table, udp(1, port));
      add(table, tcp(2, port));
    }
    int[] counted = {0};
    long garbage =
        Garbage.of(
            1,
            () ->
                counted[0] =
                    table.size(FlowKey.UDP)
                        + table.size(FlowKey.TCP)
                        + table.size(FlowKey.ICMP)
                        + (int) (table.added() + table.refused() + table.evicted()));
    assertThat(garbage).isZero();
    assertThat(counted[0]).isEqualTo(4000);
  }

  @Test
  void flowsAreCountedByAConditionWithoutARecordOfEach() {
    FlowTable table = table(TestNetworks.quota());
    for (int port = 1; port <= 1000; port++) {
      add(table, udp(1, port));
      add(table, tcp(2, port));
    }
    // A snapshot of 2,000 references is all; a record of each takes a hundred bytes and more.
    long garbage = Garbage.of(20_000, () -> table.count(flow -> flow.protocol() == FlowKey.UDP));
    assertThat(garbage).isLessThan(20_000);
    assertThat(table.count(flow -> flow.protocol() == FlowKey.UDP)).isEqualTo(1000);
  }

  /** A guest can publish and end a port with every packet: it must not cost a look at all flows. */
  @Test
  void theEndOfAPublishedPortIsAMatterOfTheFlowsThatRelyOnItAlone() {
    FlowTable table = table(TestNetworks.quota());
    for (int port = 1; port <= 1000; port++) {
      add(table, udp(1, port));
    }
    TestFlow before = udp(2, 1);
    before.grant(Grant.PUBLISHED);
    add(table, before);
    TestFlow since = udp(2, 2);
    add(table, since);
    since.relyOnPublished();
    since.relyOnPublished();
    TestFlow gone = udp(2, 3);
    gone.grant(Grant.PUBLISHED);
    add(table, gone);
    table.remove(gone);
    List<Flow> asked = new ArrayList<>();
    table.endReliant(FlowKey.UDP, 81, asked::add);
    table.endReliant(FlowKey.TCP, 80, asked::add);
    assertThat(asked).isEmpty();
    table.endReliant(
        FlowKey.UDP,
        80,
        flow -> {
          asked.add(flow);
          return flow == since;
        });
    assertThat(asked).containsExactlyInAnyOrder(before, since);
    assertThat(since.live()).isFalse();
    assertThat(before.live()).isTrue();
    table.endReliant(FlowKey.UDP, 80, asked::add);
    assertThat(before.live()).isFalse();
    assertThat(table.size()).isEqualTo(1000);
  }

  @Test
  void theFlowsOfAForwardEndWithThePortThatTheirGuestIsBehind() {
    FlowTable table = table(TestNetworks.quota());
    FlowOwner port = new FlowOwner("port");
    TestFlow led = udp(1, 1);
    led.forward("web", new Endpoint(REMOTE, 9), () -> port);
    TestFlow elsewhere = udp(1, 2);
    elsewhere.forward("web", new Endpoint(REMOTE, 9), () -> new FlowOwner("other"));
    add(table, led);
    add(table, elsewhere);
    table.endOwner(port, List.of(Address.ofIpv4(2), Address.ofIpv4(1)));
    assertThat(led.live()).isFalse();
    assertThat(elsewhere.live()).isTrue();
  }

  @Test
  void aGuestsQuotaHoldsAndIsGivenBack() {
    LogWatch.expect("flows-refused");
    FlowTable table = table(TestNetworks.quota(2, 10, 2, 10, 2, 10));
    TestFlow first = tcp(1, 1);
    assertThat(add(table, first)).isTrue();
    assertThat(add(table, tcp(1, 2))).isTrue();
    assertThat(add(table, tcp(1, 3))).isFalse();
    assertThat(add(table, tcp(2, 3))).isTrue();
    table.remove(first);
    assertThat(add(table, tcp(1, 3))).isTrue();
    assertThat(table.refused()).isEqualTo(1);
  }

  @Test
  void theLongestIdleFlowMakesPlace() {
    FlowTable table = table(TestNetworks.quota(3, 10, 3, 10, 3, 10));
    TestFlow first = udp(1, 1);
    TestFlow second = udp(1, 2);
    TestFlow third = udp(1, 3);
    for (TestFlow flow : List.of(first, second, third)) {
      add(table, flow);
      timers.advance(Duration.ofSeconds(1));
    }
    first.touch();
    assertThat(add(table, udp(1, 4))).isTrue();
    assertThat(first.live()).isTrue();
    assertThat(second.live()).isFalse();
    assertThat(ends).containsExactly(FlowEnd.EVICTED);
  }

  @Test
  void theNetworkQuotaTakesFromTheGuestThatHoldsMost() {
    FlowTable table = table(TestNetworks.quota(9, 9, 9, 5, 9, 9));
    for (int i = 0; i < 4; i++) {
      add(table, udp(1, i));
    }
    add(table, udp(2, 1));
    assertThat(add(table, udp(3, 1))).isTrue();
    assertThat(account(Address.ofIpv4(1)).flows(FlowKey.UDP)).isEqualTo(3);
  }

  @Test
  void anIdleFlowEndsAfterItsTimeoutAndNotBefore() {
    FlowTable table = table(TestNetworks.quota());
    TestFlow flow = udp(1, 1);
    flow.idleTimeout(Duration.ofMinutes(5).toNanos());
    add(table, flow);
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
  void aShorterTimeoutTakesEffectAtOnce() {
    FlowTable table = table(TestNetworks.quota());
    TestFlow flow = udp(1, 1);
    flow.idleTimeout(Duration.ofMinutes(5).toNanos());
    add(table, flow);
    flow.idleTimeout(Duration.ofSeconds(5).toNanos());
    timers.advance(Duration.ofSeconds(6));
    assertThat(flow.live()).isFalse();
  }

  @Test
  void listenersAreToldOnceWithTheLastCounters() {
    FlowTable table = table(TestNetworks.quota());
    TestFlow flow = udp(1, 1);
    List<Long> bytes = new ArrayList<>();
    flow.onGone(gone -> bytes.add(gone.bytesToGuest()));
    add(table, flow);
    flow.countToGuest(1, 1000);
    table.remove(flow);
    table.remove(flow);
    assertThat(bytes).containsExactly(1000L);
  }

  @Test
  void closingEndsEverythingAndTakesNoMore() {
    FlowTable table = table(TestNetworks.quota());
    for (int i = 0; i < 1000; i++) {
      add(table, udp(1, i));
    }
    table.close();
    assertThat(table.size()).isZero();
    assertThat(ends).hasSize(1000).containsOnly(FlowEnd.CLOSED);
    assertThat(add(table, udp(1, 1))).isFalse();
  }

  @Test
  void eachFlowHasANumberOfItsOwnByWhichItEnds() {
    FlowTable table = table(TestNetworks.quota());
    TestFlow first = udp(1, 1);
    TestFlow second = udp(1, 2);
    add(table, first);
    add(table, second);
    table.remove(first);
    TestFlow again = udp(1, 1);
    add(table, again);
    assertThat(table.list().stream().map(FlowRecord::id)).containsExactlyInAnyOrder(2L, 3L);
    assertThat(table.endIf(flow -> flow.id() == 1)).isZero();
    assertThat(table.endIf(flow -> flow.id() == 3)).isEqualTo(1);
    assertThat(again.live()).isFalse();
    assertThat(second.live()).isTrue();
    assertThat(ends).containsExactly(FlowEnd.CLOSED);
  }

  @Test
  void flowsOfAPortEndTogether() {
    FlowTable table = table(TestNetworks.quota());
    for (int i = 0; i < 10; i++) {
      add(table, udp(i % 2, i));
    }
    assertThat(table.endIf(flow -> flow.port().equals("port of 0.0.0.1"))).isEqualTo(5);
    assertThat(table.size()).isEqualTo(5);
  }

  @Test
  void flowsInUseBeyondALoweredQuotaStayAndNoneIsAdded() {
    LogWatch.expect("flows-refused");
    FlowTable table = table(TestNetworks.quota());
    List<TestFlow> flows = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      flows.add(tcp(1, i));
      add(table, flows.getLast());
    }
    table.quota(TestNetworks.quota(4, 40, 4, 40, 4, 40));
    assertThat(add(table, tcp(1, 100))).isFalse();
    assertThat(add(table, tcp(2, 100))).isTrue();
    assertThat(flows).allMatch(Flow::live);
    flows.subList(0, 7).forEach(table::remove);
    assertThat(add(table, tcp(1, 100))).isTrue();
    assertThat(add(table, tcp(1, 101))).isFalse();
  }

  @Test
  void flowsThatMakePlaceShrinkToALoweredQuotaAsOthersCome() {
    FlowTable table = table(TestNetworks.quota());
    for (int i = 0; i < 10; i++) {
      add(table, udp(1, i));
    }
    table.quota(TestNetworks.quota(4, 40, 4, 40, 4, 40));
    assertThat(table.size()).isEqualTo(10);
    for (int i = 0; i < 6; i++) {
      assertThat(add(table, udp(1, 100 + i))).isTrue();
      assertThat(table.size()).isEqualTo(9 - i);
    }
    assertThat(add(table, udp(1, 200))).isTrue();
    assertThat(table.size()).isEqualTo(4);
    for (int i = 0; i < 4; i++) {
      table.quota(TestNetworks.quota());
      assertThat(add(table, udp(1, 300 + i))).isTrue();
    }
    assertThat(table.size()).isEqualTo(8);
  }
}
