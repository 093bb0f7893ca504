package io.lanyard.daemon;

import io.lanyard.base.Causes;
import io.lanyard.base.Timers;
import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.config.PortConfig.StreamSocket;
import io.lanyard.config.PortPolicy;
import io.lanyard.control.api.PortInfo;
import io.lanyard.vmm.FrameSink;
import io.lanyard.vmm.Nic;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.policy.PortAddresses;
import io.lanyard.vswitch.port.DevicePort;
import io.lanyard.vswitch.port.InProcessPort;
import io.lanyard.vswitch.port.QemuStreamPort;
import io.lanyard.vswitch.port.TapSettings;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A network's ports: those that the configuration declares, its host adapter, and one for each
 * attached NIC of a guest.
 *
 * <p>Thread: opening blocks and is done from outside, one call at a time; what a method says that
 * it does on the loop needs the loop.
 */
final class NetworkPorts {
  private static final System.Logger LOG = System.getLogger(NetworkPorts.class.getName());
  private static final int OPEN_SECONDS = 5;

  /** The host adapter's port. */
  static final String HOST = "host";

  private final NetworkConfig config;
  private final NetworkLoop loop;
  private final Switch ethernet;
  private final ByteBufAllocator allocator;
  private final Metrics metrics;
  private final PortAddresses addresses;
  private final PortPolicies policies;
  private final Map<String, String> kinds = new LinkedHashMap<>();
  private final Map<String, PortInfo> failed = new LinkedHashMap<>();

  NetworkPorts(
      NetworkConfig config,
      NetworkLoop loop,
      Switch ethernet,
      ByteBufAllocator allocator,
      Metrics metrics,
      PortAddresses addresses) {
    this.config = config;
    this.loop = loop;
    this.ethernet = ethernet;
    this.allocator = allocator;
    this.metrics = metrics;
    this.addresses = addresses;
    this.policies = new PortPolicies(config.switching(), addresses);
    ethernet.forwardReserved(policies.forwarded());
  }

  /** Opens what the configuration declares. What fails is noted. */
  void open(Timers timers, Path runtimeDirectory) {
    for (PortConfig port : config.ports()) {
      try {
        open(port, timers, runtimeDirectory);
      } catch (IOException | RuntimeException e) {
        failed(port.name(), kind(port), e);
      }
    }
  }

  /**
   * Tries those again that failed: an address may be free now, a namespace may be there.
   *
   * @return whether any is still to be tried
   */
  boolean reopen(Timers timers, Path runtimeDirectory) {
    List<PortConfig> left =
        loop.call(
            () -> config.ports().stream().filter(port -> failed.containsKey(port.name())).toList());
    boolean missing = false;
    for (PortConfig port : left) {
      try {
        open(port, timers, runtimeDirectory);
        loop.call(() -> failed.remove(port.name()) != null);
        LOG.log(Level.INFO, "port opened network=" + config.name() + " port=" + port.name());
      } catch (IOException e) {
        // Said when it failed first, and in the status since.
        missing = true;
      }
    }
    return missing;
  }

  private static String kind(PortConfig port) {
    return port instanceof PortConfig.Tap ? "tap" : "qemu-stream";
  }

  private void open(PortConfig port, Timers timers, Path runtimeDirectory) throws IOException {
    switch (port) {
      case PortConfig.Tap(var name, var device, var netns, var offloads, var mtu, var policy) ->
          startTap(
              new TapSettings(name, device, netns, offloads, mtu, null, false), kind(port), policy);
      case PortConfig.QemuStream stream -> openStream(stream, timers, runtimeDirectory);
    }
  }

  /**
   * Opens the host adapter, if there is to be one.
   *
   * @return whether the host has an address on the network now
   */
  boolean openHostAdapter() {
    HostAdapterConfig adapter = config.hostAdapter();
    Ipv4Config ipv4 = config.ipv4();
    if (adapter == null || ipv4 == null) {
      return false;
    }
    try {
      startTap(
          new TapSettings(
              HOST,
              adapter.name(),
              null,
              true,
              config.mtu(),
              new TapSettings.HostAddress(ipv4.host().ipv4(), ipv4.subnet().prefix()),
              true),
          "host-adapter",
          PortPolicy.DEFAULT);
      return true;
    } catch (IOException | RuntimeException e) {
      failed(HOST, "host-adapter", e);
      return false;
    }
  }

  private void startTap(TapSettings settings, String kind, PortPolicy policy) throws IOException {
    DevicePort port = DevicePort.open(settings, allocator);
    loop.call(() -> {
      boolean host = settings.name().equals(HOST);
      attached(port, kind, host ? policies.hostAdapter() : policies.port(policy));
      Ipv4Config ipv4 = config.ipv4();
      if (host && ipv4 != null) {
        pin(port.hardwareAddress(), port);
        addresses.bind(ipv4.host(), port.hardwareAddress());
      }
      port.start(loop.loop(), ethernet);
      return true;
    });
  }

