package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.virtio.VirtioNet;
import io.lanyard.testing.Garbage;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.virtio.Ring;
import io.lanyard.virtio.VirtQueue;
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
import java.util.ArrayList;
import java.util.Arrays;
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
    MemorySegment[] frames =
        Arrays.stream(frames(B, A)).map(GuestLinkTest::segment).toArray(MemorySegment[]::new);
    fromB.accept(segment(frame(A, B, 10))); // known from now on
    fromB.flush();
    int[] rounds = {0};
    long garbage =
        Garbage.of(
            FRAMES,
            () -> {
              rounds[0]++;
              for (int i = 0; i < FRAMES; i++) {
                fromA.accept(frames[i & 3]);
                if (i % 32 == 31) {
                  fromA.flush();
                }
              }
            });
    assertThat(garbage).as("bytes for %d frames", FRAMES).isLessThan(FRAMES);
    assertThat(nic.taken).isEqualTo(rounds[0] * FRAMES);
    a.close();
    b.close();
    network.close();
    buffers.forEach(ByteBuf::release);
  }

  /** A guest of the bundled VMM as its network sees it: its NIC, and its driver's rings. */
  private final class Guest implements VirtioNet.Backend, FrameSink {
    private static final int SIZE = 256;
    private static final long DATA = Ram.BASE + 0x10000;
    private static final int ROOM = 0x10000;
    private static final long MERGEABLE = 1L << 15;

    private final Ram ram = Ram.allocate(1 << 20);
    private final Ring receive = new Ring(ram, Ram.BASE, SIZE);
    private final Ring transmit = new Ring(ram, Ram.BASE + 0x8000, SIZE);
    private final VirtioNet nic;
    private final InProcessPort port;
    private final FrameSink towardsNetwork;
    private int offered;
    private int received;

    /**
     * Starts a guest.
     *
     * @param offloads the features of the driver beside mergeable buffers
     * @param frames what it sends, in turn
     */
    Guest(String name, long mac, long offloads, ByteBuf... frames) {
      port = port(name, this);
      network.pin(mac, port);
      towardsNetwork = new GuestLink.TowardsNetwork(port.network());
      nic = new VirtioNet(mac, 1500, this);
      nic.activate(MERGEABLE | offloads, Arrays.asList(receive.queue(0), transmit.queue(0), null));
      for (int i = 0; i < SIZE; i++) {
        int kind = i % frames.length;
        long at = DATA + (long) (kind + 1) * ROOM;
        byte[] bytes = new byte[frames[kind].readableBytes()];
        frames[kind].getBytes(0, bytes);
        ram.put(at, bytes);
        transmit.descriptor(i, at, bytes.length, 0, 0);
        ram.putShort(transmit.available + 4 + 2L * i, (short) i);
        // One buffer for all, which is good enough to be written.
        receive.descriptor(i, DATA, 2048, VirtQueue.WRITE, 0);
        ram.putShort(receive.available + 4 + 2L * i, (short) i);
      }
      allReceived();
    }

    void sends(int frames) {
      offered += frames;
      ram.putShort(transmit.available + 2, (short) offered);
      nic.notified(1);
    }

    /** The driver has taken what has come, and offers all buffers again. */
    void allReceived() {
      ram.putShort(receive.available + 2, (short) (receive.used() + SIZE));
    }

    @Override
    public boolean accept(MemorySegment frame) {
      boolean taken = nic.receive(frame);
      received += taken ? 1 : 0;
      return taken;
    }

    @Override
    public void flush() {
      nic.flushReceive();
    }

    @Override
    public NicOffloads offloads() {
      return nic.guestOffloads();
    }

    @Override
    public void transmit(MemorySegment frame) {
      towardsNetwork.accept(frame);
    }

    @Override
    public void malformed() {
      throw new AssertionError("malformed");
    }

    @Override
    public void flushNetwork() {
      towardsNetwork.flush();
    }

    @Override
    public boolean up() {
      return true;
    }

    @Override
    public NicOffloads networkOffloads() {
      return towardsNetwork.offloads();
    }

    void close() {
      assertThat(receive.broken() + transmit.broken()).isEmpty();
      port.close();
      nic.reset();
      ram.close();
    }
  }

  /**
   * From the ring of one guest of the bundled VMM to that of another, and back: plain frames,
   * unfinished checksums and super-frames, which the one takes as they are and the other in
   * segments.
   */
  @Test
  void aFrameFromRingToRingMakesNoGarbage() {
    int burst = 16;
    long all = 1L << 1 | 1L << 7; // VIRTIO_NET_F_GUEST_CSUM, VIRTIO_NET_F_GUEST_TSO4
    Guest a = new Guest("a", A, all, frames(B, A));
    Guest b = new Guest("b", B, 0, frames(A, B));
    int[] rounds = {0};
    long garbage =
        Garbage.of(
            FRAMES,
            () -> {
              rounds[0]++;
              for (int i = 0; i < FRAMES; i += burst) {
                Guest from = (i / burst & 1) == 0 ? a : b;
                from.sends(burst);
                a.allReceived();
                b.allReceived();
              }
            });
    assertThat(garbage).as("bytes for %d frames", FRAMES).isLessThan(FRAMES);
    int each = rounds[0] * FRAMES / 2;
    assertThat(a.received).as("super-frames as they are").isEqualTo(each);
    assertThat(b.received).as("a quarter of them in ten segments").isEqualTo(each + each / 4 * 9);
    a.close();
    b.close();
    network.close();
    buffers.forEach(ByteBuf::release);
  }

  /** A plain frame, one with an unfinished checksum, a super-frame of ten segments, a small one. */
  private ByteBuf[] frames(long to, long from) {
    ByteBuf unfinished = frame(to, from, 1000);
    OffloadHeader.set(unfinished, 0, OffloadHeader.NEEDS_CSUM, 0, 0, 0, 34, 16);
    ByteBuf large = frame(to, from, 14_600);
    OffloadHeader.set(
        large, 0, OffloadHeader.NEEDS_CSUM, OffloadHeader.GSO_TCPV4, 54, 1460, 34, 16);
    return new ByteBuf[] {frame(to, from, 1000), unfinished, large, frame(to, from, 10)};
  }
}
