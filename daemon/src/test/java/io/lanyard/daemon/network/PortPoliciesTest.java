package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.config.BitRate;
import io.lanyard.config.EgressConfig;
import io.lanyard.config.GuardMode;
import io.lanyard.config.PortConfig;
import io.lanyard.config.PortLimits;
import io.lanyard.config.PortPolicy;
import io.lanyard.config.PortStorm;
import io.lanyard.config.ReservedFrames;
import io.lanyard.config.StormConfig;
import io.lanyard.config.SwitchConfig;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.ReservedGroup;
import io.lanyard.vswitch.StormLimits;
import io.lanyard.vswitch.policy.HostDestinations;
import io.lanyard.vswitch.policy.HostShield;
import io.lanyard.vswitch.policy.PortAddresses;
import io.lanyard.vswitch.policy.RateLimit;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PortPoliciesTest {
  private static final HostDestinations NOBODYS = new HostDestinations(List.of(), Open.RULES);

  /** Rules that close nothing. */
  private enum Open implements HostDestinations.Rules {
    RULES;

    @Override
    public boolean admits(Port from, int protocol, long high, long low, int service) {
      return true;
    }

    @Override
    public void strayed(Port from, long high, long low) {}
  }

  private static PortPolicies policies(GuardMode guard) {
    return new PortPolicies(
        new SwitchConfig(guard, StormConfig.DEFAULT, Set.of(), null),
        new PortAddresses(7),
        Clock.system());
  }

  @Test
  void aPortOfWhichNothingIsSaidHasNoRulesButTheStormLimits() {
    PortPolicies policies = policies(GuardMode.OFF);
    PortRules plain =
        new PortRules(
            List.of(),
            List.of(),
            PortRules.Reach.ORDINARY,
            Integer.MAX_VALUE,
            false,
            new StormLimits(20_000, 50_000, 50_000));
    assertThat(policies.port(PortPolicy.DEFAULT)).isEqualTo(plain);
    assertThat(policies.nic(PortPolicy.DEFAULT)).isEqualTo(plain);
    // Isolated ports do not reach it, and nobody configures the host by it.
    PortRules adapter = policies.hostAdapter(NOBODYS);
    assertThat(adapter.reach()).isEqualTo(plain.reach());
    assertThat(adapter.ingress()).isEmpty();
    assertThat(adapter.egress()).containsExactly(HostShield.SHIELD, NOBODYS);
  }

  /** The policy of a port that is in no group. */
  private static PortPolicy policy(
      @Nullable GuardMode guard,
      boolean isolated,
      @Nullable Integer macLimit,
      PortStorm storm,
      PortLimits limits) {
    return new PortPolicy(
        "",
        guard,
        isolated,
        macLimit,
        storm,
        List.of(),
        limits,
        EgressConfig.INHERITED,
        EgressConfig.INHERITED);
  }

  @Test
  void aNicHasTheMacLimitOfItsGroupUnlessItsGuardIsStrict() {
    PortPolicy few = policy(null, false, 3, PortStorm.INHERITED, PortLimits.NONE);
    assertThat(policies(GuardMode.OFF).nic(few).macLimit()).isEqualTo(3);
    assertThat(policies(GuardMode.LEARN).nic(few).macLimit()).isEqualTo(3);
    assertThat(policies(GuardMode.STRICT).nic(few).macLimit()).isZero();
  }

  @Test
  void aPortHasItsOwnStormLimitsWhereItSaysSo() {
    PortPolicies policies = policies(GuardMode.OFF);
    PortPolicy some = policy(null, false, null, new PortStorm(5, null, null), PortLimits.NONE);
    StormConfig network = StormConfig.DEFAULT;
    assertThat(policies.port(some).storm())
        .isEqualTo(new StormLimits(5, network.multicast(), network.unknown()));
    assertThat(policies.port(policy(null, false, null, PortStorm.OFF, PortLimits.NONE)).storm())
        .isNull();
  }

  @Test
  void aShieldedTapKeepsItsLimit() {
    PortPolicy limited =
        policy(
            null,
            false,
            null,
            PortStorm.INHERITED,
            new PortLimits(null, BitRate.parse("10Mbit"), null));
    PortPolicies policies = policies(GuardMode.OFF);
    var tap = new PortConfig.Tap("host", "t0", null, true, true, 1500, limited);
    assertThat(policies.port(tap).egress())
        .hasSize(2)
        .startsWith(HostShield.SHIELD)
        .hasAtLeastOneElementOfType(RateLimit.class);
  }

  @Test
  void aNicUnderAStrictGuardHasItsOwnMacAddressAlone() {
    PortRules nic = policies(GuardMode.STRICT).nic(PortPolicy.DEFAULT);
    assertThat(nic.macLimit()).isZero();
    assertThat(nic.ingress()).hasSize(1);
    assertThat(nic.holdsMacs()).isTrue();
    PortPolicy loose = policy(GuardMode.LEARN, true, null, PortStorm.INHERITED, PortLimits.NONE);
    assertThat(policies(GuardMode.STRICT).nic(loose).macLimit()).isEqualTo(16);
    assertThat(policies(GuardMode.STRICT).nic(loose).reach()).isEqualTo(PortRules.Reach.ISOLATED);
  }

  @Test
  void theStormLimitsAreTheNetworksAndOffIsNone() {
    StormConfig few = new StormConfig(1, 2, 3);
    PortPolicies some =
        new PortPolicies(
            new SwitchConfig(GuardMode.OFF, few, Set.of(), null),
            new PortAddresses(7),
            Clock.system());
    assertThat(some.port(PortPolicy.DEFAULT).storm()).isEqualTo(new StormLimits(1, 2, 3));
    assertThat(some.hostAdapter(NOBODYS).storm()).isEqualTo(new StormLimits(1, 2, 3));
    PortPolicies none =
        new PortPolicies(
            new SwitchConfig(GuardMode.OFF, null, Set.of(), null),
            new PortAddresses(7),
            Clock.system());
    assertThat(none.port(PortPolicy.DEFAULT).storm()).isNull();
    assertThat(none.hostAdapter(NOBODYS).storm()).isNull();
  }

  @Test
  void everyReservedGroupHasAWordInTheFile() {
    Set<ReservedFrames> all = EnumSet.allOf(ReservedFrames.class);
    PortPolicies policies =
        new PortPolicies(
            new SwitchConfig(GuardMode.OFF, null, all, null), new PortAddresses(7), Clock.system());
    assertThat(policies.forwarded()).containsExactlyInAnyOrder(ReservedGroup.values());
  }
}
