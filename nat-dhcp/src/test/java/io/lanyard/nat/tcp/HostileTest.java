package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.gateway.TestPackets;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Segments that no stack would send: nothing is thrown, nothing leaks, everything is bounded. */
class HostileTest {
  private static final int SEGMENTS = 1_000_000;
  private static final int IP = OffloadHeader.LENGTH + 14;
  private static final int[] FLAGS = {
    Tcp.ACK,
    Tcp.ACK,
    Tcp.ACK,
    Tcp.SYN,
    Tcp.SYN | Tcp.ACK,
    Tcp.FIN | Tcp.ACK,
    Tcp.RST,
    Tcp.RST | Tcp.ACK,
    Tcp.FIN,
    0,
    0xff,
    Tcp.SYN | Tcp.FIN,
    Tcp.PSH | Tcp.ACK | Tcp.URG
  };

  @ParameterizedTest
  @EnumSource
  void aMillionMutatedSegmentsDoNoHarm(Family family) {
    SplittableRandom random = new SplittableRandom(20_260_101);
    try (Scene scene = new Scene(family)) {
      scene.link.sink =
          frame -> scene.isn = frame.getInt(frame.readerIndex() + family.transport() + 4);
      ByteBuf frame = scene.link.allocator.directBuffer(2048, 2048);
      for (int i = 0; i < SEGMENTS; i++) {
        write(frame, random, scene);
        scene.engine.receive(TestPackets.toGateway(family.guest, frame));
        if (random.nextInt(8) == 0) {
          scene.engine.flush();
        }
        if (random.nextInt(64) == 0 && !scene.streams.isEmpty()) {
          disturb(scene, random);
        }
        if (random.nextInt(16_384) == 0) {
          scene.timers.advanceMillis(random.nextInt(100_000));
          scene.streams.removeIf(stream -> stream.aborted || stream.closed);
        }
      }
      assertThat(frame.refCnt()).isEqualTo(1);
      frame.release();
      assertThat(scene.engine.counters().get(TcpCount.FAULTS)).isZero();
      for (TcpCount event :
          new TcpCount[] {
            TcpCount.DROP_MALFORMED,
            TcpCount.DROP_CHECKSUM,
            TcpCount.DROP_WINDOW,
            TcpCount.DROP_NO_CONNECTION,
            TcpCount.CHALLENGE_ACKS,
            TcpCount.ESTABLISHED,
            TcpCount.RESETS_IN
          }) {
        assertThat(scene.engine.counters().get(event)).as(event.name()).isPositive();
      }
    }
  }

  private static void disturb(Scene scene, SplittableRandom random) {
    TestStream stream = scene.streams.get(random.nextInt(scene.streams.size()));
    if (stream.aborted || stream.closed) {
      return;
    }
    switch (random.nextInt(8)) {
      case 0 -> stream.guest.end();
      case 1 -> stream.guest.reset();
      case 2 -> stream.unsent = random.nextInt(2_000_000);
      case 3 -> {
        stream.unsent = 0;
        stream.guest.drained();
      }
      default -> {
        if (stream.guest.room() > 0) {
          stream.guest.data(
              scene.link.allocator.directBuffer(5000).writeZero(random.nextInt(4000)));
          stream.guest.flush();
        }
      }
    }
  }

  private static void write(ByteBuf frame, SplittableRandom random, Scene scene) {
    int options = random.nextInt(4) == 0 ? 4 * random.nextInt(11) : 0;
    int payload = random.nextInt(3) == 0 ? random.nextInt(600) : 0;
    int header = 20 + options;
    int size = header + payload;
    int tcp = scene.family.transport();
    frame.setIndex(0, tcp + size);
    frame.setZero(0, tcp + 20);
    for (int i = 0; i < options; i++) {
      frame.setByte(
          tcp + 20 + i, random.nextInt(3) == 0 ? random.nextInt(256) : random.nextInt(12));
    }
    scene.family.write(frame, size);
    frame.setShort(tcp, 40_000 + random.nextInt(20));
    frame.setShort(tcp + 2, Scene.SERVER_PORT);
    int near =
        switch (random.nextInt(4)) {
          case 0 -> random.nextInt();
          case 1 -> Scene.GUEST_ISN + random.nextInt(-2000, 600_000);
          default -> Scene.GUEST_ISN + random.nextInt(4);
        };
    frame.setInt(tcp + 4, near);
    int acknowledgment =
        random.nextInt(8) == 0 ? random.nextInt() : scene.isn + random.nextInt(-2, 3000);
    frame.setInt(tcp + 8, random.nextInt(2) == 0 ? scene.isn + 1 : acknowledgment);
    int flags = random.nextInt(16) == 0 ? random.nextInt(256) : FLAGS[random.nextInt(FLAGS.length)];
    frame.setInt(tcp + 12, header << 26 | flags << 16 | random.nextInt(65536));
    if (random.nextInt(20) == 0) {
      frame.setByte(tcp + 12, random.nextInt(256));
    }
    if (random.nextInt(20) == 0) {
      frame.setShort(IP + (scene.family == Family.IPV4 ? 2 : 4), random.nextInt(65536));
    }
    if (random.nextInt(20) == 0) {
      frame.setByte(IP, random.nextInt(256));
    }
    if (random.nextInt(50) != 0) {
      frame.setByte(0, OffloadHeader.NEEDS_CSUM);
    } else {
      long sum = scene.family.pseudoSum(frame, size) + Checksum.sum(frame, tcp, size);
      frame.setShort(tcp + 16, random.nextBoolean() ? Checksum.finish(sum) : 0);
    }
  }
}
