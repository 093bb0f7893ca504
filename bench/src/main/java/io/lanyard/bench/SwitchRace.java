package io.lanyard.bench;

import io.lanyard.base.Clock;
import io.lanyard.base.TimerWheel;
import io.lanyard.vswitch.AfterBatch;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.port.DevicePort;
import io.lanyard.vswitch.port.PortContext;
import io.lanyard.vswitch.port.TapSettings;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;

/**
 * A switch between TAP devices named {@code t0} in network namespaces, until it is killed.
 *
 * <p>Usage: {@code SwitchRace offload|plain NAMESPACE...}
 */
public final class SwitchRace {
  private SwitchRace() {}

  /**
   * Starts the switch.
   *
   * @param arguments whether to use offloads, and the namespaces
   * @throws Exception if a device cannot be had
   */
  public static void main(String[] arguments) throws Exception {
    boolean offloads = arguments[0].equals("offload");
    LoopFaults faults = new LoopFaults("race", Clock.system());
    AfterBatch later = new AfterBatch(faults);
    IoEventLoop loop =
        new MultiThreadIoEventLoopGroup(1, later.around(EpollIoHandler.newFactory())).next();
    PooledByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
    TimerWheel timers = LoopAlarm.wheel(loop, Clock.system(), faults);
    Switch network = new Switch("race", timers, later, allocator);
    PortContext context = new PortContext(loop, timers, network, allocator, Runnable::run);
    for (int i = 1; i < arguments.length; i++) {
      String name = "port" + i;
      TapSettings tap = new TapSettings("t0", arguments[i], offloads, 0, null, false);
      DevicePort port =
          loop.submit(
                  () -> {
                    DevicePort made =
                        new DevicePort(name, "tap", Ethernet.LARGEST_PACKET, tap, context);
                    network.attach(made);
                    made.start();
                    return made;
                  })
              .get();
      String problem = loop.submit(() -> port.state().problem()).get();
      if (!problem.isEmpty()) {
        throw new IOException(problem);
      }
    }
  }
}
