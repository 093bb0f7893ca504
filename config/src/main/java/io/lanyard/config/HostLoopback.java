package io.lanyard.config;

import java.util.List;

/**
 * The part of the host's loopback that guests reach at the host's address.
 *
 * @param enabled whether they reach anything
 * @param services protocols and ports; empty for all
 */
public record HostLoopback(boolean enabled, List<Service> services) {
  /** Nothing. */
  public static final HostLoopback NONE = new HostLoopback(false, List.of());

  /** Takes a copy of the list. */
  public HostLoopback {
    services = List.copyOf(services);
  }
}
