package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.base.Clock;
import io.lanyard.config.GuardMode;
import io.lanyard.config.StormConfig;
import io.lanyard.config.SwitchConfig;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.policy.Guard;
import io.lanyard.vswitch.policy.PortAddresses;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PortGovernanceTest {
  private static final Address GIVEN = Address.parse("10.0.0.10");

  @Test
  void aPortThatCannotBeAttachedKeepsNoAddressFromOthers() {
    PortAddresses addresses = new PortAddresses(7);
    Switch network = new Switch("lab", new SteppedTimers(), PooledByteBufAllocator.DEFAULT);
    InMemoryPort present = InMemoryPort.attached("p", Offloads.NONE, network);
    InMemoryPort second = new InMemoryPort("p", Offloads.NONE);
    PortPolicies policies =
        new PortPolicies(
            new SwitchConfig(GuardMode.OFF, StormConfig.DEFAULT, Set.of(), null),
            addresses,
            Clock.system());
    PortGovernance governance = new PortGovernance(network, policies);
    PortGovernance.Rules given =
        _ ->
            new PortRules(
                List.of(new Guard(Guard.Mode.STRICT, addresses, List.of(Subnet.of(GIVEN, 32)))),
                List.of(),
                PortRules.Reach.ORDINARY,
                8,
                true,
                null);
    assertThatThrownBy(() -> governance.attach(second, given))
        .hasMessageContaining("has a port named p");
    assertThat(governance.governs("p")).isFalse();
    assertThat(addresses.permits(GIVEN, 0x525400000001L, present)).isTrue();
    second.close();
    present.close();
    network.close();
  }
}
