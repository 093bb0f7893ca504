package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.Timers;
import io.lanyard.net.Address;
import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Devices and namespaces that others delete and make again. Needs root and iproute2. */
@SuppressWarnings("NullAway.Init") // the fields are set before each test
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DeviceReopeningIT {
  private static final String NAMESPACE = "lanyard-reopen-" + ProcessHandle.current().pid();
  private static final TapSettings.HostAddress ADDRESS =
      new TapSettings.HostAddress(Address.parse("10.99.0.1"), 24);

  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final IoEventLoop loop = group.next();
  private final List<String> states = new ArrayList<>();
  private Switch network;
  private InMemoryPort peer;
  private DevicePort port;

  @BeforeEach
  void setUp() throws Exception {
    HostCommand.run("ip", "netns", "add", NAMESPACE);
    onLoop(() -> {
      Timers timers =
          LoopAlarm.wheel(loop, Clock.system(), new LoopFaults("reopening", Clock.system()));
      network = new Switch("reopening", timers, loop, PooledByteBufAllocator.DEFAULT);
      peer = InMemoryPort.attached("peer", Offloads.NONE, network);
      port =
          new DevicePort(
              "tap",
              "tap",
              1400,
              new TapSettings("t0", NAMESPACE, true, 1400, ADDRESS, true),
              new PortContext(
                  loop,
                  timers,
                  network,
                  PooledByteBufAllocator.DEFAULT,
                  task -> Thread.ofVirtual().start(task)));
      network.attach(port);
      port.addListener((which, before, now) -> states.add(now.label()));
      port.start();
      return 0;
    });
    await("up");
  }

  @AfterEach
  void tearDown() throws Exception {
    onLoop(() -> {
      network.detach(port);
      port.close();
      peer.close();
      network.close();
      return 0;
    });
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await();
    if (Files.exists(Path.of("/run/netns", NAMESPACE))) {
      HostCommand.run("ip", "netns", "del", NAMESPACE);
    }
  }

  private <T> T onLoop(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  private void await(String label) throws Exception {
    await(() -> port.state().label().equals(label));
  }

  private void await(Callable<Boolean> condition) throws Exception {
    Await.until(() -> onLoop(condition));
  }

  /** Waits until the port has been lost and is back. */
  private void awaitReturn() throws Exception {
    await(() -> states.contains("failed") && port.state().hasCarrier());
    onLoop(() -> {
      states.clear();
      return 0;
    });
  }

  private String device() throws Exception {
    return HostCommand.run("ip", "-n", NAMESPACE, "address", "show", "t0");
  }

  private static String mac(String device) {
    int at = device.indexOf("link/ether ") + "link/ether ".length();
    return device.substring(at, device.indexOf(' ', at));
  }

  /** Somebody in the namespace asks who has an address, and the network hears it. */
  private void framesPass() throws Exception {
    onLoop(() -> {
      peer.clear();
      return 0;
    });
    Process ping =
        new ProcessBuilder("ip", "netns", "exec", NAMESPACE, "ping", "-q", "-w", "100", "10.99.0.9")
            .start();
    await(() -> peer.drain().stream().anyMatch(DeviceReopeningIT::isArp));
    ping.destroyForcibly().waitFor();
    long dropped = port.counters().transmitDrops();
    onLoop(() -> {
      peer.send(Frames.ethernet(Ethernet.BROADCAST, 0x525400000002L, 0x88b5, new byte[46]));
      return 0;
    });
    assertThat(port.counters().transmitDrops()).isEqualTo(dropped);
  }

  private static boolean isArp(byte[] frame) {
    return frame[12] == 8 && frame[13] == 6;
  }

  @Test
  void aDeviceThatIsDeletedIsMadeAgainAsItWas() throws Exception {
    String before = device();
    long counted = port.counters().receivedFrames();
    HostCommand.run("ip", "-n", NAMESPACE, "link", "delete", "t0");
    awaitReturn();
    String after = device();
    assertThat(mac(after)).isEqualTo(mac(before));
    assertThat(after).contains("mtu 1400", "UP", "inet 10.99.0.1/24");
    framesPass();
    assertThat(port.counters().receivedFrames()).isGreaterThan(counted);
  }

  @Test
  void aNamespaceThatIsMadeAgainHasItsDeviceAgain() throws Exception {
    String before = device();
    HostCommand.run("ip", "netns", "del", NAMESPACE);
    HostCommand.run("ip", "netns", "add", NAMESPACE);
    awaitReturn();
    assertThat(mac(device())).isEqualTo(mac(before));
    framesPass();
  }

  @Test
  void aNamespaceThatIsMadeAgainIsFollowedThoughAProcessKeepsTheOldOneAlive() throws Exception {
    Process resident =
        new ProcessBuilder("ip", "netns", "exec", NAMESPACE, "sleep", "1000").start();
    try {
      HostCommand.run("ip", "netns", "del", NAMESPACE);
      HostCommand.run("ip", "netns", "add", NAMESPACE);
      awaitReturn();
      framesPass();
    } finally {
      resident.destroyForcibly().waitFor();
    }
  }

  @Test
  void aNamespaceThatIsDeletedIsAProblemUntilItIsBack() throws Exception {
    HostCommand.run("ip", "netns", "del", NAMESPACE);
    await("failed");
    assertThat(onLoop(() -> port.state().problem())).contains(NAMESPACE);
    onLoop(() -> {
      peer.send(Frames.ethernet(Ethernet.BROADCAST, 0x525400000002L, 0x88b5, new byte[46]));
      return 0;
    });
    assertThat(port.counters().transmitDrops()).isEqualTo(1);
    HostCommand.run("ip", "netns", "add", NAMESPACE);
    await("up");
    assertThat(onLoop(() -> port.state().problem())).isEmpty();
    framesPass();
  }

  @Test
  void tenRestartsOfAContainerLeaveNoDescriptorBehind() throws Exception {
    long before = descriptors();
    for (int i = 0; i < 10; i++) {
      HostCommand.run("ip", "netns", "del", NAMESPACE);
      HostCommand.run("ip", "netns", "add", NAMESPACE);
      awaitReturn();
    }
    onLoop(() -> 0); // descriptors close at the end of a batch
    assertThat(descriptors()).isLessThanOrEqualTo(before + 1);
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }
}
