package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;

/** Clients that begin large bodies and send no more of them. */
final class LargeBodiesTest {
  private final LargeBodies places = new LargeBodies();

  private int takes(Places.Client client) {
    int taken = 0;
    while (places.take(client)) {
      taken++;
    }
    return taken;
  }

  @Test
  void oneClientLeavesOthersTheirPlaces() {
    Places.Client slow = Places.Client.at(InetAddress.getLoopbackAddress());
    int its = takes(slow);
    assertThat(takes(new Places.Client(1000, false))).isEqualTo(its);
    assertThat(takes(new Places.Client(1001, false))).isEqualTo(its);
    assertThat(takes(new Places.Client(1002, false))).isZero();
    Places.Client owner = new Places.Client(0, true);
    assertThat(takes(owner)).isEqualTo(its);
    places.release(slow, 1);
    assertThat(places.take(slow)).isFalse(); // what is left is the owner's
    places.release(slow, its - 1);
    places.release(owner, its);
    assertThat(takes(slow)).isEqualTo(its);
  }
}
