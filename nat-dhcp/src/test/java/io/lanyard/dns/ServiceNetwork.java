package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.TimerWheel;
import io.lanyard.config.NetworkConfig;
import io.lanyard.dhcp.Dhcp6Server;
import io.lanyard.dhcp.DhcpServer;
import io.lanyard.dhcp.LeaseServer;
import io.lanyard.dhcp.LeaseStore;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.port.DevicePort;
import io.lanyard.vswitch.port.PortContext;
import io.lanyard.vswitch.port.TapSettings;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A network with gateway, DHCP and DNS on real clocks and sockets, whose guests are network
 * namespaces of this host.
 */
final class ServiceNetwork {
  /** The network's IPv6 subnet, where it has IPv6. */
  static final Subnet IPV6 = Subnet.parse("fd6c:616e:7961:8::/64");

  /** For a command, of which some wait for the network. */
  private static final int SECONDS = 90;

  private static final PooledByteBufAllocator ALLOCATOR = PooledByteBufAllocator.DEFAULT;

  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final IoEventLoop loop = group.next();
  private final Switch network;
  private final TimerWheel timers;
  private final List<DevicePort> ports = new ArrayList<>();
  private final List<String> namespaces = new ArrayList<>();
  private final LeaseStore store;
  final Path folder;
  final FakeUpstream upstream = FakeUpstream.free();
  final DhcpServer dhcp;
  final @Nullable Dhcp6Server dhcp6;
  final DnsForwarder dns;
  private final NatNetwork nat;

  ServiceNetwork(Path folder, Duration leaseTime) throws Exception {
    this(folder, leaseTime, "");
  }

  /**
   * Makes a network.
   *
   * @param ipv6 the mode of its DHCPv6; empty where it has no IPv6
   */
  ServiceNetwork(Path folder, Duration leaseTime, String ipv6) throws Exception {
    this.folder = folder;
    Path resolvConf = Files.writeString(folder.resolve("resolv.conf"), "nameserver 127.0.0.1\n");
    store = LeaseStore.open(folder.resolve("leases.mv"), Clock.system());
    timers = LoopAlarm.wheel(loop, Clock.system(), new LoopFaults("vmnet8", Clock.system()));
    network = new Switch("vmnet8", timers, loop, ALLOCATOR);
    NetworkConfig config =
        TestNetworks.nat(
            "ipv6: " + (ipv6.isEmpty() ? "off" : "{subnet: \"" + IPV6 + "\"}"),
            "dhcp: {lease-time: %1$ds, min-lease-time: %1$ds, ipv6: %2$s}"
                .formatted(leaseTime.toSeconds(), ipv6.isEmpty() ? "off" : ipv6),
            ForwarderScene.WITHOUT_HOSTS_FILE);
    nat =
        onLoop(() ->
            new NatNetwork(
                loop, network, timers, ALLOCATOR, config, HostResources.alone(), nic -> null));
    dhcp =
        onLoop(
            () -> new DhcpServer(config, List.of(), nat.gateway(), store.network("vmnet8", loop)));
    dhcp6 =
        ipv6.isEmpty()
            ? null
            : onLoop(() ->
                new Dhcp6Server(
                    config,
                    IPV6,
                    List.of(),
                    nat.gateway(),
                    store.network("vmnet8", loop),
                    new UUID(1, 2)));
    dns =
        onLoop(() ->
            new DnsForwarder(
                config,
                List.of(),
                nat.gateway(),
                Ipv6Names.of(nat.gateway()),
                nat.names(),
                nat.translators(),
                nat.nameMemory(),
                nat.descriptors().holder("dns"),
                new HostFiles(resolvConf, folder.resolve("hosts"), folder.resolve("bus")),
                UpstreamTimes.USUAL,
                lines ->
                    new ResolvConf(
                        ResolvConf.parse(lines).servers().stream()
                            .map(s -> new InetSocketAddress(s.getAddress(), upstream.port()))
                            .toList())));
    onLoop(() -> {
      dhcp.common().probeWith(nat.gateway()::probe);
      dhcp.leases().addListener(dns.names());
      nat.serve(DhcpServer.SERVER_PORT, dhcp);
      if (dhcp6 != null) {
        dhcp6.common().probeWith(nat.gateway()::probe);
        dhcp6.common().table().addListener(dns.names());
        LeaseServer.shareNames(dhcp.common(), dhcp6.common());
        nat.serve(Dhcp6Server.SERVER_PORT, dhcp6);
      }
      nat.serve(DnsForwarder.PORT, dns);
      nat.serve(DnsForwarder.PORT, new DnsStreamService(dns, nat.gateway()));
      return true;
    });
  }

