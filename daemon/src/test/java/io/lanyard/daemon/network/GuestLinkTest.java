package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vmm.FrameSink;
import io.lanyard.vmm.NicOffloads;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.port.InProcessPort;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GuestLinkTest {
  private static final int FRAMES = 20_000;
  private static final long A = 0x525400000001L;
  private static final long B = 0x525400000002L;

  /** Leak detection, paranoid as it is in tests, would make most of the garbage. */
  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);

  private final Switch network = new Switch("links", new SteppedTimers(), allocator);
  private final List<ByteBuf> buffers = new ArrayList<>();

  /** A guest's NIC that takes everything and counts it. */
  private static final class Nic implements FrameSink {
    private int taken;

    @Override
    public boolean accept(MemorySegment frame) {
      taken++;
      return true;
    }

    @Override
    public void flush() {}

    @Override
    public NicOffloads offloads() {
      return NicOffloads.ALL;
    }
  }

  private InProcessPort port(String name, FrameSink nic) {
    InProcessPort port =
        new InProcessPort(
            name,
            "guest",
            1500,
            new GuestLink.TowardsGuest(nic),
            Runnable::run,
            network,
            allocator);
    network.attach(port);
    port.start();
    port.carrier(true);
    return port;
  }

  /** A TCP segment without options, with an offload header that asks for nothing. */
  private ByteBuf frame(long to, long from, int payload) {
    int length = 54 + payload;
    ByteBuf frame = allocator.directBuffer(12 + length).writeZero(12 + length);
    Ethernet.write(frame, 12, to, from, Ethernet.TYPE_IPV4);
    Ipv4.write(frame, 26, length - 14, 1, 0, 64, Ipv4.TCP, 0x0a000001, 0x0a000002);
    frame.setByte(46 + 12, 5 << 4);
    buffers.add(frame);
    return frame;
  }

  @SuppressWarnings("restricted") // it covers the buffer and no more
  private static MemorySegment segment(ByteBuf frame) {
    return MemorySegment.ofAddress(frame.memoryAddress()).reinterpret(frame.readableBytes());
  }

  /** Plain frames, unfinished checksums and super-frames, from one guest to another. */
  @Test
  void aFrameBetweenTwoGuestsMakesNoGarbage() {
    Nic nic = new Nic();
    InProcessPort a = port("a", new Nic());
    InProcessPort b = port("b", nic);
    FrameSink fromA = new GuestLink.TowardsNetwork(a.network());
    FrameSink fromB = new GuestLink.TowardsNetwork(b.network());
    ByteBuf unfinished = frame(B, A, 1000);
    OffloadHeader.set(unfinished, 0, OffloadHeader.NEEDS_CSUM, 0, 0, 0, 34, 16);
    ByteBuf large = frame(B, A, 14_600);
    OffloadHeader.set(
        large, 0, OffloadHeader.NEEDS_CSUM, OffloadHeader.GSO_TCPV4, 54, 1460, 34, 16);
    MemorySegment[] frames = {
      segment(frame(B, A, 1000)), segment(unfinished), segment(large), segment(frame(B, A, 10))
    };
    fromB.accept(segment(frame(A, B, 10))); // known from now on
    fromB.flush();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    // Until the compiler is done with the path there is garbage; then there must be none.
    long garbage = Long.MAX_VALUE;
    for (int round = 0; round < 60 && garbage >= FRAMES; round++) {
      int before = nic.taken;
      long allocated = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < FRAMES; i++) {
        fromA.accept(frames[i & 3]);
        if (i % 32 == 31) {
          fromA.flush();
        }
      }
      garbage = threads.getCurrentThreadAllocatedBytes() - allocated;
      assertThat(nic.taken - before).isEqualTo(FRAMES);
    }
    assertThat(garbage).as("bytes for %d frames", FRAMES).isLessThan(FRAMES);
    a.close();
    b.close();
    network.close();
    buffers.forEach(ByteBuf::release);
  }
}
