package io.lanyard.nat;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.testing.SteppedTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class LostAddressesTest {
  private static final Address FIRST = Address.parse("10.99.0.1");
  private static final Address OTHER = Address.parse("10.99.0.2");

  private final SteppedTimers timers = new SteppedTimers();
  private final List<Predicate<Address>> told = new ArrayList<>();
  private final LostAddresses lost = new LostAddresses(timers, told::add);

  private void present(String... subnets) {
    lost.present(Stream.of(subnets).map(Subnet::parse).toList());
  }

  @Test
  void anAddressIsLostFiveSecondsAfterItWent() {
    present("127.0.0.0/8", "10.99.0.1/32");
    present("127.0.0.0/8", "10.99.0.2/32");
    timers.advance(Duration.ofSeconds(4));
    assertThat(told).isEmpty();
    timers.advance(Duration.ofSeconds(2));
    assertThat(told)
        .singleElement()
        .satisfies(gone -> {
          assertThat(gone.test(FIRST)).isTrue();
          assertThat(gone.test(OTHER)).isFalse();
          assertThat(gone.test(Address.LOOPBACK_IPV4)).isFalse();
          assertThat(gone.test(Address.parse("10.99.0.3"))).as("never the host's").isFalse();
        });
    timers.advance(Duration.ofSeconds(20));
    assertThat(told).hasSize(1);
  }

  @Test
  void oneThatIsBackInTimeIsNot() {
    present("10.99.0.1/32");
    present();
    timers.advance(Duration.ofSeconds(4));
    present("10.99.0.1/32");
    timers.advance(Duration.ofSeconds(20));
    assertThat(told).isEmpty();
  }

  @Test
  void eachHasItsOwnTime() {
    present("10.99.0.1/32", "10.99.0.2/32");
    present("10.99.0.2/32");
    timers.advance(Duration.ofSeconds(3));
    present();
    timers.advance(Duration.ofSeconds(3));
    assertThat(told)
        .singleElement()
        .satisfies(gone -> {
          assertThat(gone.test(FIRST)).isTrue();
          assertThat(gone.test(OTHER)).isFalse();
        });
    timers.advance(Duration.ofSeconds(3));
    assertThat(told).hasSize(2);
    assertThat(told.getLast().test(OTHER)).isTrue();
  }

  @Test
  void whatBelongsToALargerSubnetOfTheHostsIsNotLost() {
    present("10.99.0.0/24", "10.99.0.1/32");
    present("10.99.0.0/24");
    timers.advance(Duration.ofSeconds(6));
    assertThat(told).singleElement().satisfies(gone -> assertThat(gone.test(FIRST)).isFalse());
  }
}
