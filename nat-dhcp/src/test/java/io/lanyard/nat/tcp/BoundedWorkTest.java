package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vswitch.frame.Tcp;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Guests whose numbers are all near what matters to the engine: no segment of theirs is answered by
 * more than there is to be sent, nor by what was never to be sent.
 */
class BoundedWorkTest {
  private static final int SEGMENTS = 30_000;
  private static final int HALF = 1 << 31;

  /** Bytes that the host sends at a time. */
  private static final int MOST = 40_000;

  /** Frames that answer one segment: of what is held, and few without payload. */
  private static final int MOST_FRAMES = 64;

  private SplittableRandom random = new SplittableRandom(0);
  private int guestNext;
  private int hostNext;
  private int hostEnd;
  private int frames;
  private int bytes;

  /** A number that matters, or one beside it. */
  private int number(int... near) {
    int chosen = near[random.nextInt(near.length)];
    return switch (random.nextInt(4)) {
      case 0 -> chosen + random.nextInt(-3, 4);
      case 1 -> chosen + random.nextInt(-2000, 2000);
      default -> chosen;
    };
  }

  private int ofHost(Scene scene) {
    int una = scene.isn + 1;
    int middle = una + (hostNext - una) / 2;
    return number(una, middle, hostNext, hostNext, hostEnd, una + HALF, hostNext + HALF, 0, HALF);
  }

  private void open(Scene scene) {
    scene.guestPort = 20_000 + random.nextInt(40_000);
    scene.guest(
        Tcp.SYN,
        Scene.GUEST_ISN,
        0,
        random.nextInt(65536),
        new byte[0],
        Scene.synOptions(random.nextInt(1460), random.nextInt(8) != 0, random.nextInt(-1, 16)));
    if (scene.sent.isEmpty() || !scene.last().is(Tcp.SYN | Tcp.ACK)) {
      return; // the port has a connection
    }
    scene.isn = scene.last().seq();
    guestNext = Scene.GUEST_ISN + 1;
    hostNext = scene.isn + 1;
    hostEnd = hostNext;
    scene.guest(Tcp.ACK, guestNext, hostNext);
  }

  private void host(Scene scene) {
    TestStream stream = scene.stream();
    if (stream.aborted || stream.closed) {
      return;
    }
    switch (random.nextInt(64)) {
      case 0 -> stream.guest.end();
      case 1 -> stream.stuck = !stream.stuck;
      case 2 -> stream.guest.reset();
      case 3 -> {
        stream.unsent = 0;
        stream.guest.drained();
      }
      default -> {
        if (stream.guest.room() > 0) {
          int length = random.nextInt(random.nextBoolean() ? 100 : MOST);
          hostEnd += length;
          stream.send(new byte[length]);
        }
      }
    }
  }

  private void guest(Scene scene) {
    int seq = number(guestNext, guestNext, guestNext + 5000, guestNext + HALF);
    int[] flags = {Tcp.ACK, Tcp.ACK, Tcp.ACK, Tcp.ACK, Tcp.ACK | Tcp.FIN, Tcp.SYN, Tcp.RST, 0xff};
    int chosen = random.nextInt(100) != 0 ? Tcp.ACK : flags[random.nextInt(flags.length)];
    int[] windows = {0, 0, 1, 100, 65535, 65535};
    int window = windows[random.nextInt(windows.length)];
    byte[] payload = new byte[random.nextInt(4) == 0 ? random.nextInt(1200) : random.nextInt(2)];
    byte[] options = {};
    if (random.nextBoolean()) {
      int[] edges = new int[2 * (1 + random.nextInt(4))];
      for (int i = 0; i < edges.length; i++) {
        edges[i] = ofHost(scene);
      }
      options = Scene.sack(edges);
    }
    frames = 0;
    bytes = 0;
    int held = hostEnd - scene.isn;
    scene.guest(chosen, seq, ofHost(scene), window, payload, options);
    if (seq == guestNext && chosen == Tcp.ACK) {
      guestNext += payload.length;
    }
    assertThat(bytes).isLessThanOrEqualTo(2 * held);
  }

  @ParameterizedTest
  @EnumSource
  void noSegmentIsAnsweredByMoreThanThereIs(Family family) {
    random = new SplittableRandom(20_261_130);
    try (Scene scene = new Scene(family)) {
      scene.link.sink =
          frame -> {
            Sent segment = Sent.of(frame);
            scene.sent.clear();
            scene.sent.add(segment);
            int length = segment.text().length();
            bytes += length;
            if (++frames > MOST_FRAMES + bytes / 88) {
              throw new AssertionError(frames + " frames answer one segment");
            }
            if (length > 0) {
              hostNext = Seq.max(hostNext, segment.seq() + length);
              assertThat(Seq.notAfter(segment.seq() + length, hostEnd)).isTrue();
            }
          };
      open(scene);
      for (int i = 0; i < SEGMENTS; i++) {
        frames = 0;
        bytes = 0;
        if (random.nextInt(8) == 0) {
          host(scene);
        }
        if (random.nextInt(32) == 0) {
          scene.timers.advanceMillis(random.nextInt(random.nextBoolean() ? 300 : 20_000));
        }
        guest(scene);
        if (scene.connection().isClosed() || random.nextInt(2000) == 0) {
          scene.connection().abort();
          frames = 0;
          open(scene);
        }
      }
      assertThat(scene.engine.counters().get(TcpCount.FAULTS)).isZero();
      assertThat(scene.engine.counters().get(TcpCount.RETRANSMITTED)).isPositive();
      assertThat(scene.engine.counters().get(TcpCount.FAST_RETRANSMITS)).isPositive();
    }
  }
}
