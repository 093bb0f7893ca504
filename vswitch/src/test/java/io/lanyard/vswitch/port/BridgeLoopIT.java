package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.TimerWheel;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.PingSeries;
import io.lanyard.testing.ProcessorTime;
import io.lanyard.vswitch.AfterBatch;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.StormLimits;
import io.lanyard.vswitch.Switch;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two ports of a switch that a bridge joins: each broadcast goes round without end, and two hosts
 * beside it go on. Needs root, iproute2 and ping.
 */
@SuppressWarnings("NullAway.Init") // the ports are made before each test
class BridgeLoopIT {
  private static final String PREFIX = "lanyard-loop-" + ProcessHandle.current().pid() + "-";
  private static final List<String> NAMESPACES = List.of("l", "a", "b");
  private static final int PINGS = 50;

  /** Storms are held down as the daemon does it. */
  private static final PortRules LIMITED =
      new PortRules(
          List.of(),
          List.of(),
          PortRules.Reach.ORDINARY,
          Integer.MAX_VALUE,
          false,
          new StormLimits(20_000, 50_000, 50_000));

  private final LoopFaults faults = new LoopFaults("loop", Clock.system());
  private final AfterBatch later = new AfterBatch(faults);
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, later.around(EpollIoHandler.newFactory()));
  private final IoEventLoop loop = group.next();
  private final TimerWheel timers = LoopAlarm.wheel(loop, Clock.system(), faults);
  private final Switch network = new Switch("loop", timers, later, PooledByteBufAllocator.DEFAULT);
  private final List<DevicePort> ports = new ArrayList<>();
  private DevicePort first;
  private DevicePort second;

  @BeforeEach
  void build() throws Exception {
    for (String namespace : NAMESPACES) {
      run("ip", "netns", "add", PREFIX + namespace);
      inside(namespace, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
    }
    first = port("l", "t0");
    second = port("l", "t1");
    for (String host : List.of("a", "b")) {
      port(host, "t0");
      String address = "10.99.0." + (host.equals("a") ? "1" : "2");
      run("ip", "-n", PREFIX + host, "addr", "add", address + "/24", "dev", "t0");
      run("ip", "-n", PREFIX + host, "link", "set", "t0", "up");
      // It asks for the other one as long as the loop stands still: an error would end the pings.
      inside(host, "sysctl", "-qw", "net.ipv4.neigh.t0.mcast_solicit=60");
    }
  }

  /** Makes the loop. */
  private static void join() throws Exception {
    run("ip", "-n", PREFIX + "l", "link", "add", "br0", "type", "bridge");
    for (String device : List.of("t0", "t1", "br0")) {
      if (!device.equals("br0")) {
        run("ip", "-n", PREFIX + "l", "link", "set", device, "master", "br0");
      }
      run("ip", "-n", PREFIX + "l", "link", "set", device, "up");
    }
  }

  @AfterEach
  void end() throws Exception {
    onLoop(() -> {
      ports.forEach(DevicePort::close);
      network.close();
      return 0;
    });
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(60, TimeUnit.SECONDS);
    for (String namespace : NAMESPACES) {
      run("ip", "netns", "delete", PREFIX + namespace);
    }
  }

  private DevicePort port(String namespace, String device) throws Exception {
    PortContext context =
        new PortContext(loop, timers, network, PooledByteBufAllocator.DEFAULT, Runnable::run);
    TapSettings settings = new TapSettings(device, PREFIX + namespace, true, 1500, null, false);
    DevicePort port = new DevicePort(namespace + device, "tap", 1500, settings, context);
    ports.add(port);
    onLoop(() -> {
      network.attach(port, LIMITED);
      port.start();
      return port;
    });
    Await.until("the device opens", () -> onLoop(port::hardwareAddress) != 0); // it is down yet
    return port;
  }

  private <T> T onLoop(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  private static String inside(String namespace, String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", PREFIX + namespace));
    all.addAll(List.of(command));
    return run(all.toArray(String[]::new));
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return output;
  }

  private static Pings pings() throws Exception {
    String said =
        inside("a", "ping", "-n", "-c", "" + PINGS, "-w", "60", "-i", "0.02", "10.99.0.2");
    Pings made = Pings.of(said);
    assertThat(made.answered()).as(said).isGreaterThanOrEqualTo(PINGS);
    return made;
  }

  private long looped() throws Exception {
    return onLoop(() -> first.counters().receivedFrames() + second.counters().receivedFrames());
  }

  @Test
  @Timeout(240)
  void othersGoOnWhileABridgeJoinsTwoPorts() throws Exception {
    LogWatch.allowWarnings(); // of a storm, where the host is fast enough for one
    join();
    // Each broadcast goes round from now on, until storm control drops it: more are sent meanwhile.
    Process broadcasts =
        new ProcessBuilder(
                ("ip netns exec " + PREFIX + "a ping -b -n -q -i 0.01 -w 240 10.99.0.255")
                    .split(" "))
            .redirectErrorStream(true)
            .start();
    PingSeries series = new PingSeries();
    try {
      while (!series.isDecided()) {
        ProcessorTime before = onLoop(ProcessorTime::ofThisThread);
        Pings made = pings();
        for (int again = 0; again < 2 && made.lost() > PINGS / 10; again++) {
          made = pings(); // a queue may run over where the host stands still
        }
        assertThat(made.lost()).as("pings that were lost").isLessThanOrEqualTo(PINGS / 10);
        double slowness = onLoop(ProcessorTime::ofThisThread).since(before).slowness();
        series.add(made.median(), slowness);
      }
      assertThat(looped()).as("frames that went round").isGreaterThan(1_000);
    } finally {
      broadcasts.destroyForcibly().waitFor();
    }
    assertThat(onLoop(() -> first.counters().loopNanos())).as("what it costs").isPositive();
    assertThat(series).as("medians of pings").matches(PingSeries::isShort);

    run("ip", "-n", PREFIX + "l", "link", "set", "br0", "down");
    long[] last = {-1};
    Await.until(
        "no frame goes round once the loop is open",
        () -> {
          long before = last[0];
          last[0] = looped();
          var _ = pings();
          return last[0] == before;
        });
  }
}
