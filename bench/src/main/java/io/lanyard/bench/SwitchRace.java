package io.lanyard.bench;

import io.lanyard.base.Clock;
import io.lanyard.vswitch.AfterBatch;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.port.DevicePort;
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
   * @throws IOException if a device cannot be had
   */
  public static void main(String[] arguments) throws IOException {
    boolean offloads = arguments[0].equals("offload");
    AfterBatch later = new AfterBatch();
    IoEventLoop loop =
        new MultiThreadIoEventLoopGroup(1, later.around(EpollIoHandler.newFactory())).next();
    PooledByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
    Switch network = new Switch("race", LoopAlarm.wheel(loop, Clock.system()), later, allocator);
    for (int i = 1; i < arguments.length; i++) {
      DevicePort port =
          DevicePort.open(
              new TapSettings("port" + i, "t0", arguments[i], offloads, 0, null, false), allocator);
      loop.execute(() -> {
        network.attach(port);
        port.start(loop, network);
      });
    }
  }
}