  private void openStream(PortConfig.QemuStream stream, Timers timers, Path runtimeDirectory)
      throws IOException {
    SocketAddress address =
        switch (stream.at()) {
          case StreamSocket.ListenUnix(Path path) -> unix(runtimeDirectory, path);
          case StreamSocket.ConnectUnix(Path path) -> unix(runtimeDirectory, path);
          case StreamSocket.ListenTcp(var endpoint) -> endpoint.toSocketAddress();
          case StreamSocket.ConnectTcp(var endpoint) -> endpoint.toSocketAddress();
        };
    boolean listen =
        stream.at() instanceof StreamSocket.ListenUnix
            || stream.at() instanceof StreamSocket.ListenTcp;
    QemuStreamPort port =
        loop.call(() ->
            new QemuStreamPort(
                new QemuStreamPort.Settings(stream.name(), listen, address, stream.mtu()),
                loop.eventLoop(),
                timers,
                ethernet,
                allocator));
    Future<?> started = loop.call(port::start);
    if (!started.awaitUninterruptibly(OPEN_SECONDS, TimeUnit.SECONDS) || !started.isSuccess()) {
      loop.call(() -> {
        port.close();
        return true;
      });
      Throwable cause = started.cause();
      throw new IOException(cause == null ? "it took too long" : Causes.of(cause), cause);
    }
    loop.call(() -> {
      attached(port, "qemu-stream", policies.port(stream.policy()));
      return true;
    });
  }

  private static DomainSocketAddress unix(Path runtimeDirectory, Path path) {
    return new DomainSocketAddress(runtimeDirectory.resolve(path).toFile());
  }

  /** Attaches a guest's NIC. The NIC's own methods are not called on the loop: they may hang. */
  void attach(String name, Nic nic, PortPolicy policy) {
    FrameSink sink = nic.sink();
    long mac = nic.mac();
    InProcessPort port =
        loop.call(() -> {
          InProcessPort made =
              new InProcessPort(
                  name,
                  config.mtu(),
                  new GuestLink.TowardsGuest(sink),
                  loop.eventLoop(),
                  ethernet,
                  allocator);
          attached(made, "guest", policies.nic(policy));
          pin(mac, made);
          return made;
        });
    nic.connect(new GuestLink.TowardsNetwork(port.network()));
  }

  /** Notes whether the guest behind a port is powered on. Does not block. */
  void powered(String name, boolean on) {
    loop.post(() -> {
      if (find(name) instanceof InProcessPort port) {
        port.carrier(on);
      }
    });
  }

  /** Detaches a guest's NIC, if it is attached. */
  void detach(String name) {
    loop.call(() -> {
      Port port = find(name);
      if (port != null) {
        ethernet.detach(port);
        port.close();
        kinds.remove(name);
        metrics.removePort(config.name(), name);
      }
      return true;
    });
  }

  /** On the loop. */
  private void attached(Port port, String kind, PortRules rules) {
    ethernet.attach(port, rules);
    kinds.put(port.name(), kind);
    PortStatus.measure(metrics, config.name(), port);
  }

  /** Makes an address the port's own. On the loop. */
  private void pin(long mac, Port port) {
    if (!ethernet.pin(mac, port)) {
      LOG.log(
          Level.WARNING,
          "event=address-not-pinned network=\""
              + config.name()
              + "\" port=\""
              + port.name()
              + "\" mac=\""
              + Ethernet.format(mac)
              + "\" advice=\"another port has the address; give one of them another\"");
    }
  }

  /** Not on the loop. */
  private void failed(String name, String kind, Exception e) {
    LOG.log(
        Level.WARNING,
        "port not opened network="
            + config.name()
            + " port="
            + name
            + " cause="
            + Causes.of(e)
            + (name.equals(HOST) ? "" : " advice=\"it is tried again every 5 s\""));
    PortInfo info = PortStatus.failed(config.name(), name, kind, Causes.of(e));
    loop.call(() -> failed.put(name, info) == null);
  }

  /** On the loop. */
  @Nullable Port find(String name) {
    for (Port port : ethernet.ports()) {
      if (port.name().equals(name)) {
        return port;
      }
    }
    return null;
  }

  /** On the loop. */
  List<PortInfo> list() {
    List<PortInfo> all = new ArrayList<>();
    for (Port port : ethernet.ports()) {
      String kind = kinds.getOrDefault(port.name(), port.name());
      all.add(PortStatus.of(config.name(), port, kind, ethernet.problem(port)));
    }
    all.addAll(failed.values());
    return all;
  }

  /** On the loop. */
  List<String> problems() {
    return list().stream()
        .filter(port -> !port.problem().isEmpty())
        .map(port -> "port " + port.name() + ": " + port.problem())
        .toList();
  }
}
