package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.SteppedLink;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.Neighbours;
import io.lanyard.nat.station.Stations;
import io.lanyard.nat.station.TestStations;
import io.lanyard.net.Address;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;

class GuestLinkTest {
  private static final Address ADDRESS = Address.parse("192.168.127.10");

  private final GuestLink link = new SteppedLink(new EmbeddedChannel().eventLoop());
  private final Stations stations = TestStations.table();
  private final Neighbours neighbours = stations.neighbours();

  private void located(int mtu) {
    Port port = new InMemoryPort("guest", mtu, Offloads.NONE);
    assertThat(
            neighbours.heard(
                TestStations.station(stations, port, 0x5254_0000_0010L),
                ADDRESS.high(),
                ADDRESS.low()))
        .isNotNull();
  }

  @Test
  void theMtuTowardsAGuestIsThatOfItsPortOnceTheGuestIsLocated() {
    Neighbour guest = neighbours.at(ADDRESS);
    assertThat(link.mtuTowards(guest)).isEqualTo(link.mtu());
    located(1400);
    assertThat(link.mtuTowards(guest)).isEqualTo(1400);
  }

  @Test
  void aFlowWhoseEntryWasEvictedSeesTheMtuOfTheEntryThatTookItsPlace() {
    Neighbour kept = neighbours.at(ADDRESS);
    neighbours.forget(kept);
    located(1400);
    assertThat(link.mtuTowards(kept)).isEqualTo(1400);
  }

  @Test
  void aPortOfALargerMtuDoesNotRaiseThatOfTheNetwork() {
    located(9000);
    assertThat(link.mtuTowards(neighbours.at(ADDRESS))).isEqualTo(link.mtu());
  }
}
