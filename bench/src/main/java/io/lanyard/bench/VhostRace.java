package io.lanyard.bench;

import io.lanyard.base.Clock;
import io.lanyard.base.TimerWheel;
import io.lanyard.vswitch.AfterBatch;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.port.PortContext;
import io.lanyard.vswitch.port.StreamAddress;
import io.lanyard.vswitch.port.VhostUserPort;
import io.lanyard.vswitch.vhost.VhostNic;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Two guests that share their virtqueues, and a switch between them: one sends all that its ring
 * takes, the other takes all that comes. Both guests are one thread, the switch is another; the
 * processors of the host decide whether they run at the same time.
 *
 * <p>Usage: {@code VhostRace SECONDS}
 */
public final class VhostRace {
  private static final byte[] SENDER = {0x52, 0x54, 0, 0, 0, 1};
  private static final byte[] TAKER = {0x52, 0x54, 0, 0, 0, 2};

  private VhostRace() {}

  /**
   * Races and prints a line for each size of frames.
   *
   * @param arguments seconds of each
   * @throws Exception if a port cannot be had
   */
  public static void main(String[] arguments) throws Exception {
    double seconds = Double.parseDouble(arguments[0]);
    race("wire frames of 1,514 bytes", wireFrame(), 2048, seconds);
    race("super-frames of 64 KiB", superFrame(), 4096, seconds);
    System.exit(0);
  }

  private static void race(String what, byte[] frame, int room, double seconds) throws Exception {
    LoopFaults faults = new LoopFaults("race", Clock.system());
    AfterBatch later = new AfterBatch(faults);
    IoEventLoop loop =
        new MultiThreadIoEventLoopGroup(1, later.around(EpollIoHandler.newFactory())).next();
    PooledByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
    TimerWheel timers = LoopAlarm.wheel(loop, Clock.system(), faults);
    Switch network = new Switch("race", timers, later, allocator);
    PortContext context = new PortContext(loop, timers, network, allocator, Runnable::run);
    Path directory = Files.createTempDirectory("vhost-race");
    VhostUserPort[] ports = new VhostUserPort[2];
    for (int i = 0; i < 2; i++) {
      String name = "port" + i;
      Path path = directory.resolve(name);
      ports[i] =
          loop.submit(
                  () -> {
                    VhostNic nic = new VhostNic(0, Ethernet.LARGEST_PACKET, 1);
                    VhostUserPort made =
                        new VhostUserPort(name, nic, new StreamAddress.Listen(path), context);
                    network.attach(made);
                    made.start();
                    return made;
                  })
              .get();
    }
    VhostGuest sender = new VhostGuest(directory.resolve("port0"), frame, room);
    VhostGuest taker = new VhostGuest(directory.resolve("port1"), frame, room);
    loop.submit(() -> network.pin(0x525400000002L, ports[1])).get();
    run(sender, taker, seconds / 2); // compiles
    long before = taker.received();
    long allocated = allocated();
    long nanos = run(sender, taker, seconds);
    long bytes = taker.received() - before;
    System.out.printf(
        "%-30s %6.1f Gbit/s %10.0f frames/s, %d bytes of heap per 1,000 frames, %d dropped%n",
        what,
        bytes * 8.0 / nanos,
        bytes * 1e9 / frame.length / nanos,
        (allocated() - allocated) * 1000 / (bytes / frame.length),
        loop.submit(() -> ports[1].counters().transmitDrops()).get());
    loop.submit(
            () -> {
              ports[0].close();
              ports[1].close();
            })
        .get();
  }

  private static long run(VhostGuest sender, VhostGuest taker, double seconds) {
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    while (System.nanoTime() < end) {
      for (int i = 0; i < 100; i++) {
        taker.receive();
        sender.send();
        Thread.onSpinWait();
      }
    }
    return System.nanoTime() - start;
  }

  /** Bytes of the heap that were allocated by all threads. */
  private static long allocated() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getTotalThreadAllocatedBytes();
  }

  private static byte[] wireFrame() {
    byte[] frame = new byte[12 + 1514];
    System.arraycopy(TAKER, 0, frame, 12, 6);
    System.arraycopy(SENDER, 0, frame, 18, 6);
    frame[24] = (byte) 0x88;
    frame[25] = (byte) 0xb5;
    return frame;
  }

  private static byte[] superFrame() {
    ByteBuf frame = TcpFrames.superFrame(44 * 1460, 1460);
    byte[] bytes = new byte[frame.readableBytes()];
    frame.getBytes(frame.readerIndex(), bytes);
    frame.release();
    System.arraycopy(TAKER, 0, bytes, 12, 6);
    System.arraycopy(SENDER, 0, bytes, 18, 6);
    return bytes;
  }
}
