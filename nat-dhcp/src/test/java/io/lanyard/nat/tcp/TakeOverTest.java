package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.testing.LogWatch;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;
import org.junit.jupiter.api.Test;

/** Connections that a forward has accepted and the engine cannot take over. */
class TakeOverTest {
  @Test
  void aFaultLeavesNeitherADescriptorNorAFlowNorAnOpenSocket() {
    LogWatch.expect("tcp-fault");
    Epoll.ensureAvailability();
    DescriptorBudget.Holder descriptors = DescriptorBudget.ample().share("test").holder("forward");
    Socket accepted = Socket.newSocketStream(); // the scene has no loop to watch it
    try (Scene scene = new Scene()) {
      assertThat(
              scene.engine.connectToGuest(
                  accepted,
                  Family.IPV4.service,
                  Family.IPV4.guest,
                  Scene.GUEST_PORT,
                  Scene.STATION.flows(),
                  descriptors))
          .isNull();
      assertThat(descriptors.held()).isZero();
      assertThat(accepted.isOpen()).isFalse();
      assertThat(scene.link.flows.size()).isZero();
      assertThat(scene.engine.connections()).isZero();
      assertThat(scene.engine.counters().get(TcpCount.FAULTS)).isEqualTo(1);
    }
  }
}
