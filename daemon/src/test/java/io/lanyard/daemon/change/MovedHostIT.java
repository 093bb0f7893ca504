package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import io.lanyard.config.GatewayConfig;
import io.lanyard.daemon.history.History;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.net.Subnet;
import io.lanyard.testing.HostCommand;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A daemon starts on a host that has moved into a LAN. Needs root and iproute2. */
final class MovedHostIT {
  private static final String NAMESPACE = "lymh" + ProcessHandle.current().pid() % 100_000;

  @TempDir Path state;

  @BeforeEach
  void makeNamespace() throws Exception {
    HostCommand.runLine("ip netns add " + NAMESPACE);
  }

  @AfterEach
  void deleteNamespace() throws Exception {
    HostCommand.runLine("ip netns del " + NAMESPACE);
  }

  private RunningConfiguration start() throws Exception {
    Document file =
        Document.of(
            "test", "version: 1\nnetworks: {lab: {mode: nat, ipv4: {subnet: auto}}}\n", state);
    RunningConfiguration[] started = new RunningConfiguration[1];
    NetworkNamespace.run(
        NAMESPACE,
        () -> {
          try {
            started[0] = RunningConfiguration.recover(file, state, Clock.system());
          } catch (ConfigException e) {
            throw new IOException(e);
          }
          return true;
        });
    if (started[0].revision() == 0) {
      new Revisions(History.in(state.resolve(Conductor.DIRECTORY)), file, Clock.system())
          .keep(1, "me", "a change", started[0].document(), false);
    }
    return started[0];
  }

  private static Subnet subnet(RunningConfiguration running) {
    GatewayConfig gateway =
        Objects.requireNonNull(running.configuration().networks().get("lab")).gateway();
    return Objects.requireNonNull(gateway).ipv4().subnet();
  }

  @Test
  void theNextStartChoosesAnotherSubnetOnceAndKeepsTheRevision() throws Exception {
    Subnet first = subnet(start());
    assertThat(subnet(start())).isEqualTo(first);
    HostCommand.runLine("ip -n " + NAMESPACE + " link add lan0 type veth peer name lan1");
    HostCommand.runLine("ip -n " + NAMESPACE + " addr add " + first.network() + "/24 dev lan0");
    HostCommand.runLine("ip -n " + NAMESPACE + " link set lan0 up");
    LogWatch.expect("event=subnet-chosen-anew network=\"lab\" .* route=\"" + first + " by lan0\"");
    RunningConfiguration moved = start();
    assertThat(subnet(moved)).isNotEqualTo(first);
    assertThat(moved.revision()).isEqualTo(2);
    HostCommand.runLine("ip -n " + NAMESPACE + " link del lan0");
    RunningConfiguration next = start();
    assertThat(subnet(next)).isEqualTo(subnet(moved));
    assertThat(next.revision()).isEqualTo(2);
  }
}
