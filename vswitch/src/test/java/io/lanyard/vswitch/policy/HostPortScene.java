package io.lanyard.vswitch.policy;

import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Policy;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.Switch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** A switch with a guest, and with a port of the host that a policy stands before. */
abstract class HostPortScene {
  static final long GUEST = 0x525400000001L;

  private final Switch network =
      new Switch("test", new SteppedTimers(), PooledByteBufAllocator.DEFAULT);
  final InMemoryPort guest = InMemoryPort.attached("guest", Offloads.NONE, network);
  final InMemoryPort host = new InMemoryPort("host", Offloads.NONE);

  /** Attaches the host's port, whose frames leave by a policy. */
  final void attachHost(Policy egress) {
    host.attachTo(
        network,
        new PortRules(
            List.of(), List.of(egress), PortRules.Reach.ORDINARY, Integer.MAX_VALUE, false, null));
  }

  @AfterEach
  void close() {
    guest.close();
    host.close();
    network.close();
  }

  /** Sends a frame of the guest's, and says whether the host gets one. */
  final boolean arrives(ByteBuf frame) {
    guest.send(frame);
    return !host.drain().isEmpty();
  }
}
