package io.lanyard.bench;

import io.lanyard.base.Clock;
import io.lanyard.base.Timers;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.policy.Guard;
import io.lanyard.vswitch.policy.PortAddresses;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.DefaultEventLoop;
import java.util.List;
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
 * The cost of the switch itself per frame: learning, look-up, validation, counting, and where the
 * port that it leaves by needs it, segmentation. System calls are not in it. With {@code -prof gc}
 * it shows that nothing is allocated.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SwitchForwarding {
  private static final int SEGMENT = 1460;
  private static final int IDLE = 250;
  private static final int SUPER_PAYLOAD = 44 * SEGMENT;

  private Switch network;
  private SinkPort from;
  private ByteBuf mtuFrame;
  private ByteBuf superFrame;

  private Switch guardedNetwork;
  private SinkPort guardedFrom;

  private Switch crowdedNetwork;
  private SinkPort crowdedFrom;

  private Switch plainNetwork;
  private SinkPort plainFrom;

  /**
   * Builds networks of two ports: with offloads, with a guard besides, with many idle ports
   * besides, and without any of that.
   */
  @Setup
  public void build() {
    Timers timers =
        LoopAlarm.wheel(
            new DefaultEventLoop(), // it never runs
            Clock.system(),
            new LoopFaults("bench", Clock.system()));
    network = new Switch("bench", timers, PooledByteBufAllocator.DEFAULT);
    from = attach(network, Offloads.ALL, PortRules.PLAIN);
    guardedNetwork = new Switch("guarded", timers, PooledByteBufAllocator.DEFAULT);
    guardedFrom = attach(guardedNetwork, Offloads.ALL, guarded());
    crowdedNetwork = new Switch("crowded", timers, PooledByteBufAllocator.DEFAULT);
    crowdedFrom = attach(crowdedNetwork, Offloads.ALL, PortRules.PLAIN);
    for (int i = 0; i < IDLE; i++) {
      crowdedNetwork.attach(new SinkPort("idle" + i, Offloads.ALL));
    }
    plainNetwork = new Switch("plain", timers, PooledByteBufAllocator.DEFAULT);
    plainFrom = attach(plainNetwork, Offloads.NONE, PortRules.PLAIN);
    mtuFrame = TcpFrames.finished(SEGMENT);
    superFrame = TcpFrames.superFrame(SUPER_PAYLOAD, SEGMENT);
  }

  private static SinkPort attach(Switch network, Offloads offloads, PortRules rules) {
    SinkPort from = new SinkPort("from", offloads);
    SinkPort to = new SinkPort("to", offloads);
    network.attach(from, rules);
    network.attach(to);
    network.pin(TcpFrames.TO, to);
    return from;
  }

  private static PortRules guarded() {
    Guard guard =
        new Guard(Guard.Mode.STRICT, new PortAddresses(1), List.of(Subnet.parse("10.77.0.0/24")));
    return new PortRules(List.of(guard), List.of(), PortRules.Reach.ORDINARY, 8, true, null);
  }

  /** Gives the buffers back. */
  @TearDown
  public void release() {
    mtuFrame.release();
    superFrame.release();
  }

  /** A frame of 1,514 bytes. */
  @Benchmark
  public void mtuFrame() {
    network.receive(from, mtuFrame);
    network.flush();
  }

  /** The same beside 250 ports that are idle: they are to cost nothing. */
  @Benchmark
  public void mtuFrameBesideIdlePorts() {
    crowdedNetwork.receive(crowdedFrom, mtuFrame);
    crowdedNetwork.flush();
  }

  /** The same from a port with a strict guard. */
  @Benchmark
  public void mtuFrameGuarded() {
    guardedNetwork.receive(guardedFrom, mtuFrame);
    guardedNetwork.flush();
  }

  /** A super-frame of 64 KB between two ports that take it. */
  @Benchmark
  public void superFrame() {
    network.receive(from, superFrame);
    network.flush();
  }

  /** The same towards a port that takes plain frames only: 44 segments, each with its checksum. */
  @Benchmark
  public void superFrameSegmented() {
    plainNetwork.receive(plainFrom, superFrame);
    plainNetwork.flush();
  }
}
