package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.control.http.Places.Client;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class PlacesTest {
  private static final Client OWNER = new Client(1000, true);

  private final Places places =
      new Places(new Limits(10, 2, 5, Duration.ofSeconds(1)), "connections", Clock.system());

  private int takeAll(Client client) {
    int taken = 0;
    while (places.take(client)) {
      taken++;
    }
    return taken;
  }

  @Test
  void theOwnerFindsItsReserveWhenOthersHaveTakenTheRest() {
    assertThat(takeAll(new Client(1, false))).isEqualTo(5);
    assertThat(takeAll(new Client(2, false))).isEqualTo(3);
    assertThat(takeAll(OWNER)).isEqualTo(2);
  }

  @Test
  void aPlaceThatIsGivenBackIsForTheNext() {
    Client one = new Client(1, false);
    takeAll(one);
    assertThat(places.take(one)).isFalse();
    places.release(one);
    assertThat(places.take(one)).isTrue();
    assertThat(places.take(one)).isFalse();
  }

  @Test
  void theOwnerMayHaveAllPlaces() {
    assertThat(takeAll(OWNER)).isEqualTo(10);
  }

  @Test
  void theClientThatWantsMoreThanItMayHaveIsNamed() {
    assertThat(places.problem()).isEmpty();
    takeAll(new Client(1, false));
    assertThat(places.problem()).startsWith("user 1 holds 5 of the 5 connections");
  }

  @Test
  void theClientThatHoldsMostIsNamedWhereAnotherIsRefused() throws Exception {
    Client hog = at("192.0.2.1");
    for (int i = 0; i < 5; i++) {
      assertThat(places.take(hog)).isTrue();
    }
    takeAll(new Client(2, false));
    assertThat(places.problem()).startsWith("192.0.2.1 holds 5 of the 8 connections");
  }

  @Test
  void theAddressesOfAnIpv6SubnetAreOneClient() throws Exception {
    for (int i = 0; i < 5; i++) {
      assertThat(places.take(at("2001:db8:99:1::" + i))).isTrue();
    }
    assertThat(places.take(at("2001:db8:99:1:2::"))).isFalse();
    assertThat(places.problem()).startsWith("2001:db8:99:1::/64 holds 5 of the 5 connections");
    assertThat(places.take(at("2001:db8:99:2::1"))).isTrue();
    assertThat(places.take(at("::1"))).isTrue();
  }

  @Test
  void anAddressIsWrittenInItsShortestForm() throws Exception {
    assertThat(at("::1").key()).isEqualTo("::1");
    assertThat(at("::ffff:192.0.2.1").key()).isEqualTo("192.0.2.1");
    assertThat(at("2001:db8:99::2").key()).isEqualTo("2001:db8:99::/64");
  }

  private static Client at(String address) throws UnknownHostException {
    return Client.at(InetAddress.getByName(address));
  }

  @Test
  void streamsAreHalfOfThePlacesOfEachClientAndOfAll() {
    Limits streams = new Limits(20, 4, 8, Duration.ofSeconds(1)).ofStreams();
    assertThat(streams).isEqualTo(new Limits(10, 2, 4, Duration.ofSeconds(1)));
    assertThat(new Limits(1, 0, 1, Duration.ofSeconds(1)).ofStreams().connections()).isEqualTo(1);
  }
}
