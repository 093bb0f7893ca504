package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.http.Places.Client;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class PlacesTest {
  private static final Client OWNER = new Client(1000, true);

  private final Places places = new Places(new Limits(10, 2, 5, Duration.ofSeconds(1)));

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
}
