package io.lanyard.nat.station;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import org.junit.jupiter.api.Test;

class NeighboursTest {
  private static final int LIMIT = 64;
  private static final Address GUEST = Address.parse("192.168.127.10");
  private static final Address FIRST = Address.parse("192.168.0.0");

  private final Stations table = TestStations.table(LIMIT);
  private final Neighbours neighbours = table.neighbours();
  private final Port hostile = new InMemoryPort("hostile", Offloads.NONE);
  private final Port honest = new InMemoryPort("honest", Offloads.NONE);

  private Station station(Port port, long mac) {
    return table.heard(table.budget(port), mac);
  }

  private Neighbour heard(Station station, Address address) {
    return neighbours.heard(station, address.high(), address.low());
  }

  private void claim(Station station, Address address) {
    neighbours.announced(station, address.high(), address.low(), true);
  }

  @Test
  void madeUpSourcesLockNobodyOut() {
    LogWatch.expect("table-full");
    Station guest = station(honest, 1);
    Neighbour known = heard(guest, GUEST);
    Station flooder = station(hostile, 2);
    for (int i = 0; i < 10 * LIMIT; i++) {
      Neighbour made = heard(flooder, FIRST.plus(i));
      neighbours.reachable(made); // each was answered: "used"
    }
    assertThat(neighbours.get(GUEST)).isSameAs(known);
    Neighbour other = heard(station(honest, 3), GUEST.plus(1));
    assertThat(neighbours.reachable(other)).isTrue();
    assertThat(neighbours.size()).isLessThanOrEqualTo(LIMIT);
    assertThat(table.budget(honest).neighbours()).isEqualTo(2);
  }

  @Test
  void theAddressesOfAStationAreFoundByItsMacAddressAloneAndFollowIt() {
    Station guest = station(honest, 1);
    Station flooder = station(hostile, 2);
    Neighbour first = heard(guest, GUEST);
    Neighbour second = heard(guest, GUEST.plus(1));
    for (int i = 0; i < LIMIT - 2; i++) {
      heard(flooder, FIRST.plus(i));
    }
    assertThat(neighbours.of(1)).containsExactly(first, second);
    assertThat(neighbours.of(guest)).containsExactly(first, second);
    claim(flooder, GUEST);
    assertThat(neighbours.of(1)).containsExactly(second);
    neighbours.forget(second);
    assertThat(neighbours.of(1)).isEmpty();
    assertThat(neighbours.of(2)).contains(first).hasSize(LIMIT - 1);
    table.close();
    assertThat(neighbours.of(2)).isEmpty();
  }

  @Test
  void anAddressMovesByAnAnnouncementAndNotByOrdinaryTraffic() {
    Station guest = station(honest, 1);
    Station rival = station(hostile, 2);
    Neighbour neighbour = heard(guest, GUEST);
    heard(rival, GUEST);
    assertThat(neighbour.mac()).isEqualTo(1);
    claim(rival, GUEST);
    assertThat(neighbour.mac()).isEqualTo(2);
    assertThat(table.counters().get(StationCount.NEIGHBOUR_MOVED)).isEqualTo(1);
  }

  @Test
  void aPortThatGoesOnSendingFromTheAddressOfAnotherIsAProblem() {
    heard(station(honest, 1), GUEST);
    heard(station(honest, 2), GUEST.plus(1));
    for (int i = 0; i < 100; i++) {
      assertThat(table.budget(hostile).problem()).isEmpty();
      heard(station(hostile, 3), GUEST);
      heard(station(honest, 2), GUEST); // both are behind one port, as behind a bridge
    }
    assertThat(table.budget(hostile).problem())
        .startsWith("it sends from IP addresses of other ports and is refused that; ")
        .endsWith("guard: strict");
    assertThat(table.budget(honest).problem()).isEmpty();
  }

  @Test
  void aLeasedAddressStaysWithItsOwnerWhateverIsClaimed() {
    Station guest = station(honest, 1);
    Station rival = station(hostile, 2);
    neighbours.guard((address, station) -> !address.equals(GUEST) || station.mac() == 1);
    claim(rival, GUEST);
    assertThat(neighbours.reachable(neighbours.at(GUEST))).isFalse();
    claim(guest, GUEST);
    claim(rival, GUEST);
    heard(rival, GUEST);
    assertThat(neighbours.at(GUEST).mac()).isEqualTo(1);
    assertThat(neighbours.at(GUEST).station()).isSameAs(guest);
    assertThat(table.counters().get(StationCount.CLAIM_REFUSED)).isEqualTo(2);
    claim(rival, GUEST.plus(1));
    assertThat(neighbours.at(GUEST.plus(1)).mac()).isEqualTo(2);
  }

  @Test
  void aGuestThatComesBackBehindAnotherPortIsItsNewStations() {
    Neighbour neighbour = heard(station(hostile, 1), GUEST);
    heard(station(honest, 1), GUEST);
    assertThat(neighbour.station()).isSameAs(station(honest, 1));
    assertThat(table.budget(hostile).neighbours()).isZero();
  }

  @Test
  void aPortThatIsGoneIsNobodysNeighbour() {
    Neighbour neighbour = heard(station(hostile, 1), GUEST);
    heard(station(honest, 2), GUEST.plus(1));
    table.release(hostile);
    assertThat(neighbours.get(GUEST)).isNull();
    assertThat(neighbours.reachable(neighbour)).isFalse();
    assertThat(neighbours.present(neighbour)).isNotSameAs(neighbour);
    assertThat(neighbours.get(GUEST.plus(1))).isNotNull();
  }
}
