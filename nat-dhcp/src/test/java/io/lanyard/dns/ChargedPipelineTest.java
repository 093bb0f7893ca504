package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.SteppedClock;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Turns;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which port pays for what a connection to a name server costs. */
class ChargedPipelineTest {
  private static final long DECRYPTION = 1;
  private static final long ANSWER = 10;
  private static final long REST = 100;

  private final SteppedClock clock = new SteppedClock();
  private final Turns turns = new Turns(clock, Runnable::run);
  private final Peer oldest = new Peer("oldest");
  private final Peer asker = new Peer("asker");
  private @Nullable Turn payer = oldest.turn;
  private final ChargedPipeline charged = new ChargedPipeline(() -> payer);

  /** Netty's part of a connection, whose messages are the ports that have asked. */
  private final EmbeddedChannel channel =
      new EmbeddedChannel(
          charged,
          new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
              clock.advanceNanos(DECRYPTION);
              charged.charge(((Peer) message).turn, () -> clock.advanceNanos(ANSWER));
              clock.advanceNanos(REST);
            }
          });

  private final class Peer {
    final InMemoryPort port;
    final Turn turn;

    Peer(String name) {
      port = new InMemoryPort(name, Offloads.NONE);
      turn = turns.of(port);
    }

    long nanos() {
      return port.counters().loopNanos();
    }
  }

  @AfterEach
  void close() {
    boolean _ = channel.finishAndReleaseAll();
    assertThat(oldest.turn.begin()).as("nothing runs any more").isTrue();
  }

  @Test
  void thePortThatAskedPaysForTheDecryptionOfItsAnswer() {
    channel.writeInbound(asker);
    assertThat(asker.nanos()).isEqualTo(DECRYPTION + ANSWER);
    assertThat(oldest.nanos()).isEqualTo(REST);
  }

  @Test
  void thePortThatHasWaitedLongestPaysForItsOwnAnswerAndTheRest() {
    channel.writeInbound(oldest);
    assertThat(oldest.nanos()).isEqualTo(DECRYPTION + ANSWER + REST);
  }

  @Test
  void anAnswerIsChargedAlsoWhereNobodyPaysForTheEvent() {
    payer = null;
    channel.writeInbound(asker);
    assertThat(asker.nanos()).isEqualTo(ANSWER);
  }

  @Test
  void aPortWhoseWorkHasCausedTheEventPaysForAllOfIt() {
    Peer other = new Peer("other");
    other.turn.charge(() -> channel.writeInbound(asker));
    assertThat(other.nanos()).isEqualTo(DECRYPTION + ANSWER + REST);
    assertThat(asker.nanos()).isZero();
  }

  @Test
  void aTaskThatAHandlerHasLeftForLaterIsChargedToo() {
    new ChargedExecutor(channel.eventLoop(), charged).execute(() -> clock.advanceNanos(REST));
    channel.runPendingTasks();
    assertThat(oldest.nanos()).isEqualTo(REST);
  }
}
