package io.lanyard.nat.station;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Networks whose guests make up as many stations and addresses as they may. */
class StationMemoryTest {
  private static final int LIMIT = 1600;
  private static final Address FIRST = Address.parse("10.0.0.1");

  private final StationMemory memory = new StationMemory(LIMIT, LIMIT);

  /** A network with one port. */
  private final class Network implements AutoCloseable {
    private final StationMemory.Share share = memory.share();
    private final Stations table = TestStations.table(share);
    private final Port port = new InMemoryPort("p1", Offloads.NONE);

    /** Sends from so many machines, each with an address of its own. */
    void send(int machines) {
      PortBudget budget = table.budget(port);
      for (int i = 0; i < machines; i++) {
        Address address = FIRST.plus(i);
        var _ = table.neighbours().heard(table.heard(budget, i + 1), address.high(), address.low());
      }
    }

    int stations() {
      return table.size();
    }

    int neighbours() {
      return table.neighbours().size();
    }

    @Override
    public void close() {
      table.close();
      share.close();
    }
  }

  @BeforeEach
  void tablesWillBeFull() {
    LogWatch.expect("table-full");
  }

  @Test
  void manyHostileNetworksHoldNoMoreThanThereIsRoomFor() {
    List<Network> networks = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      networks.add(new Network());
    }
    networks.forEach(network -> network.send(2 * LIMIT));
    assertThat(networks.stream().mapToInt(Network::stations).sum()).isLessThanOrEqualTo(LIMIT);
    assertThat(networks.stream().mapToInt(Network::neighbours).sum()).isLessThanOrEqualTo(LIMIT);
    networks.forEach(Network::close);
  }

  @Test
  void anHonestNetworkHasItsFloorBesideHostileOnes() {
    Network honest = new Network();
    List<Network> hostile = List.of(new Network(), new Network(), new Network());
    hostile.forEach(network -> network.send(2 * LIMIT));
    honest.send(LIMIT / 8);
    assertThat(honest.stations()).isEqualTo(LIMIT / 8);
    assertThat(honest.neighbours()).isEqualTo(LIMIT / 8);
    assertThat(honest.table.counters().get(StationCount.STATION_EVICTED)).isZero();
    honest.close();
    hostile.forEach(Network::close);
  }

  @Test
  void whatANetworkHadIsGivenBackWithIt() {
    Network first = new Network();
    first.send(2 * LIMIT);
    int alone = first.stations();
    first.close();
    Network second = new Network();
    second.send(2 * LIMIT);
    assertThat(second.stations()).isEqualTo(alone).isGreaterThan(LIMIT / 2);
    second.close();
  }

  @Test
  void aNetworkWhosePartHasBecomeSmallerIsSoonWithinIt() {
    Network first = new Network();
    first.send(2 * LIMIT);
    int alone = first.stations();
    List<Network> others = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      others.add(new Network());
    }
    others.forEach(network -> network.send(LIMIT / 16));
    first.send(2 * LIMIT);
    assertThat(first.stations()).isLessThan(alone);
    assertThat(first.neighbours()).isLessThan(alone);
    others.forEach(Network::close);
    first.close();
  }

  @Test
  void networksThatAreAddedOneAfterTheOtherHoldHalfMoreThanThereIsAtMost() {
    List<Network> networks = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Network network = new Network();
      network.send(2 * LIMIT);
      networks.add(network);
    }
    int most = LIMIT + LIMIT / 2 + networks.size(); // and a place each, which nobody is refused
    assertThat(networks.stream().mapToInt(Network::stations).sum()).isLessThanOrEqualTo(most);
    assertThat(networks.stream().mapToInt(Network::neighbours).sum()).isLessThanOrEqualTo(most);
    networks.forEach(Network::close);
  }
}
