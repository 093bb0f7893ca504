package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.station.PortBudget;
import java.time.Duration;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The rate at which a port begins flows. */
class NewFlowRatesTest extends GatewayScene {
  private final PortBudget guest = gateway.stations().budget(net.guest);
  private final NewFlowRates rates = new NewFlowRates(net.timers.clock());

  private long admitted(int flows, @Nullable Integer limit) {
    return IntStream.range(0, flows).filter(i -> rates.admits(guest, limit)).count();
  }

  @Test
  void aPortBeginsItsLimitAtOnceAndThenAsManyPerSecond() {
    assertThat(admitted(30, 10)).isEqualTo(10);
    net.timers.advance(Duration.ofMillis(500));
    assertThat(admitted(30, 10)).isEqualTo(5);
  }

  @Test
  void anotherLimitStartsAnew() {
    assertThat(admitted(30, 10)).isEqualTo(10);
    assertThat(admitted(30, 20)).isEqualTo(20);
  }

  @Test
  void aPortThatHasLeftAndComesBackStartsAnew() {
    assertThat(admitted(30, 10)).isEqualTo(10);
    rates.forget(guest);
    assertThat(admitted(30, 10)).isEqualTo(10);
  }

  @Test
  void aPortWithoutALimitBeginsAnyNumber() {
    assertThat(admitted(5000, null)).isEqualTo(5000);
  }
}
