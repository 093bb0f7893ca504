package io.lanyard.nat.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.flow.FlowKey;
import io.lanyard.net.Address;
import io.lanyard.testing.SteppedTimers;
import org.junit.jupiter.api.Test;

class ForwardClientsTest {
  private final ForwardClients clients =
      new ForwardClients("tcp/*:80", FlowKey.TCP, 0, new SteppedTimers());

  @Test
  void theAddressesOfAnIpv6NetworkAreOneClient() {
    var one = clients.at(Address.parse("2001:db8::1"));
    assertThat(clients.at(Address.parse("2001:db8::ffff:2"))).isSameAs(one);
    assertThat(clients.at(Address.parse("2001:db8:0:1::1"))).isNotSameAs(one);
    assertThat(clients.at(Address.parse("192.0.2.1")))
        .isNotSameAs(clients.at(Address.parse("192.0.2.2")));
  }

  @Test
  void aClientThatGotNothingIsForgotten() {
    clients.release(clients.at(Address.parse("192.0.2.1")));
    assertThat(clients.count()).isZero();
  }
}
