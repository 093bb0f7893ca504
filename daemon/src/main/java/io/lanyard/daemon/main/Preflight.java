package io.lanyard.daemon.main;

import io.lanyard.base.LogEvent;
import io.lanyard.config.Configuration;
import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.linux.Capability;
import io.lanyard.linux.TapDevice;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Leaves out of the configuration of a daemon without a file what this host does not permit and
 * nobody has asked for: the built-in networks whose host adapter this user may not make.
 *
 * <p>A network that a command has added or changed is not left out. If it cannot run, the command
 * is told so, and a network that is kept all the same is a problem of the daemon's.
 *
 * <p>Thread: the one that starts the daemon, then the conductor's.
 */
final class Preflight implements UnaryOperator<Configuration> {
  private static final System.Logger LOG = System.getLogger(Preflight.class.getName());

  private final Configuration builtIn;
  private final Function<String, String> obstacle;
  private final Set<String> told = new HashSet<>();

  /**
   * Looks at this host.
   *
   * @param builtIn the built-in configuration, as it is shipped
   */
  Preflight(Configuration builtIn) {
    this(builtIn, Preflight::obstacle);
  }

  /**
   * Asks another one about the host.
   *
   * @param builtIn the built-in configuration, as it is shipped
   * @param obstacle says why a host adapter of a name cannot be made; empty if it can
   */
  Preflight(Configuration builtIn, Function<String, String> obstacle) {
    this.builtIn = builtIn;
    this.obstacle = obstacle;
  }

  /**
   * The part of a configuration that can run here. The log says once of each network that it is
   * left out.
   *
   * @param said the built-in configuration with the changes that lie over it
   * @return the same without the networks that nobody asked for and this host does not permit
   */
  @Override
  public Configuration apply(Configuration said) {
    Configuration permitted = said;
    for (NetworkConfig network : builtIn.networks().values()) {
      HostAdapterConfig adapter = network.hostAdapter();
      if (adapter == null || !network.equals(said.networks().get(network.name()))) {
        continue;
      }
      String cause = obstacle.apply(adapter.name());
      if (!cause.isEmpty()) {
        permitted = permitted.without(network.name());
        if (told.add(network.name())) {
          LogEvent.of("network-left-out")
              .with("network", network.name())
              .with("cause", cause)
              .log(LOG, Level.INFO);
        }
      }
    }
    return permitted;
  }

  /** Why a TAP device cannot be made; empty if it can. */
  private static String obstacle(String device) {
    if (Capability.NET_ADMIN.effective() && TapDevice.isOffered()) {
      return "";
    }
    try {
      // Somebody may have made a persistent device for this user.
      TapDevice.open(device, null, false).close();
      return "";
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
