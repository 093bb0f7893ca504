package io.lanyard.bench;

import io.lanyard.base.Clock;
import io.lanyard.base.TimerWheel;
import io.lanyard.config.ConfigException;
import io.lanyard.config.ConfigLoader;
import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.tcp.TcpCount;
import io.lanyard.vswitch.AfterBatch;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.port.DevicePort;
import io.lanyard.vswitch.port.PortContext;
import io.lanyard.vswitch.port.TapSettings;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A NAT network with one TAP device, for races against other NATs: the device t0 in the network
 * namespace race-a, the gateway 10.0.0.2, and 10.0.0.1 leading to the host's loopback.
 *
 * <p>Arguments: the MTU (1500), and the word {@code plain} to switch the offloads off. It runs
 * until it is killed:
 *
 * <pre>
 * GUEST=10.0.0.9/24 ROUTER=10.0.0.2 TARGET=10.0.0.1 MTU=1500 \
 *   race-nat command java ... io.lanyard.bench.NatRace 1500
 * </pre>
 */
public final class NatRace {
  private NatRace() {}

  /**
   * Runs the network.
   *
   * @param arguments MTU, and {@code plain}
   * @throws Exception if the device cannot be had
   */
  public static void main(String[] arguments) throws Exception {
    int mtu = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1500;
    boolean offloads = arguments.length < 2 || !arguments[1].equals("plain");
    ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
    LoopFaults faults = new LoopFaults("race", Clock.system());
    AfterBatch later = new AfterBatch(faults);
    IoEventLoop loop =
        new MultiThreadIoEventLoopGroup(1, later.around(EpollIoHandler.newFactory())).next();
    TapSettings tap =
        new TapSettings(
            "t0", System.getProperty("race.netns", "race-a"), offloads, mtu, null, false);
    NetworkConfig config = config(mtu);
    NatNetwork made =
        loop.submit(
                () -> {
                  TimerWheel timers = LoopAlarm.wheel(loop, Clock.system(), faults);
                  Switch network = new Switch("race", timers, later, allocator);
                  NatNetwork nat =
                      new NatNetwork(
                          loop,
                          network,
                          timers,
                          allocator,
                          config,
                          HostResources.alone(),
                          name -> null);
                  DevicePort port =
                      new DevicePort(
                          "t0",
                          "tap",
                          mtu,
                          tap,
                          new PortContext(loop, timers, network, allocator, Runnable::run));
                  network.attach(port);
                  port.start();
                  return nat;
                })
            .sync()
            .getNow();
    if (Boolean.getBoolean("race.verbose")) {
      report(loop, made);
    }
    new CountDownLatch(1).await();
  }

  private static NetworkConfig config(int mtu) throws ConfigException {
    String text =
        """
        version: 1
        networks:
          race: {mode: nat, mtu: %d, ipv4: {subnet: 10.0.0.0/24}, nat: {host-loopback: true}}
        """
            .formatted(mtu);
    return Objects.requireNonNull(
        ConfigLoader.parse("race.yaml", text, Path.of("/")).networks().get("race"));
  }

  /** Prints, every two seconds, what the TCP engine has counted meanwhile. */
  private static void report(IoEventLoop loop, NatNetwork nat) {
    long[] before = new long[TcpCount.values().length];
    var _ =
        loop.scheduleAtFixedRate(
            () -> {
              StringBuilder line = new StringBuilder();
              for (TcpCount event : TcpCount.values()) {
                long now = nat.tcp().counters().get(event);
                long fresh = now - before[event.ordinal()];
                before[event.ordinal()] = now;
                if (fresh != 0) {
                  line.append(event).append('=').append(fresh).append(' ');
                }
              }
              System.err.println(line);
              System.err.println(nat.tcp());
            },
            2,
            2,
            TimeUnit.SECONDS);
  }
}
