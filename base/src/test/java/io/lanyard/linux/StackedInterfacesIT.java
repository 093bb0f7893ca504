package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.HostCommand;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Makes interfaces without addresses. Needs root and iproute2. */
final class StackedInterfacesIT {
  private static final String ONE = "lysi" + ProcessHandle.current().pid() % 100_000;
  private static final String OTHER = ONE + "o";
  private static final String BRIDGE = ONE + "b";

  @AfterEach
  void delete() throws Exception {
    HostCommand.runLine("ip link del " + BRIDGE);
    HostCommand.runLine("ip link del " + ONE);
  }

  @Test
  void theOtherEndOfAVethAndABridgeOnItAreFound() throws Exception {
    HostCommand.runLine("ip link add " + ONE + " type veth peer name " + OTHER);
    HostCommand.runLine("ip link add " + BRIDGE + " type bridge");
    HostCommand.runLine("ip link set " + OTHER + " master " + BRIDGE);

    assertThat(StackedInterfaces.on(ONE)).containsExactlyInAnyOrder(OTHER, BRIDGE);
    assertThat(StackedInterfaces.on(ONE + "x")).isEmpty();
  }
}
