package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.ConfigLoader;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.config.PortPolicy;
import io.lanyard.control.api.PortInfo;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.policy.PortAddresses;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ports as people see them. */
final class PortReportTest {
  @TempDir Path home;
  private final SteppedTimers timers = new SteppedTimers();
  private final Switch ethernet = new Switch("lab", timers, PooledByteBufAllocator.DEFAULT);

  private NetworkConfig network(String keys) throws Exception {
    return Objects.requireNonNull(
        ConfigLoader.parse(
                "test", "version: 1\nnetworks: {lab: {mode: isolated%s}}\n".formatted(keys), home)
            .networks()
            .get("lab"));
  }

  private PortGovernance governance(NetworkConfig config) {
    return new PortGovernance(
        ethernet, new PortPolicies(config.switching(), new PortAddresses(1), timers.clock()));
  }

  private PortReport report(NetworkConfig config, PortGovernance governance) {
    return new PortReport(() -> config, PortConfig::name, ethernet, governance, timers);
  }

  @Test
  void aPortThatCouldNotBeAttachedIsAProblemUntilItIsForgotten() throws Exception {
    NetworkConfig config = network("");
    PortReport report = report(config, governance(config));
    report.failed(PortStatus.failed("lab", "t", "tap", "the host permits none"));
    assertThat(report.problem("t")).isEqualTo("the host permits none");
    assertThat(report.problems()).containsExactly("port t: the host permits none");
    report.forget("t");
    assertThat(report.list(_ -> List.of())).isEmpty();
    assertThat(report.problem("t")).isEqualTo("the network did not come to it in time");
  }

  @Test
  void aLinkThatIsSwitchedOffIsAStateAndNoProblem() throws Exception {
    NetworkConfig config = network("");
    PortGovernance governance = governance(config);
    PortReport report = report(config, governance);
    governance.attach(
        new InMemoryPort("q", Offloads.NONE), policies -> policies.port(PortPolicy.DEFAULT));
    governance.link("q", false);
    assertThat(report.list(_ -> List.of()))
        .extracting(PortInfo::state)
        .containsExactly("link-down");
    assertThat(report.problems()).isEmpty();
  }

  @Test
  void portsOfTheConfigurationHaveAnAddressForAGuestWhateverTheirState() throws Exception {
    NetworkConfig config =
        network(
            ", ports: [{name: q, kind: qemu-stream, path: q.sock}, {name: t, kind: tap, device:"
                + " t0}]");
    PortGovernance governance = governance(config);
    PortReport report = report(config, governance);
    for (String name : List.of("q", "g.nic0")) {
      governance.attach(
          new InMemoryPort(name, Offloads.NONE), policies -> policies.port(PortPolicy.DEFAULT));
    }
    governance.link("q", false);
    report.failed(PortStatus.failed("lab", "t", "tap", "the host permits none"));
    assertThat(report.list(_ -> List.of()))
        .extracting(PortInfo::guestMac)
        .containsExactly("q", "", "t");
  }

  @Test
  void thePortsOfANetworkThatIsStoppedAreListedWithTheirGroups() throws Exception {
    NetworkConfig config =
        network(
            ", enabled: false, port-groups: {g: {}}, ports: [{name: q, kind: qemu-stream, path:"
                + " q.sock, port-group: g}]");
    PortReport report = report(config, governance(config));
    assertThat(report.list(_ -> List.of()))
        .singleElement()
        .satisfies(port -> {
          assertThat(port.name()).isEqualTo("q");
          assertThat(port.kind()).isEqualTo("qemu-stream");
          assertThat(port.state()).isEqualTo("stopped");
          assertThat(port.group()).isEqualTo("g");
          assertThat(port.guestMac()).isEqualTo("q");
        });
  }
}
