package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.gateway.NatScene.Guest;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Turns;
import io.lanyard.vswitch.Work;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Work that the host makes ready for a port which has had more than its share of the loop. */
class HostsWorkTest {
  /** More than a port can owe. */
  private static final Duration MORE_THAN_ITS_SHARE = Duration.ofMillis(100);

  /** Less than what a port owes then, and much more than what others get in one batch. */
  private static final long WAIT_NANOS = Duration.ofMillis(7).toNanos();

  /** A port that works as long as another waits. */
  private static final class Busy extends Work {
    private static final long BURST_NANOS = 100_000;

    private final NatScene scene;
    private final BooleanSupplier over;
    long nanos;

    Busy(NatScene scene, BooleanSupplier over) {
      this.scene = scene;
      this.over = over;
    }

    @Override
    protected boolean run() {
      if (over.getAsBoolean()) {
        return false;
      }
      scene.net.timers.clock().advanceNanos(BURST_NANOS);
      nanos += BURST_NANOS;
      return true;
    }

    @Override
    protected void broke(Throwable cause) {}
  }

  /** Has a port use up its share, makes something ready for it, and has another port work. */
  private static void assertWaits(
      NatScene scene, String port, ThrowingTask ready, BooleanSupplier served) throws Exception {
    Busy busy = new Busy(scene, served);
    scene.on(() -> {
      Turns turns = scene.net.network.turns();
      // First: a port that is alone gets new credit at once.
      turn(turns, scene.net.guest.name()).later(busy);
      turn(turns, port).charge(() -> scene.net.timers.clock().advance(MORE_THAN_ITS_SHARE));
      ready.run();
      return true;
    });
    assertThat(scene.becomes(served)).isTrue();
    assertThat(scene.on(() -> busy.nanos)).as("time of the other port").isGreaterThan(WAIT_NANOS);
  }

  private interface ThrowingTask {
    void run() throws Exception;
  }

  private static Turn turn(Turns turns, String port) {
    return Objects.requireNonNull(turns.named(port));
  }

  @Test
  void aClientOfAForwardIsAcceptedWhenTheGuestsPortHasItsTurn() throws Exception {
    Endpoint any = new Endpoint(Address.LOOPBACK_IPV4, 0);
    try (NatScene scene =
            new NatScene(TestNetwork.forward(Transport.TCP, any, "192.168.127.10", 80));
        Socket client = new Socket()) {
      Guest guest = scene.guest(10);
      int port = scene.on(() -> scene.nat.forwards().list().getFirst().port());
      assertWaits(
          scene,
          guest.port.name(),
          () -> client.connect(new Endpoint(Address.LOOPBACK_IPV4, port).toSocketAddress()),
          () -> scene.nat.forwards().list().getFirst().accepted() == 1);
    }
  }

  @Test
  void aGuestHearsThatItsConnectionStandsWhenItsPortHasItsTurn() throws Exception {
    try (NatScene scene = new NatScene();
        ServerSocket server = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      Guest guest = scene.guest(10);
      List<String> heard = new ArrayList<>();
      assertWaits(
          scene,
          guest.port.name(),
          () -> guest.syn(40001, TestNetwork.HOST, server.getLocalPort()),
          () -> {
            heard.addAll(guest.heard());
            return heard.contains("syn-ack 40001");
          });
    }
  }
}
