package io.lanyard.nat.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A hostile port and an honest one, at one table. */
class FlowFairnessTest {
  private static final FlowQuota QUOTA = TestNetworks.quota(40, 160, 40, 160, 4, 16);
  private static final Address REMOTE = Address.parse("192.0.2.1");

  private final SteppedTimers timers = new SteppedTimers();
  private final FlowTable table = new FlowTable("test", timers, QUOTA, 42);
  private final FlowOwner hostile = new FlowOwner("hostile");
  private final FlowOwner honest = new FlowOwner("honest");
  private final List<TestFlow> ended = new ArrayList<>();
  private int ports;

  private final class TestFlow extends Flow {
    private final Worth worth;

    TestFlow(int protocol, int port, Worth worth) {
      super(protocol, Address.parse("10.0.0.9"), port, REMOTE, 80);
      this.worth = worth;
    }

    @Override
    public String state() {
      return "open";
    }

    @Override
    protected void ended(FlowEnd end) {
      ended.add(this);
    }

    @Override
    protected Worth worth() {
      return worth;
    }
  }

  private TestFlow syn() {
    return new TestFlow(FlowKey.TCP, ports++, Flow.Worth.OPENING);
  }

  private TestFlow connection() {
    return new TestFlow(FlowKey.TCP, ports++, Flow.Worth.IN_USE);
  }

  private TestFlow datagrams() {
    return new TestFlow(FlowKey.UDP, ports++, Flow.Worth.DISPENSABLE);
  }

  private TestFlow finished() {
    return new TestFlow(FlowKey.TCP, ports++, Flow.Worth.DISPENSABLE);
  }

  /** A flood from as many made-up stations as flows. */
  private void flood(FlowOwner port, int flows) {
    for (int i = 0; i < flows; i++) {
      table.add(syn(), new FlowAccount(port));
    }
  }

  @Test
  void aPortThatMakesUpStationsHoldsHalfOfTheNetworksConnectionsAtMost() {
    LogWatch.expect("flows-refused");
    flood(hostile, 10_000);
    assertThat(hostile.flows(FlowKey.TCP)).isEqualTo(80);
    FlowAccount guest = new FlowAccount(honest);
    for (int i = 0; i < 40; i++) {
      assertThat(table.add(connection(), guest)).isTrue();
    }
    assertThat(hostile.flows(FlowKey.TCP)).isEqualTo(80);
    assertThat(honest.refused()).isZero();
    assertThat(hostile.refused()).isPositive();
  }

