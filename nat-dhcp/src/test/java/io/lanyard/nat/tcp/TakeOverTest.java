package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.testing.LogWatch;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;

/** Connections that a forward has accepted and the engine cannot take over. */
class TakeOverTest {
  @Test
  void aFaultLeavesNeitherADescriptorNorAFlowNorAnOpenChannel() {
    LogWatch.expect("tcp-fault");
    DescriptorBudget.Holder descriptors = DescriptorBudget.ample().share("test").holder("forward");
    EmbeddedChannel noSocket = new EmbeddedChannel();
    try (Scene scene = new Scene()) {
      assertThat(
              scene.engine.connectToGuest(
                  noSocket,
                  Family.IPV4.service,
                  Family.IPV4.guest,
                  Scene.GUEST_PORT,
                  Scene.STATION.flows(),
                  descriptors))
          .isNull();
      assertThat(descriptors.held()).isZero();
      assertThat(noSocket.isOpen()).isFalse();
      assertThat(scene.link.flows.size()).isZero();
      assertThat(scene.engine.connections()).isZero();
      assertThat(scene.engine.counters().get(TcpCount.FAULTS)).isEqualTo(1);
    }
  }
}
