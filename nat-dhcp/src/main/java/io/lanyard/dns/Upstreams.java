package io.lanyard.dns;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;

/** Where a forwarder asks for names that its network does not have. */
public sealed interface Upstreams {
  /**
   * The name servers of a {@code resolv.conf}, followed as the file changes.
   *
   * @param resolvConf the file
   */
  record OfHost(Path resolvConf) implements Upstreams {}

  /**
   * These servers, whatever the host asks.
   *
   * @param servers resolved, in the order to try
   */
  record Servers(List<InetSocketAddress> servers) implements Upstreams {
    /** Copies the list. */
    public Servers {
      servers = List.copyOf(servers);
    }
  }

  /** Nowhere: such questions are refused at once, and nothing leaves the network. */
  record None() implements Upstreams {}
}
