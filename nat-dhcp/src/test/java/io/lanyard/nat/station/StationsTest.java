package io.lanyard.nat.station;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StationsTest {
  private static final int LIMIT = 64;

  private final Stations table = TestStations.table(LIMIT);
  private final Port hostile = new InMemoryPort("hostile", Offloads.NONE);
  private final Port honest = new InMemoryPort("honest", Offloads.NONE);

  private Station heard(Port port, long mac) {
    return table.heard(table.budget(port), mac);
  }

  @Test
  void aStationIsTheSameAtEachFrameOfItsMacAddressAndPort() {
    Station station = heard(honest, 1);
    assertThat(heard(honest, 1)).isSameAs(station);
    assertThat(heard(honest, 2)).isNotSameAs(station);
    assertThat(station.mac()).isEqualTo(1);
    assertThat(station.budget().name()).isEqualTo("honest");
    assertThat(station.budget().stations()).isEqualTo(2);
  }

  @Test
  void theSameMacAddressBehindTwoPortsIsTwoStations() {
    assertThat(heard(honest, 1)).isNotSameAs(heard(hostile, 1));
    assertThat(heard(honest, 1).budget().name()).isEqualTo("honest");
  }

  @Test
  void aPortThatMakesUpMacAddressesLosesItsOwnStationsAndNotTheHonestOne() {
    LogWatch.expect("table-full network=\"test\"");
    Station guest = heard(honest, 1);
    for (int mac = 1; mac <= 10 * LIMIT; mac++) {
      heard(hostile, mac);
    }
    assertThat(heard(honest, 1)).isSameAs(guest);
    assertThat(guest.released()).isFalse();
    assertThat(table.size()).isLessThanOrEqualTo(LIMIT);
  }

  @Test
  void aPortThatWantsMoreThanItsShareIsAProblemAndOthersAreNot() {
    LogWatch.expect("table-full network=\"test\"");
    heard(honest, 1);
    for (int mac = 1; mac <= LIMIT + 90; mac++) {
      heard(hostile, mac);
    }
    assertThat(table.budget(hostile).problem()).isEmpty();
    for (int mac = 1; mac <= LIMIT + 100; mac++) {
      heard(hostile, mac);
    }
    table.budget(hostile).count(Excess.QUESTIONS);
    assertThat(table.budget(hostile).problem())
        .contains("more than its share of MAC addresses and is refused");
    assertThat(table.budget(honest).problem()).isEmpty();
  }

  @Test
  void theProblemsOfAPortAreKnownByThePort() {
    LogWatch.expect("table-full network=\"test\"");
    heard(honest, 1);
    for (int mac = 1; mac <= LIMIT + 200; mac++) {
      heard(hostile, mac);
    }
    assertThat(table.problems(hostile))
        .satisfiesExactly(
            text -> assertThat(text).startsWith("it wants more than its share of MAC addresses"),
            text -> assertThat(text).startsWith("stations: port hostile holds"));
    assertThat(table.problems(honest)).isEmpty();
    table.release(hostile);
    assertThat(table.problems(hostile)).isEmpty();
  }

  @Test
  void addressesThatNobodyAnswersForAreNoPortsFault() {
    for (int i = 0; i < 2 * LIMIT; i++) {
      table.neighbours().at(Address.ofIpv4(0x0a00_0001 + i));
    }
    assertThat(table.neighbours().size()).isLessThanOrEqualTo(LIMIT);
    assertThat(table.problems()).isEmpty();
  }

  @Test
  void aPortWithFewStationsFindsAPlaceInAFullTable() {
    LogWatch.expect("table-full network=\"test\"");
    for (int mac = 1; mac <= LIMIT; mac++) {
      heard(hostile, mac);
    }
    Station guest = heard(honest, 1);
    assertThat(guest.mac()).isEqualTo(1);
    assertThat(table.budget(hostile).stations()).isEqualTo(LIMIT - 1);
  }

  @Test
  void theStationThatWasSilentForLongestMakesPlace() {
    LogWatch.expect("table-full network=\"test\"");
    for (int mac = 1; mac <= LIMIT; mac++) {
      heard(hostile, mac);
    }
    heard(hostile, 1000); // everybody was heard until now: this one begins the round
    Station first = heard(hostile, 40);
    for (int mac = 2000; mac < 2000 + LIMIT / 2; mac++) {
      heard(hostile, 40);
      heard(hostile, mac);
    }
    assertThat(first.released()).isFalse();
  }

  @Test
  void aPortThatLeavesTakesItsStationsWithItAndTellsSo() {
    List<String> heard = new ArrayList<>();
    Station station = heard(hostile, 7);
    PortBudget budget = station.budget();
    Address address = Address.parse("192.168.127.10");
    table.neighbours().heard(station, address.high(), address.low());
    table.addListener(gone -> {
      boolean known = table.neighbours().get(address) != null;
      heard.add(gone.name() + (known ? " with its address" : ""));
    });
    Station guest = heard(honest, 7);
    table.release(hostile);
    assertThat(heard).containsExactly("hostile with its address");
    assertThat(table.neighbours().get(address)).isNull();
    assertThat(station.released()).isTrue();
    assertThat(budget.released()).isTrue();
    assertThat(guest.released()).isFalse();
    assertThat(table.size()).isEqualTo(1);
    assertThat(table.budget(hostile)).isNotSameAs(budget);
  }
}
