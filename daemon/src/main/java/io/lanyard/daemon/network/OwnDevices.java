package io.lanyard.daemon.network;

import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.vswitch.port.TapSettings;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The host's devices that belong to a network, as opposed to those that lead elsewhere. They are
 * known by their names in the configuration, by the mark of host adapters, and by what they carry,
 * but not by their routes: a VPN may have a network's subnet.
 *
 * <p>Thread: any that may wait, in the network namespace of the host's sockets.
 */
public final class OwnDevices {
  private OwnDevices() {}

  /** The devices that a configuration gives to a network: its adapter, and those of its ports. */
  static Set<String> of(NetworkConfig network) {
    Set<String> devices = new HashSet<>();
    HostAdapterConfig adapter = network.hostAdapter();
    if (adapter != null) {
      devices.add(adapter.name());
    }
    for (PortConfig port : network.ports()) {
      for (PortConfig.Held held : port.holds()) {
        if (held instanceof PortConfig.Held.Device(String name, @Nullable String netns)
            && netns == null) {
          devices.add(name);
        }
      }
    }
    return devices;
  }

  /**
   * The host adapters that any daemon of Lanyard has made, for a caller that does not know which
   * daemon runs, and with what configuration.
   *
   * @param devices names of devices
   * @return those among them
   */
  static Set<String> adapters(Collection<String> devices) {
    return devices.stream().filter(TapSettings::isOfLanyard).collect(Collectors.toSet());
  }

  /**
   * Adds the interfaces that stand on devices, or are their other ends.
   *
   * @param devices names of devices
   * @param stack the interfaces on one, such as {@link io.lanyard.linux.StackedInterfaces#on}
   * @return all of them
   */
  public static Set<String> withStacked(
      Collection<String> devices, Function<String, Set<String>> stack) {
    Set<String> all = new HashSet<>(devices);
    for (String device : List.copyOf(all)) {
      all.addAll(stack.apply(device));
    }
    return all;
  }
}
