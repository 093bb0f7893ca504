package io.lanyard.daemon.main;

import io.lanyard.base.LogEvent;
import io.lanyard.config.Configuration;
import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.linux.Capability;
import io.lanyard.linux.TapDevice;
import java.io.IOException;
import java.lang.System.Logger.Level;

/**
 * The part of a configuration that this host permits, which the configuration itself cannot know.
 */
public final class Preflight {
  private static final System.Logger LOG = System.getLogger(Preflight.class.getName());

  private Preflight() {}

  /**
   * The networks of a daemon without a file: the built-in ones, less those whose host adapter this
   * user may not make. Nobody asked for these, so they are no problem, and one line says it.
   *
   * @param builtIn the built-in configuration
   * @return what of it can run here
   */
  public static Configuration permitted(Configuration builtIn) {
    Configuration permitted = builtIn;
    for (NetworkConfig network : builtIn.networks().values()) {
      HostAdapterConfig adapter = network.hostAdapter();
      String cause = adapter == null ? "" : obstacle(adapter.name());
      if (!cause.isEmpty()) {
        permitted = permitted.without(network.name());
        LogEvent.of("network-left-out")
            .with("network", network.name())
            .with("cause", cause)
            .log(LOG, Level.INFO);
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
