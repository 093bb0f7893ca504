package io.lanyard.nat.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NetworkSubnetsTest {
  private static final Subnet FIRST = Subnet.parse("192.168.1.0/24");
  private static final Subnet SECOND = Subnet.parse("192.168.2.0/24");

  private final NetworkSubnets subnets = new NetworkSubnets(List.of(FIRST));
  private final List<List<Subnet>> heard = new ArrayList<>();

  private void changed() {
    heard.add(subnets.all());
  }

  @Test
  void listenersHearOfEachChangeAndFindItDone() {
    subnets.addListener(this::changed);
    subnets.add(SECOND);
    subnets.remove(FIRST);
    assertThat(heard).containsExactly(List.of(FIRST, SECOND), List.of(SECOND));
  }

  @Test
  void whatChangesNothingIsNotTold() {
    subnets.addListener(this::changed);
    subnets.add(FIRST);
    subnets.remove(SECOND);
    assertThat(heard).isEmpty();
  }

  @Test
  void aListenerThatIsGoneHearsNothing() {
    Runnable listener = this::changed;
    subnets.addListener(listener);
    subnets.removeListener(listener);
    subnets.add(SECOND);
    assertThat(heard).isEmpty();
  }
}
