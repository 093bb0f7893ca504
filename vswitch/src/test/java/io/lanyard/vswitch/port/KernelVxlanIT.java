package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.TimerWheel;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.testing.Await;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.HostCommand;
import io.lanyard.vswitch.AfterBatch;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.port.datagram.DatagramPort;
import io.lanyard.vswitch.port.datagram.DatagramSource;
import io.lanyard.vswitch.port.datagram.VxlanPeers;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A guest behind a TAP device of the switch, and the kernel's VXLAN device in another namespace.
 * Needs root, iproute2 and ping.
 */
@SuppressWarnings("NullAway.Init") // set before each test
@Timeout(240)
class KernelVxlanIT {
  private static final String PREFIX = "lanyard-vx-" + ProcessHandle.current().pid() + "-";
  private static final String LINK = "lvx" + ProcessHandle.current().pid() % 100_000;
  private static final int PORT = FreePorts.one();

  /** Of 198.18.0.0/15 (RFC 2544), by the process: several may run on a host at once. */
  private static final String NET = "198.18." + ProcessHandle.current().pid() % 256 + ".";

  private final LoopFaults faults = new LoopFaults("vxlan", Clock.system());
  private final AfterBatch later = new AfterBatch(faults);
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, later.around(EpollIoHandler.newFactory()));
  private final IoEventLoop loop = group.next();
  private final TimerWheel timers = LoopAlarm.wheel(loop, Clock.system(), faults);
  private final Switch network = new Switch("vxlan", timers, later, PooledByteBufAllocator.DEFAULT);
  private final List<Port> ports = new ArrayList<>();

  @BeforeEach
  void build() throws Exception {
    for (String namespace : List.of("far", "guest")) {
      HostCommand.run("ip", "netns", "add", PREFIX + namespace);
    }
    HostCommand.run(
        "ip", "link", "add", LINK, "type", "veth", "peer", "name", "up0", "netns", PREFIX + "far");
    HostCommand.run("ip", "addr", "add", NET + "1/30", "dev", LINK);
    HostCommand.run("ip", "link", "set", LINK, "up");
    far("ip", "addr", "add", NET + "2/30", "dev", "up0");
    far("ip", "link", "set", "up0", "up");
    far(
        "ip", "link", "add", "vx0", "type", "vxlan", "id", "77", "remote", NET + "1", "dstport",
        "" + PORT, "dev", "up0");
    far("ip", "addr", "add", "10.77.0.2/24", "dev", "vx0");
    far("ip", "link", "set", "vx0", "up");
    PortContext context =
        new PortContext(loop, timers, network, PooledByteBufAllocator.DEFAULT, Runnable::run);
    add(
        new DatagramPort(
            "hosts",
            "vxlan",
            1450,
            new VxlanPeers(77, List.of(Address.parse(NET + "2")), PORT, Clock.system()),
            new DatagramSource.Udp(Endpoint.parse(NET + "1:" + PORT)),
            context));
    add(
        new DevicePort(
            "guest",
            "tap",
            1450,
            new TapSettings("t0", PREFIX + "guest", true, 1450, null, true),
            context));
    HostCommand.run("ip", "-n", PREFIX + "guest", "addr", "add", "10.77.0.1/24", "dev", "t0");
    HostCommand.run("ip", "-n", PREFIX + "guest", "link", "set", "t0", "up");
    // An end asks for the other one as long as the loop stands still, as the whole host may.
    inside("guest", "sysctl", "-qw", "net.ipv4.neigh.t0.mcast_solicit=60");
    far("sysctl", "-qw", "net.ipv4.neigh.vx0.mcast_solicit=60");
  }

  private void add(Port port) throws Exception {
    ports.add(port);
    onLoop(() -> {
      network.attach(port);
      port.start();
      return 0;
    });
    Await.until("the port opens in time", () -> onLoop(() -> port.state().hasCarrier()));
  }

  @AfterEach
  void end() throws Exception {
    onLoop(() -> {
      ports.forEach(network::detach);
      ports.forEach(Port::close);
      network.close();
      return 0;
    });
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(60, TimeUnit.SECONDS);
    for (String namespace : List.of("far", "guest")) {
      HostCommand.run("ip", "netns", "delete", PREFIX + namespace); // the link goes with its peer
    }
  }

  private <T> T onLoop(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  private static String far(String... command) throws Exception {
    return inside("far", command);
  }

  private static String inside(String namespace, String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", PREFIX + namespace));
    all.addAll(List.of(command));
    return HostCommand.run(all.toArray(String[]::new));
  }

  @Test
  void aGuestAndTheKernelPingEachOtherWithPacketsOfTheWholeMtu() throws Exception {
    // The ends find each other first: what waits for that may be more than a queue holds.
    assertThat(Pings.of(inside("guest", words("ping -n -c 1 -w 60 10.77.0.2"))).answered())
        .isPositive();
    String ping = "ping -n -c 20 -w 60 -i 0.05 ";
    Pings small = Pings.of(inside("guest", words(ping + "10.77.0.2")));
    assertThat(small.answered()).isGreaterThanOrEqualTo(20);
    assertThat(small.lost()).isZero();
    Pings whole = Pings.of(far(words(ping + "-M do -s 1422 10.77.0.1")));
    assertThat(whole.answered()).as("the largest").isGreaterThanOrEqualTo(20);
    assertThat(whole.lost()).as("the largest").isZero();
  }

  private static String[] words(String line) {
    return line.split(" ", -1);
  }
}
