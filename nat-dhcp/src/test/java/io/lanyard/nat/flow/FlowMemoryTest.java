package io.lanyard.nat.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Networks whose guests begin as many flows as they may. */
class FlowMemoryTest {
  private static final Address REMOTE = Address.parse("192.0.2.1");
  private static final int LIMIT = 1200;

  /** More than there is memory for. */
  private static final FlowQuota QUOTA = TestNetworks.quota(5000, 10_000, 5000, 10_000, 4, 16);

  private final SteppedTimers timers = new SteppedTimers();
  private final FlowMemory memory = new FlowMemory(LIMIT, LIMIT, LIMIT);
  private int number;

  private static final class Datagrams extends Flow {
    private final Worth worth;

    Datagrams(int number, Worth worth) {
      super(FlowKey.UDP, Address.parse("10.0.0.0").plus(number), 1, REMOTE, 80);
      this.worth = worth;
    }

    @Override
    public String state() {
      return "open";
    }

    @Override
    protected void ended(FlowEnd end) {}

    @Override
    protected Worth worth() {
      return worth;
    }
  }

  /** A network with one port. */
  private final class Network implements AutoCloseable {
    final boolean leadsOut;
    final FlowMemory.Share share;
    final FlowTable table;
    final FlowOwner port = new FlowOwner("p1");

    Network(boolean leadsOut) {
      this.leadsOut = leadsOut;
      share = memory.share(leadsOut);
      table = new FlowTable("test", timers, QUOTA, share, 42);
    }

    void flood() {
      flood(Flow.Worth.IN_USE);
    }

    void flood(Flow.Worth worth) {
      for (int i = 0; i < 3 * LIMIT; i++) {
        table.add(new Datagrams(++number, worth), new FlowAccount(port));
      }
    }

    int flows() {
      return table.size(FlowKey.UDP);
    }

    @Override
    public void close() {
      table.close();
      share.close();
    }
  }

  @Test
  void oneNetworkHasNearlyAllAndItsGuestsTwoThirdsOfThat() {
    LogWatch.expect("flows-refused");
    try (Network only = new Network(true)) {
      only.flood();
      assertThat(only.flows()).isEqualTo((LIMIT / 8 * 7 + LIMIT / 16) * 2 / 3);
    }
  }

  @Test
  void manyNetworksTogetherHaveNoMoreThanThereIs() {
    LogWatch.expect("flows-refused");
    List<Network> networks = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      networks.add(new Network(i % 4 != 0));
    }
    networks.forEach(Network::flood);
    assertThat(networks.stream().mapToInt(Network::flows).sum()).isLessThan(LIMIT);
    for (Network network : networks) {
      assertThat(network.flows())
          .isGreaterThanOrEqualTo(network.leadsOut ? LIMIT / 2 / 15 * 2 / 3 : 0);
    }
    networks.forEach(Network::close);
  }

  @Test
  void aNetworkThatBeginsLaterHasItsPart() {
    LogWatch.expect("flows-refused");
    try (Network first = new Network(true)) {
      first.flood(Flow.Worth.DISPENSABLE);
      int alone = first.flows();
      try (Network second = new Network(true)) {
        second.flood();
        assertThat(second.flows()).isGreaterThanOrEqualTo(LIMIT / 4 * 2 / 3);
        first.flood(Flow.Worth.DISPENSABLE);
        assertThat(first.flows()).as("those that make place").isLessThan(alone);
      }
    }
  }

  @Test
  void theRemedyIsNotAQuota() {
    LogWatch.expect("flows-refused");
    try (Network network = new Network(true)) {
      network.flood();
      assertThat(network.table.problems())
          .containsExactly(
              "udp flows: port p1 holds 750 of the 750 that all ports may have; end some, here or"
                  + " in other networks: the daemon's heap has no room for more");
    }
  }

  @Test
  void aNetworkByItselfHasRoomForItsUsualQuotas() {
    try (FlowMemory.Share alone = FlowMemory.ofProcess().share(true)) {
      // This JVM's heap is not the daemon's.
      long heap = Runtime.getRuntime().maxMemory();
      assertThat(alone.most(FlowTable.index(FlowKey.UDP), false) * (256L << 20) / heap)
          .isGreaterThanOrEqualTo(65_536);
      assertThat(alone.most(FlowTable.index(FlowKey.TCP), false) * (256L << 20) / heap)
          .isGreaterThanOrEqualTo(16_384);
    }
  }
}
