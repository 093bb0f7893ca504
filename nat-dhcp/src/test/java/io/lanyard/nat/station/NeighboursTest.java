package io.lanyard.nat.station;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NeighboursTest {
  private static final int LIMIT = 64;
  private static final Address GUEST = Address.parse("192.168.127.10");
  private static final Address FIRST = Address.parse("192.168.0.0");

  private final SteppedTimers timers = new SteppedTimers();
  private final List<Neighbour> asked = new ArrayList<>();
  private final Stations table = TestStations.table(LIMIT, timers, asked::add);
  private final Neighbours neighbours = table.neighbours();
  private final Port hostile = new InMemoryPort("hostile", Offloads.NONE);
  private final Port honest = new InMemoryPort("honest", Offloads.NONE);

  private Station station(Port port, long mac) {
    return table.heard(table.budget(port), mac);
  }

  private Neighbour heard(Station station, Address address) {
    return Objects.requireNonNull(neighbours.heard(station, address.high(), address.low()));
  }

  private boolean speaksFor(Station station, Address address) {
    return neighbours.heard(station, address.high(), address.low()) != null;
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

  private static List<ByteBuf> await(Neighbours all, Neighbour neighbour, int size) {
    return await(all, neighbour, neighbour.behind(), size);
  }

  private static List<ByteBuf> await(
      Neighbours all, Neighbour neighbour, PortBudget owner, int size) {
    List<ByteBuf> packets = new ArrayList<>();
    for (int i = 0; i < Neighbour.QUEUE; i++) {
      ByteBuf packet = Unpooled.wrappedBuffer(new byte[size]);
      packets.add(packet);
      all.await(neighbour, owner, packet);
    }
    return packets;
  }

  private static int held(List<ByteBuf> packets) {
    return packets.stream().filter(packet -> packet.refCnt() > 0).mapToInt(ByteBuf::capacity).sum();
  }

  /** Datagrams for hosts that were there a moment ago and are silent now. */
  @Test
  void largePacketsThatWaitForManyAddressesHoldAMebibyteInAll() {
    List<ByteBuf> large = new ArrayList<>();
    for (int i = 0; i < LIMIT / 2; i++) {
      large.addAll(await(neighbours, neighbours.at(FIRST.plus(i)), 60_000));
    }
    assertThat(held(large)).isBetween(Neighbours.MOST_WAITING / 2, Neighbours.MOST_WAITING);
    // Small packets, which begin a connection, still wait.
    Neighbour late = neighbours.at(GUEST);
    assertThat(held(await(neighbours, late, 66))).isEqualTo(Neighbour.QUEUE * 66);
    assertThat(held(await(neighbours, neighbours.at(GUEST.plus(1)), 60_000))).isZero();
    timers.advance(Duration.ofSeconds(5)); // nobody answers
    assertThat(held(large)).isZero();
    Neighbour again = neighbours.at(GUEST.plus(2));
    List<ByteBuf> other = await(neighbours, again, 60_000);
    assertThat(held(other)).isEqualTo(Neighbour.QUEUE * 60_000);
    neighbours.forget(again);
    assertThat(held(other)).isZero();
  }

  @Test
  void aPortWhoseAddressesAreSilentLeavesOthersRoomForLargePacketsThatWait() {
    List<ByteBuf> large = new ArrayList<>();
    for (int i = 0; i < LIMIT / 2; i++) {
      Neighbour silent = neighbours.at(FIRST.plus(i));
      large.addAll(await(neighbours, silent, table.budget(hostile), 60_000));
    }
    List<ByteBuf> other = await(neighbours, neighbours.at(GUEST), table.budget(honest), 60_000);
    assertThat(held(other)).isEqualTo(Neighbour.QUEUE * 60_000);
    timers.advance(Duration.ofSeconds(5)); // nobody answers
    assertThat(held(large) + held(other)).isZero();
    List<ByteBuf> again = await(neighbours, neighbours.at(FIRST), table.budget(hostile), 60_000);
    assertThat(held(again)).isEqualTo(Neighbour.QUEUE * 60_000);
    neighbours.forget(neighbours.at(FIRST));
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
    timers.advance(Duration.ofSeconds(1)); // in which its former station is silent
    assertThat(neighbours.of(1)).containsExactly(second);
    neighbours.forget(second);
    assertThat(neighbours.of(1)).isEmpty();
    assertThat(neighbours.of(2)).contains(first).hasSize(LIMIT - 1);
    table.close();
    assertThat(neighbours.of(2)).isEmpty();
  }

  @Test
  void behindOnePortAnAddressMovesByAnAnnouncementAndNotByOrdinaryTraffic() {
    Station guest = station(honest, 1);
    Station rival = station(honest, 2);
    Neighbour neighbour = heard(guest, GUEST);
    heard(rival, GUEST);
    assertThat(neighbour.mac()).isEqualTo(1);
    claim(rival, GUEST);
    assertThat(neighbour.mac()).isEqualTo(2);
    assertThat(table.counters().get(StationCount.NEIGHBOUR_MOVED)).isEqualTo(1);
  }

  /** The ways to use an address of a station behind another port. */
  enum Use {
    PACKET(2, false),
    ANNOUNCEMENT(2, true),
    PACKET_AS_THE_SAME_MACHINE(1, false),
    ANNOUNCEMENT_AS_THE_SAME_MACHINE(1, true);

    final long mac;
    final boolean announced;

    Use(long mac, boolean announced) {
      this.mac = mac;
      this.announced = announced;
    }
  }

  private Station uses(Use use, Address address) {
    Station station = station(hostile, use.mac);
    if (use.announced) {
      claim(station, address);
    } else {
      assertThat(speaksFor(station, address)).isFalse();
    }
    return station;
  }

  @ParameterizedTest
  @EnumSource
  void anAddressStaysWithAHolderThatAnswers(Use use) {
    Station guest = station(honest, 1);
    Neighbour neighbour = heard(guest, GUEST);
    for (int i = 0; i < 5; i++) {
      Station rival = uses(use, GUEST);
      timers.advance(Duration.ofMillis(500));
      assertThat(asked).as("questions").hasSize(2 * (i + 1)).containsOnly(neighbour);
      assertThat(neighbour.contested()).isTrue();
      assertThat(neighbour.station()).isSameAs(guest);
      claim(guest, GUEST); // its answer
      timers.advance(Duration.ofMillis(500));
      assertThat(neighbour.station()).isSameAs(guest);
      assertThat(speaksFor(guest, GUEST)).isTrue();
      assertThat(speaksFor(rival, GUEST.plus(1))).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void anAddressMovesToAnotherPortWithinASecondIfItsHolderIsSilent(Use use) {
    Neighbour neighbour = heard(station(honest, 1), GUEST);
    Station moved = uses(use, GUEST);
    timers.advance(Duration.ofMillis(950));
    assertThat(neighbour.station()).isSameAs(moved);
    assertThat(neighbour.mac()).isEqualTo(use.mac);
    assertThat(neighbour.behind()).isSameAs(table.budget(hostile));
    assertThat(speaksFor(moved, GUEST)).isTrue();
    assertThat(speaksFor(station(honest, 1), GUEST)).isFalse();
    assertThat(table.budget(honest).neighbours()).isZero();
    assertThat(table.counters().get(StationCount.NEIGHBOUR_MOVED)).isEqualTo(1);
  }

  @Test
  void aHolderThatAnswersIsAskedOncePerSecond() {
    Station guest = station(honest, 1);
    heard(guest, GUEST);
    for (int i = 0; i < 1000; i++) {
      uses(Use.PACKET, GUEST);
      assertThat(speaksFor(guest, GUEST)).isTrue();
      timers.advance(Duration.ofMillis(1));
    }
    assertThat(asked).hasSize(1);
  }

  @Test
  void aRivalWhosePortIsGoneGetsNothing() {
    Neighbour neighbour = heard(station(honest, 1), GUEST);
    uses(Use.PACKET, GUEST);
    table.release(hostile);
    timers.advance(Duration.ofSeconds(1));
    assertThat(neighbours.get(GUEST)).isNull();
    assertThat(heard(station(honest, 1), GUEST)).isNotSameAs(neighbour);
  }

  @Test
  void anAddressThatIsAnothersByALeaseMovesAtOnce() {
    Station squatter = station(hostile, 2);
    Neighbour neighbour = heard(squatter, GUEST);
    neighbours.guard((address, station) -> station.mac() == 1); // leased from now on
    Station guest = station(honest, 1);
    assertThat(speaksFor(guest, GUEST)).isTrue();
    assertThat(neighbour.station()).isSameAs(guest);
    assertThat(speaksFor(squatter, GUEST)).isFalse();
    timers.advance(Duration.ofSeconds(2));
    assertThat(neighbour.station()).isSameAs(guest);
    assertThat(asked).isEmpty();
  }

  @Test
  void nobodySpeaksFromAnAddressThatIsAnothersBeforeThatIsHeard() {
    neighbours.guard((address, station) -> station.mac() == 1);
    assertThat(speaksFor(station(hostile, 2), GUEST)).isFalse();
    claim(station(hostile, 2), GUEST);
    assertThat(neighbours.get(GUEST)).as("nothing is kept of it").isNull();
    assertThat(speaksFor(station(honest, 1), GUEST)).isTrue();
  }

  @Test
  void aPortThatGoesOnClaimingTheAddressOfAnotherIsAProblem() {
    heard(station(honest, 1), GUEST);
    for (int i = 0; i < 100; i++) {
      assertThat(table.budget(hostile).problem()).isEmpty();
      claim(station(hostile, 3), GUEST);
      claim(station(honest, 1), GUEST);
    }
    assertThat(table.budget(hostile).problem())
        .startsWith("it claims IP addresses of other ports and is refused that; ");
    assertThat(table.budget(honest).problem()).isEmpty();
  }

  @Test
  void aPortThatGoesOnSendingFromTheAddressOfAnotherIsAProblem() {
    heard(station(honest, 1), GUEST);
    heard(station(honest, 2), GUEST.plus(1));
    for (int i = 0; i < 100; i++) {
      assertThat(table.budget(hostile).problem()).isEmpty();
      assertThat(speaksFor(station(hostile, 3), GUEST)).isFalse();
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
    assertThat(speaksFor(rival, GUEST)).isFalse();
    timers.advance(Duration.ofSeconds(2));
    assertThat(neighbours.at(GUEST).mac()).isEqualTo(1);
    assertThat(neighbours.at(GUEST).station()).isSameAs(guest);
    assertThat(table.counters().get(StationCount.CLAIM_REFUSED)).isEqualTo(2);
    claim(rival, GUEST.plus(1));
    assertThat(neighbours.at(GUEST.plus(1)).mac()).isEqualTo(2);
  }

  @Test
  void aGuestThatComesBackBehindAnotherPortIsItsNewStations() {
    Neighbour neighbour = heard(station(hostile, 1), GUEST);
    assertThat(speaksFor(station(honest, 1), GUEST)).as("while it may be behind both").isFalse();
    timers.advance(Duration.ofSeconds(1));
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
