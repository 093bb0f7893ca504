package io.lanyard.vswitch;

import io.lanyard.testing.SteppedClock;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.SplittableRandom;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.AfterEach;

/** A switch on a clock that stands still, with three ports, and frames for it. */
abstract class SwitchScene {
  static final long A = 0x525400000001L;
  static final long B = 0x525400000002L;
  static final long C = 0x525400000003L;

  final SteppedClock clock = new SteppedClock();
  final SteppedTimers timers = new SteppedTimers(clock);
  final Switch network = new Switch("test", timers, PooledByteBufAllocator.DEFAULT);
  final InMemoryPort a = InMemoryPort.attached("a", Offloads.NONE, network);
  final InMemoryPort b = InMemoryPort.attached("b", Offloads.NONE, network);
  final InMemoryPort c = InMemoryPort.attached("c", Offloads.NONE, network);

  @AfterEach
  void close() {
    a.close();
    b.close();
    c.close();
    network.close();
  }

  static ByteBuf frame(long to, long from) {
    return Frames.ethernet(to, from, Ethernet.TYPE_IPV4, new byte[46]);
  }

  /** A TCP super-frame from A to B, of segments of 1,460 bytes. */
  static ByteBuf superFrame(int payload) {
    byte[] data = new byte[payload];
    new SplittableRandom(5).nextBytes(data);
    ByteBuf frame =
        Frames.tcp4(B, A, 0x0a000001, 1, 0x0a000002, 2, 1000, 1, Tcp.ACK | Tcp.PSH, data);
    int tcp = Frames.PAYLOAD + 20;
    Tcp.setChecksum(
        frame,
        tcp,
        Checksum.fold(Checksum.pseudo4(0x0a000001, 0x0a000002, Ipv4.TCP, 20 + payload)));
    OffloadHeader.set(
        frame, 0, OffloadHeader.NEEDS_CSUM, OffloadHeader.GSO_TCPV4, 54, 1460, 34, 16);
    return frame;
  }

  /** The same with a priority tag. */
  static ByteBuf taggedSuperFrame(int payload) {
    ByteBuf whole = superFrame(payload);
    ByteBuf tagged = Frames.blank(54 + payload + 4);
    tagged.setBytes(0, whole, 0, 24);
    tagged.setInt(24, Ethernet.TYPE_VLAN << 16 | 0xa000);
    tagged.setBytes(28, whole, 24, whole.readableBytes() - 24);
    whole.release();
    OffloadHeader.set(
        tagged, 0, OffloadHeader.NEEDS_CSUM, OffloadHeader.GSO_TCPV4, 58, 1460, 38, 16);
    return tagged;
  }

  /** Attaches a port without offloads whose transmit is a test's. */
  final Port port(String name, BiPredicate<Passage, ByteBuf> transmit) {
    Port port =
        new ObservedPort(name, "test", 1500, PortState.up()) {
          @Override
          public Offloads offloads() {
            return Offloads.NONE;
          }

          @Override
          public boolean transmit(Passage passage, ByteBuf frame) {
            return transmit.test(passage, frame);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    network.attach(port);
    return port;
  }

  final InMemoryPort attached(String name, PortRules rules) {
    InMemoryPort port = new InMemoryPort(name, Offloads.NONE);
    port.attachTo(network, rules);
    return port;
  }

  /** Sends a frame from inside a port's transmit. */
  final boolean answer(Port from, long to, long source) {
    ByteBuf answer = frame(to, source);
    network.receive(from, answer);
    answer.release();
    return true;
  }
}
