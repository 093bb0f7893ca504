package io.lanyard.nat.gateway;

import io.lanyard.base.Clock;
import io.lanyard.base.TimerWheel;
import io.lanyard.config.NetworkConfig;
import io.lanyard.linux.HostRoute;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.forward.GuestAddresses;
import io.lanyard.net.Address;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.port.DevicePort;
import io.lanyard.vswitch.port.PortContext;
import io.lanyard.vswitch.port.TapSettings;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A NAT network with a Linux guest: a network namespace of its own, whose TAP device is a port of
 * the switch. Needs root.
 */
public final class NatNamespace implements AutoCloseable {
  /** The guest's address. */
  public static final String GUEST = "192.168.127.100";

  /** A command's outcome. */
  public record Result(int status, String output) {}

  private final String namespace = "lynat" + ProcessHandle.current().pid() % 100000;
  private final EventLoopGroup group;
  private final IoEventLoop loop;
  private final Switch network;
  private final DevicePort tap;

  /** The resources that the network shares with others. */
  public final HostResources shared;

  /** The gateway and all that belongs to it; touch it by {@link #on} only. */
  public final NatNetwork nat;

  /**
   * Makes a namespace and a network.
   *
   * @param config the network
   * @param guests finds guests that have their addresses by a lease
   * @throws Exception something is missing
   */
  public NatNamespace(NetworkConfig config, GuestAddresses guests) throws Exception {
    this(config, guests, null);
  }

  /**
   * Makes a namespace and a network whose gateway lives in a namespace itself.
   *
   * @param config the network
   * @param guests finds guests that have their addresses by a lease
   * @param hostNamespace where the host's sockets are opened; null for the test's own
   * @throws Exception something is missing
   */
  public NatNamespace(NetworkConfig config, GuestAddresses guests, @Nullable String hostNamespace)
      throws Exception {
    this(config, guests, hostNamespace, Clock.system());
  }

  /**
   * The same with a clock of the test's.
   *
   * @param config the network
   * @param guests finds guests that have their addresses by a lease
   * @param hostNamespace where the host's sockets are opened; null for the test's own
   * @param clock goes as fast as the system's, but for jumps
   * @throws Exception something is missing
   */
  public NatNamespace(
      NetworkConfig config, GuestAddresses guests, @Nullable String hostNamespace, Clock clock)
      throws Exception {
    // Questions to name servers stay between namespaces that a test has made.
    shared =
        hostNamespace == null
            ? HostResources.alone()
            : HostResources.alone().by(HostRoute::hasIpv6);
    ThreadFactory threads =
        task ->
            new Thread(
                () -> {
                  try {
                    NetworkNamespace.run(hostNamespace, Executors.callable(task));
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                },
                "network");
    group = new MultiThreadIoEventLoopGroup(1, threads, EpollIoHandler.newFactory());
    loop = (IoEventLoop) group.next();
    host("ip", "netns", "add", namespace);
    // Each would take a second and more of every test.
    guest(
        "sysctl",
        "-qw",
        "net.ipv6.conf.default.accept_dad=0",
        "net.ipv6.conf.default.router_solicitation_delay=0");
    var allocator = PooledByteBufAllocator.DEFAULT;
    TimerWheel wheel = LoopAlarm.wheel(loop, clock, new LoopFaults("vmnet8", clock));
    network = new Switch("vmnet8", wheel, loop, allocator);
    tap =
        on(() ->
            new DevicePort(
                "guest",
                "tap",
                config.mtu(),
                new TapSettings(
                    "t0",
                    namespace,
                    true,
                    config.mtu(),
                    new TapSettings.HostAddress(Address.parse(GUEST), 24),
                    true),
                new PortContext(loop, wheel, network, allocator, Runnable::run)));
    nat =
        on(() -> {
          NatNetwork made = new NatNetwork(loop, network, wheel, allocator, config, shared, guests);
          network.attach(tap);
          tap.start();
          return made;
        });
    if (!on(() -> tap.state().hasCarrier())) {
      throw new IOException(on(() -> tap.state().problem()));
    }
    guest("ip", "link", "set", "lo", "up");
    // A guest asks for a neighbour once a second, three times: a gateway that stands still for so
    // long, as the whole host may, would be unreachable.
    guest(
        "sysctl",
        "-qw",
        "net.ipv4.neigh.t0.mcast_solicit=60",
        "net.ipv6.neigh.t0.mcast_solicit=60");
    guest("ip", "route", "add", "default", "via", "192.168.127.2");
  }

  /** Runs something on the network's loop and waits for it. */
  public <T> T on(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  /** Attaches a further guest, which is made of bytes. */
  InMemoryPort attach(String name) throws Exception {
    return on(() -> InMemoryPort.attached(name, Offloads.NONE, network));
  }

  /** Runs a command in the guest; at most two minutes. */
  public Result guest(String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    all.addAll(List.of(command));
    return run(all);
  }

  /**
   * A shell's command that sends a line, prints the line that comes back or why there is none, and
   * ends: a client that only closes its side of UDP would wait for more.
   *
   * @param line without characters that a shell knows
   * @param target where to, as socat names it
   */
  static String ask(String line, String target) {
    return "socat -T 60 -t 0.1 %s SYSTEM:'echo %s; read -r answer; echo $answer >&2' 2>&1"
        .formatted(target, line);
  }

  /** Begins a command in the guest. */
  public Process startGuest(String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    all.addAll(List.of(command));
    return new ProcessBuilder(all).redirectErrorStream(true).start();
  }

  /** Runs a command on the host. */
  public static Result host(String... command) throws Exception {
    return run(List.of(command));
  }

  private static Result run(List<String> command) throws Exception {
    List<String> bounded = new ArrayList<>(List.of("timeout", "120"));
    bounded.addAll(command);
    Process process = new ProcessBuilder(bounded).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), output);
  }

  @Override
  public void close() {
    try {
      on(() -> {
        nat.close();
        network.detach(tap);
        tap.close();
        return true;
      });
      host("ip", "netns", "del", namespace);
    } catch (Exception e) {
      throw new AssertionError("the network could not be taken down", e);
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }
}
