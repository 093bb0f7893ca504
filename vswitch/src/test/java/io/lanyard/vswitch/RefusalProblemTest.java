package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedClock;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The ports whose frames are refused all the time are problems of their network. */
class RefusalProblemTest {
  private static final long GATEWAY = 0x5254000000feL;
  private static final long CULPRIT = 0x525400000001L;

  private final SteppedClock clock = new SteppedClock();
  private final Switch network =
      new Switch("refusals", new SteppedTimers(clock), PooledByteBufAllocator.DEFAULT);
  private final InMemoryPort gateway = InMemoryPort.attached("gateway", Offloads.NONE, network);
  private final InMemoryPort culprit = new InMemoryPort("culprit", Offloads.NONE);

  private void attach(Policy... policies) {
    culprit.attachTo(
        network,
        new PortRules(
            List.of(policies),
            List.of(),
            PortRules.Reach.ORDINARY,
            2,
            false,
            new StormLimits(1000, 1000, 1000)));
    network.pin(GATEWAY, gateway);
  }

  @AfterEach
  void close() {
    gateway.close();
    culprit.close();
    network.close();
  }

  private void send(int frames, long source, long destination) {
    for (int i = 0; i < frames; i++) {
      culprit.send(Frames.ethernet(destination, source, 0x88b5, new byte[46]));
    }
  }

  @Test
  void framesInTheNameOfTheGatewayAreAProblemOfTheirPortUntilTheyEnd() {
    LogWatch.expect("frames-refused");
    attach();
    send(99, GATEWAY, Ethernet.BROADCAST);
    assertThat(network.problem(culprit)).isEmpty();
    send(1, GATEWAY, Ethernet.BROADCAST);
    assertThat(network.problem(culprit))
        .isEqualTo(
            "100 frames were refused within a minute (pinned-source): the guest behind the port"
                + " uses the address of another station; look at it");
    assertThat(network.problem(gateway)).isEmpty();
    for (int second = 0; second < 300; second++) {
      clock.advance(Duration.ofSeconds(1));
      send(10, GATEWAY, Ethernet.BROADCAST);
    }
    assertThat(network.problem(culprit)).matches("(5[5-9]0|600) frames.*");
    clock.advance(Duration.ofSeconds(61));
    assertThat(network.problem(culprit)).isEmpty();
  }

  @Test
  void eachCauseIsNamedAndAFewStrayFramesAreNot() {
    LogWatch.expect("frames-refused");
    attach((passage, frame) -> passage.destination() == CULPRIT ? DropCause.GUARD_ARP : null);
    send(99, CULPRIT, CULPRIT);
    send(200, GATEWAY, GATEWAY);
    assertThat(network.problem(culprit)).contains("(pinned-source)").doesNotContain("guard-arp");
    send(1, CULPRIT, CULPRIT);
    assertThat(network.problem(culprit))
        .contains("200 frames were refused within a minute (pinned-source)")
        .contains(
            "; 100 frames were refused within a minute (guard-arp): the guest behind the port"
                + " claims an IP address by ARP that is not its own: another's, or one that it has"
                + " by hand and that is to be in the port's addresses");
  }

  /** A storm has its own words, and ends with the storm. */
  @Test
  void aStormIsNamedOnceAndWithTheKeyThatLimitsIt() {
    LogWatch.expect(
        "advice=\"look for a loop behind the port, or raise networks.NAME.storm-control\"");
    attach();
    send(1000, CULPRIT, Ethernet.BROADCAST);
    assertThat(network.problem(culprit))
        .isEqualTo(
            "a storm of broadcast frames comes from it and is held down; look for a loop behind the"
                + " port, or raise networks.NAME.storm-control");
    clock.advance(Duration.ofSeconds(6));
    assertThat(network.problem(culprit)).isEmpty();
  }
}