  @Test
  void aPortWithFewFlowsTakesAPlaceFromTheOneWithMostWhereTheNetworkIsFull() {
    LogWatch.expect("flows-refused");
    FlowOwner second = new FlowOwner("second hostile");
    flood(hostile, 1000);
    flood(second, 1000);
    assertThat(table.size(FlowKey.TCP)).isEqualTo(160);
    FlowAccount guest = new FlowAccount(honest);
    List<TestFlow> connections = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      TestFlow connection = connection();
      connections.add(connection);
      assertThat(table.add(connection, guest)).isTrue();
    }
    flood(hostile, 1000);
    flood(second, 1000);
    assertThat(connections).allMatch(TestFlow::live);
    assertThat(table.size(FlowKey.TCP)).isEqualTo(160);
  }

  @Test
  void aConnectionInUseIsCalledBackOnlyWhereNothingElseMakesPlace() {
    FlowAccount busy = new FlowAccount(hostile);
    FlowAccount other = new FlowAccount(hostile);
    for (int i = 0; i < 39; i++) {
      table.add(connection(), busy);
    }
    TestFlow half = syn();
    table.add(half, busy);
    for (int i = 0; i < 39; i++) {
      table.add(connection(), other);
    }
    FlowOwner second = new FlowOwner("second");
    FlowAccount third = new FlowAccount(second);
    FlowAccount fourth = new FlowAccount(second);
    for (int i = 0; i < 40; i++) {
      table.add(connection(), third);
      table.add(connection(), fourth);
    }
    assertThat(table.size(FlowKey.TCP)).isEqualTo(159);
    FlowAccount guest = new FlowAccount(honest);
    assertThat(table.add(connection(), guest)).isTrue();
    assertThat(ended).isEmpty();
    assertThat(table.add(connection(), guest)).isTrue();
    assertThat(ended).hasSize(1);
  }

  @Test
  void aPortWithItsFairShareOfAFullNetworkReplacesItsFinishedConnections() {
    for (FlowOwner attacker : List.of(hostile, new FlowOwner("second hostile"))) {
      FlowAccount first = new FlowAccount(attacker);
      FlowAccount second = new FlowAccount(attacker);
      for (int i = 0; i < 27; i++) {
        table.add(connection(), first);
        table.add(connection(), second);
      }
    }
    FlowAccount guest = new FlowAccount(honest);
    FlowAccount quiet = new FlowAccount(honest);
    for (int i = 0; i < 26; i++) {
      table.add(finished(), guest);
      table.add(finished(), quiet);
    }
    assertThat(table.size(FlowKey.TCP)).isEqualTo(160);
    List<TestFlow> connections = new ArrayList<>();
    for (int i = 0; i < 26; i++) {
      TestFlow connection = connection();
      connections.add(connection);
      assertThat(table.add(connection, guest)).isTrue();
    }
    assertThat(connections).allMatch(TestFlow::live);
    assertThat(honest.refused()).isZero();
  }

  @Test
  void aStationReplacesItsFinishedConnectionsWhereOthersOfAFullPortHoldAsMany() {
    for (int station = 0; station < 2; station++) {
      FlowAccount busy = new FlowAccount(hostile);
      for (int i = 0; i < 27; i++) {
        table.add(connection(), busy);
      }
    }
    FlowAccount quiet = new FlowAccount(hostile);
    for (int i = 0; i < 26; i++) {
      table.add(finished(), quiet);
    }
    assertThat(table.add(connection(), quiet)).isTrue();
    assertThat(hostile.flows(FlowKey.TCP)).isEqualTo(80);
    assertThat(quiet.flows(FlowKey.TCP)).isEqualTo(26);
  }

  @Test
  void anHonestPortKeepsItsDatagramsWhileAnotherFloods() {
    FlowAccount guest = new FlowAccount(honest);
    List<TestFlow> flows = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      TestFlow flow = datagrams();
      flows.add(flow);
      table.add(flow, guest);
    }
    for (int i = 0; i < 10_000; i++) {
      assertThat(table.add(datagrams(), new FlowAccount(hostile))).isTrue();
    }
    assertThat(flows).allMatch(TestFlow::live);
    assertThat(hostile.flows(FlowKey.UDP)).isEqualTo(80);
    assertThat(hostile.evicted()).isEqualTo(10_000 - 80);
    assertThat(honest.evicted()).isZero();
  }

  @Test
  void aGuestThatReplacesItsOwnIdleFlowsWantsNoMoreThanItsShareUntilItFloods() {
    FlowAccount guest = new FlowAccount(honest);
    for (int half = 0; half < 120; half++) {
      for (int i = 0; i < 250; i++) {
        assertThat(table.add(new TestFlow(FlowKey.ICMP, ports++, Flow.Worth.DISPENSABLE), guest))
            .isTrue();
      }
      timers.advance(Duration.ofSeconds(30));
      assertThat(table.endIdlest(honest)).isTrue();
    }
    assertThat(honest.evicted()).isGreaterThan(120 * 240);
    assertThat(honest.excess(timers.clock().nanoTime())).isZero();
    for (int i = 0; i < 3000; i++) {
      table.add(new TestFlow(FlowKey.ICMP, ports++, Flow.Worth.DISPENSABLE), guest);
    }
    // Beyond 2,000 per minute, of which the last half minute had 250.
    assertThat(honest.excess(timers.clock().nanoTime())).isBetween(1200L, 1300L);
  }

  @Test
  void idleFlowsOfAnyProtocolGiveTheirDescriptorsToNewOnesOfTheirPort() {
    DescriptorBudget.Holder descriptors =
        new DescriptorBudget(() -> 60, timers.clock()).share("test").holder("honest");
    FlowAccount guest = new FlowAccount(honest);
    TestFlow connection = connection();
    assertThat(table.takeDescriptor(descriptors, honest)).isTrue();
    table.add(connection, guest);
    for (int i = 0; i < 35; i++) {
      assertThat(table.takeDescriptor(descriptors, honest)).isTrue();
      TestFlow flow =
          i < 4 ? new TestFlow(FlowKey.ICMP, ports++, Flow.Worth.DISPENSABLE) : datagrams();
      table.add(flow, guest);
      flow.onGone(gone -> {
        descriptors.closing();
        descriptors.closed();
      });
      timers.advance(Duration.ofMillis(10));
    }
    assertThat(connection.live()).isTrue();
    assertThat(honest.flows(FlowKey.ICMP)).isZero();
    assertThat(honest.flows(FlowKey.UDP)).isBetween(20, 30);
  }

  @Test
  void aRefusedFlowAndALostOneInUseAreMoreThanItsShare() {
    LogWatch.expect("flows-refused");
    FlowAccount busy = new FlowAccount(hostile);
    for (int i = 0; i < 41; i++) {
      table.add(connection(), busy);
    }
    assertThat(hostile.excess(timers.clock().nanoTime())).isEqualTo(1);
    FlowAccount other = new FlowAccount(hostile);
    for (int i = 0; i < 40; i++) {
      table.add(connection(), other);
    }
    assertThat(table.add(connection(), new FlowAccount(hostile))).isTrue();
    assertThat(hostile.excess(timers.clock().nanoTime())).isEqualTo(2);
  }

  @Test
  void aQuietStationBehindABusyPortFindsAPlaceToo() {
    for (int station = 0; station < 2; station++) {
      FlowAccount busy = new FlowAccount(hostile);
      for (int i = 0; i < 40; i++) {
        table.add(connection(), busy);
      }
    }
    FlowAccount quiet = new FlowAccount(hostile);
    for (int i = 0; i < 20; i++) {
      assertThat(table.add(connection(), quiet)).isTrue();
    }
    assertThat(hostile.flows(FlowKey.TCP)).isEqualTo(80);
    assertThat(quiet.flows(FlowKey.TCP)).isEqualTo(20);
  }

  @Test
  void aPortThatIsGoneTakesItsFlowsWithItAndNoOthers() {
    flood(hostile, 50);
    TestFlow connection = connection();
    table.add(connection, new FlowAccount(honest));
    table.add(datagrams(), new FlowAccount(hostile));
    table.endOwner(hostile, List.of());
    assertThat(connection.live()).isTrue();
    assertThat(table.size()).isEqualTo(1);
    assertThat(hostile.flows(FlowKey.TCP)).isZero();
  }

  @Test
  void ipv6AddressesAreNumberedWhileAFlowHoldsThem() {
    Address guest = Address.parse("fd00::9");
    Address server = Address.parse("2001:db8::1");
    FlowKey key = new FlowKey(FlowKey.UDP).guest(guest, 1000).remote(server, 53);
    assertThat(table.get(key)).isNull();
    Flow flow =
        new Flow(FlowKey.UDP, guest, 1000, server, 53) {
          @Override
          public String state() {
            return "open";
          }

          @Override
          protected void ended(FlowEnd end) {}
        };
    table.add(flow, new FlowAccount(honest));
    assertThat(table.get(key)).isSameAs(flow);
    assertThat(table.get(key.remote(server, 54))).isNull();
    assertThat(table.get(key.remote(Address.parse("2001:db8::2"), 53))).isNull();
    table.remove(flow);
    assertThat(table.get(key.remote(server, 53))).isNull();
  }

  @Test
  void forwardsNeitherTakePlacesFromPortsNorGiveThemAny() {
    LogWatch.expect("flows-refused");
    FlowAccount guest = new FlowAccount(honest);
    for (int i = 0; i < 40; i++) {
      table.add(connection(), guest);
    }
    for (int forward = 0; forward < 10; forward++) {
      FlowOwner owner = FlowOwner.ofForward("tcp/*:" + forward, 0);
      for (int i = 0; i < 1000; i++) {
        table.add(connection(), new FlowAccount(owner));
      }
      assertThat(owner.flows(FlowKey.TCP)).isLessThanOrEqualTo(40);
    }
    assertThat(guest.flows(FlowKey.TCP)).isEqualTo(40);
    assertThat(table.size(FlowKey.TCP)).isEqualTo(40 + 80);
    flood(hostile, 1000);
    assertThat(hostile.flows(FlowKey.TCP)).isEqualTo(80);
    assertThat(table.size(FlowKey.TCP)).isEqualTo(40 + 80 + 80);
  }

  @Test
  void aClientOfAForwardHoldsHalfOfItAndAnIdleConnectionMakesPlaceAfterAWhile() {
    FlowOwner forward = FlowOwner.ofForward("tcp/*:80", 300_000_000_000L);
    FlowAccount client = new FlowAccount(forward);
    for (int i = 0; i < 20; i++) {
      assertThat(table.add(connection(), client)).isTrue();
    }
    assertThat(table.add(connection(), client)).isFalse();
    timers.advance(Duration.ofSeconds(299));
    assertThat(table.add(connection(), client)).isFalse();
    timers.advance(Duration.ofSeconds(1));
    assertThat(table.add(connection(), client)).isTrue();
    assertThat(ended).hasSize(1);
    assertThat(client.flows(FlowKey.TCP)).isEqualTo(20);
    assertThat(forward.refused()).isEqualTo(2);
  }

  @Test
  void aFullForwardTakesOnlyClientsThatHaveFewerConnectionsThanAnother() {
    FlowOwner forward = FlowOwner.ofForward("tcp/*:80", 300_000_000_000L);
    FlowAccount[] clients = {new FlowAccount(forward), new FlowAccount(forward)};
    for (int i = 0; i < 20; i++) {
      table.add(connection(), clients[0]);
      table.add(connection(), clients[1]);
    }
    FlowAccount third = new FlowAccount(forward);
    int taken = 0;
    while (taken < 40 && table.add(connection(), third)) {
      taken++;
    }
    assertThat(forward.flows(FlowKey.TCP)).isEqualTo(40);
    assertThat(taken).isBetween(12, 14);
    assertThat(clients[0].flows(FlowKey.TCP)).isBetween(13, 14);
    assertThat(clients[1].flows(FlowKey.TCP)).isBetween(13, 14);
  }
}
