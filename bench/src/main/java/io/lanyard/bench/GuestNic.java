package io.lanyard.bench;

import io.lanyard.base.Clock;
import io.lanyard.base.TimerWheel;
import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.virtio.VirtioNet;
import io.lanyard.virtio.VirtQueue;
import io.lanyard.vmm.NicOffloads;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.port.FrameConsumer;
import io.lanyard.vswitch.port.InProcessPort;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A frame between a switch and the virtqueues of a guest's NIC, with a driver that offers a buffer
 * for each.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class GuestNic {
  private static final int QUEUE = 256;
  private static final int SEGMENT = 1460;
  private static final long RECEIVE = Ram.BASE;
  private static final long TRANSMIT = Ram.BASE + 0x4000;
  private static final long DATA = Ram.BASE + 0x10000;
  private static final int FRAME = 12 + 14 + 40 + SEGMENT;

  private Ram ram;
  private Switch network;
  private SinkPort host;
  private ByteBuf frame;
  private VirtioNet nic;
  private int received;
  private int transmitted;

  /** Builds a network of a host and a guest. */
  @Setup
  public void build() {
    ram = Ram.allocate(1 << 20);
    network =
        new Switch(
            "bench",
            // No timer is waited for: the benchmark's thread is the loop.
            new TimerWheel(
                Clock.system(),
                _ -> {},
                cause -> {
                  throw new AssertionError(cause);
                }),
            PooledByteBufAllocator.DEFAULT);
    host = new SinkPort("host", Offloads.ALL);
    network.attach(host);
    frame = TcpFrames.finished(SEGMENT);
    InProcessPort port =
        new InProcessPort(
            "guest",
            "guest",
            1500,
            new Guest(),
            Runnable::run,
            network,
            PooledByteBufAllocator.DEFAULT);
    port.carrier(true);
    network.attach(port);
    port.start();
    network.pin(TcpFrames.TO, port);
    nic = new VirtioNet(TcpFrames.TO, 1500, new Backend(port.network()));
    nic.activate(
        1L << 15, Arrays.asList(queue(RECEIVE), queue(TRANSMIT), null)); // VIRTIO_NET_F_MRG_RXBUF
    // All descriptors of a queue name one buffer, which is good enough for a copy.
    for (int i = 0; i < QUEUE; i++) {
      descriptor(RECEIVE, i, DATA, 2048, VirtQueue.WRITE);
      descriptor(TRANSMIT, i, DATA + 4096, FRAME, 0);
    }
    byte[] ethernet = new byte[frame.readableBytes()];
    frame.getBytes(frame.readerIndex(), ethernet);
    ram.put(DATA + 4096, ethernet);
  }

  private void descriptor(long queue, int index, long address, int length, int flags) {
    ram.putLong(queue + 16L * index, address);
    ram.putInt(queue + 16L * index + 8, length);
    ram.putShort(queue + 16L * index + 12, (short) flags);
    ram.putShort(available(queue) + 4 + 2L * index, (short) index);
  }

  private static long available(long queue) {
    return queue + 16L * QUEUE;
  }

  private VirtQueue queue(long at) {
    return VirtQueue.of(
        ram,
        QUEUE,
        at,
        available(at),
        at + 0x2000,
        0,
        new VirtQueue.Listener() {
          @Override
          public void interrupt() {}

          @Override
          public void broken(String why) {
            throw new IllegalStateException(why);
          }
        });
  }

  /** Gives the buffers back. */
  @TearDown
  public void release() {
    frame.release();
    nic.reset();
    ram.close();
  }

  /** A frame of 1,514 bytes from the switch into the guest's buffer. */
  @Benchmark
  public void toGuest() {
    ram.putShort(available(RECEIVE) + 2, (short) ++received);
    network.receive(host, frame);
    network.flush();
  }

  /** A frame of 1,514 bytes from the guest's buffer to a port of the switch. */
  @Benchmark
  public void fromGuest() {
    ram.putShort(available(TRANSMIT) + 2, (short) ++transmitted);
    nic.notified(1);
  }

  /** The adapter that the daemon puts between port and NIC. */
  private final class Guest implements FrameConsumer {
    @Override
    public boolean accept(MemorySegment lent) {
      if (!nic.receive(lent)) {
        throw new IllegalStateException("the guest took no frame");
      }
      return true;
    }

    @Override
    public void flush() {
      nic.flushReceive();
    }

    @Override
    public Offloads offloads() {
      NicOffloads takes = nic.guestOffloads();
      return Offloads.of(takes.checksum(), takes.tso4(), takes.tso6(), takes.uso());
    }
  }

  private record Backend(FrameConsumer network) implements VirtioNet.Backend {
    @Override
    public void transmit(MemorySegment lent) {
      if (!network.accept(lent)) {
        throw new IllegalStateException("the port took no frame");
      }
    }

    @Override
    public void malformed() {
      throw new IllegalStateException("malformed");
    }

    @Override
    public void flushNetwork() {
      network.flush();
    }

    @Override
    public boolean up() {
      return true;
    }

    @Override
    public NicOffloads networkOffloads() {
      return NicOffloads.ALL;
    }
  }
}