  <T> T onLoop(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  /** Makes a namespace with a TAP device {@code t0} that is attached. */
  String guest(String suffix) throws Exception {
    String name = "lanyard-it-" + ProcessHandle.current().pid() + "-" + suffix;
    run("ip", "netns", "add", name);
    namespaces.add(name);
    run("ip", "-n", name, "link", "set", "lo", "up");
    DevicePort port =
        onLoop(() -> {
          DevicePort made =
              new DevicePort(
                  suffix,
                  "tap",
                  1500,
                  new TapSettings("t0", name, true, 1500, null, true),
                  new PortContext(loop, timers, network, ALLOCATOR, Runnable::run));
          network.attach(made);
          made.start();
          return made;
        });
    ports.add(port);
    assertThat(onLoop(() -> port.state().problem())).isEmpty();
    return name;
  }

  String in(String namespace, String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    all.addAll(List.of(command));
    return run(all.toArray(String[]::new));
  }

  /** Runs a command to its end, and fails with its output if it fails. */
  static String run(String... command) throws Exception {
    Path output = Files.createTempFile("lanyard-it", ".out");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      boolean ended = process.waitFor(SECONDS, TimeUnit.SECONDS);
      process.toHandle().descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
      String text = Files.readString(output, StandardCharsets.ISO_8859_1);
      if (!ended || process.exitValue() != 0) {
        throw new AssertionError(
            String.join(" ", command)
                + (ended ? " failed with " + process.exitValue() : " did not end")
                + ":\n"
                + text);
      }
      return text;
    } finally {
      Files.delete(output);
    }
  }

  /**
   * Ends a client that runs in the background. dhcpcd at times stays after SIGTERM, and waits for
   * its own children without end.
   */
  static void end(Process client) throws InterruptedException {
    List<ProcessHandle> children = client.descendants().toList();
    client.destroy();
    if (!client.waitFor(5, TimeUnit.SECONDS)) {
      client.destroyForcibly().waitFor();
    }
    children.forEach(ProcessHandle::destroyForcibly);
  }

  String addressOf(String namespace) throws Exception {
    for (String word :
        run("ip", "-n", namespace, "-4", "-o", "addr", "show", "t0").split(" ", -1)) {
      if (word.startsWith("192.168.127.")) {
        return word.substring(0, word.indexOf('/'));
      }
    }
    return "";
  }

  boolean leased(String address) throws Exception {
    Address wanted = Address.parse(address);
    return onLoop(
        () -> dhcp.leases().leases().stream().anyMatch(lease -> lease.address().equals(wanted)));
  }

  void close() throws Exception {
    onLoop(() -> {
      dhcp.common().close();
      if (dhcp6 != null) {
        dhcp6.common().close();
      }
      dns.close();
      nat.close();
      ports.forEach(DevicePort::close);
      return true;
    });
    for (String name : namespaces) {
      run("ip", "netns", "del", name);
    }
    store.close();
    upstream.close();
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  static void write(Path file, String text) throws IOException {
    Files.writeString(file, text);
    if (!file.toFile().setExecutable(true)) {
      throw new IOException("cannot make executable: " + file);
    }
  }
}
