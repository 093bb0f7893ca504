package io.lanyard.config.change;

import io.lanyard.config.Configuration;
import io.lanyard.config.DhcpConfig;
import io.lanyard.config.DnsConfig;
import io.lanyard.config.EgressConfig;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.HookConfig;
import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.NatConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.config.PortGroupConfig;
import io.lanyard.config.SwitchConfig;
import io.lanyard.net.AddressRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One change that leads from a configuration to another. Immutable. */
public sealed interface Change {
  /**
   * The network that changes, or on which something does.
   *
   * @return its name; empty for guests and what belongs to the daemon
   */
  default String network() {
    return "";
  }

  /**
   * The path of what changes.
   *
   * @return a path in the file, such as {@code networks.vmnet8.forwards[web]}
   */
  default String subject() {
    return Descriptions.subject(this);
  }

  /**
   * The change for people, in the words of the file.
   *
   * @return one line, such as {@code networks.vmnet8.forwards[web]: listen 127.0.0.1:8080 ->
   *     127.0.0.1:8081}, or {@code + networks.lab (nat, 10.1.0.0/24)}
   */
  default String describe() {
    return Descriptions.of(this);
  }

  /**
   * A network that was not there, with all that is on it but guests.
   *
   * @param after the network
   */
  record NetworkAdded(NetworkConfig after) implements Change {
    @Override
    public String network() {
      return after.name();
    }
  }

  /**
   * A network that is there no more, with all that was on it.
   *
   * @param before the network; what another change takes from it is removed before
   */
  record NetworkRemoved(NetworkConfig before) implements Change {
    @Override
    public String network() {
      return before.name();
    }
  }

  /**
   * A network that cannot be changed in place: it is stopped or started, or its mode, its MTU, or
   * its subnet, gateway's or host's address is another. Its ports and forwards, changed or not, are
   * part of this change; its guests are not, and stay on it.
   *
   * @param before the network; what another change takes from it is removed before
   * @param after the network that takes its place
   */
  record NetworkReplaced(NetworkConfig before, NetworkConfig after) implements Change {
    @Override
    public String network() {
      return after.name();
    }

    /**
     * The changes that are part of this one: what of the network differs beside the keys for which
     * it is replaced.
     *
     * @return as they would be if the network were changed in place
     */
    public List<Change> parts() {
      List<Change> parts = new ArrayList<>();
      new NetworkDifference(before, after, Set.of(), parts, parts).compare();
      return List.copyOf(parts);
    }
  }

  /**
   * A host adapter that is added, removed, or has another name.
   *
   * @param network the network's name
   * @param before null for none
   * @param after null for none
   */
  record HostAdapterChanged(
      String network, @Nullable HostAdapterConfig before, @Nullable HostAdapterConfig after)
      implements Change {}

  /**
   * A port group that was not there.
   *
   * @param network the network's name
   * @param after the group
   */
  record PortGroupAdded(String network, PortGroupConfig after) implements Change {}

  /**
   * A port group that is there no more, and that no port names.
   *
   * @param network the network's name
   * @param before the group
   */
  record PortGroupRemoved(String network, PortGroupConfig before) implements Change {}

  /**
   * A port group with other settings. Each port and each guest that becomes another one by that has
   * a change of its own.
   *
   * @param network the network's name
   * @param before the group
   * @param after the group of the same name
   */
  record PortGroupChanged(String network, PortGroupConfig before, PortGroupConfig after)
      implements Change {}

  /**
   * A port that was not there.
   *
   * @param network the network's name
   * @param after the port
   */
  record PortAdded(String network, PortConfig after) implements Change {}

  /**
   * A port that is there no more.
   *
   * @param network the network's name
   * @param before the port
   */
  record PortRemoved(String network, PortConfig before) implements Change {}

  /**
   * A port that has another kind, socket, device, namespace, MTU or offloads; its policy may differ
   * too.
   *
   * @param network the network's name
   * @param before the port
   * @param after the port of the same name
   */
  record PortReplaced(String network, PortConfig before, PortConfig after) implements Change {}

  /**
   * A port of which nothing but the policy differs.
   *
   * @param network the network's name
   * @param before the port
   * @param after the port of the same name
   */
  record PortPolicyChanged(String network, PortConfig before, PortConfig after) implements Change {}

  /**
   * A forward that was not there.
   *
   * @param network the network's name
   * @param after the forward
   */
  record ForwardAdded(String network, ForwardConfig after) implements Change {}

  /**
   * A forward that is there no more.
   *
   * @param network the network's name
   * @param before the forward
   */
  record ForwardRemoved(String network, ForwardConfig before) implements Change {}

  /**
   * A forward that listens elsewhere, or whose target is another: because the file says so, or
   * because the name of its target leads elsewhere. Its old and its new listening address may
   * overlap each other, and no other thing's.
   *
   * @param network the network's name
   * @param before the forward
   * @param after the forward of the same label
   */
  record ForwardChanged(String network, ForwardConfig before, ForwardConfig after)
      implements Change {
    /**
     * Whether the forward goes on listening where it does.
     *
     * @return true if nothing but its target is another
     */
    public boolean keepsListening() {
      return before.key().equals(after.key());
    }
  }

  /**
   * A DHCP server with other settings, reservations or addresses to give.
   *
   * @param network the network's name
   * @param before the settings
   * @param after the settings
   * @param poolBefore the IPv4 addresses that it gave; null where the network has none
   * @param poolAfter the IPv4 addresses that it gives; null likewise
   */
  record DhcpChanged(
      String network,
      DhcpConfig before,
      DhcpConfig after,
      @Nullable AddressRange poolBefore,
      @Nullable AddressRange poolAfter)
      implements Change {}

  /**
   * A DNS forwarder with other settings or names.
   *
   * @param network the network's name
   * @param before the settings
   * @param after the settings
   */
  record DnsChanged(String network, DnsConfig before, DnsConfig after) implements Change {}

  /**
   * A NAT with other settings.
   *
   * @param network the network's name
   * @param before the settings
   * @param after the settings
   */
  record NatChanged(String network, NatConfig before, NatConfig after) implements Change {}

  /**
   * Other rules about where guests may go.
   *
   * @param network the network's name
   * @param before the rules
   * @param after the rules
   */
  record EgressChanged(String network, EgressConfig before, EgressConfig after) implements Change {}

  /**
   * A switch with another guard, storm control or set of reserved frames to forward.
   *
   * @param network the network's name
   * @param before the settings
   * @param after the settings
   */
  record SwitchChanged(String network, SwitchConfig before, SwitchConfig after) implements Change {}

  /**
   * A guest that was not there.
   *
   * @param after the guest
   */
  record GuestAdded(GuestConfig after) implements Change {}

  /**
   * A guest that is there no more.
   *
   * @param before the guest
   */
  record GuestRemoved(GuestConfig before) implements Change {}

  /**
   * A guest that differs.
   *
   * @param before the guest
   * @param after the guest of the same name
   */
  record GuestChanged(GuestConfig before, GuestConfig after) implements Change {
    /**
     * Whether the guest has to start anew to become what it is to be.
     *
     * @return false if nothing but autostart, its stop timeout, its NICs' networks and their
     *     policies differ
     */
    public boolean needsRestart() {
      return !Difference.isSameMachine(before, after);
    }

    /**
     * Whether the guest becomes what it is to be by NICs and disks that come, go or are replaced,
     * which some VMMs can do to a guest that runs.
     *
     * @return false if anything else of its machine differs, or nothing does
     */
    public boolean isPluggable() {
      return Difference.isPluggable(before, after);
    }

    /**
     * The keys that differ and that a guest which runs cannot take over.
     *
     * @return such as {@code memory} and {@code nics[0].mac}; empty unless {@link #needsRestart}
     */
    public List<String> restartKeys() {
      return GuestDifference.restartKeys(before, after);
    }

    /**
     * The change in one line, by somebody who knows the guest.
     *
     * @param isMadeAnew whether the guest has to start anew for it
     * @return as {@link #describe} has it, with the words for that
     */
    public String describe(boolean isMadeAnew) {
      return Descriptions.of(this, isMadeAnew);
    }
  }

  /**
   * Another level of the log.
   *
   * @param before the level
   * @param after the level
   */
  record LogChanged(Configuration.Log before, Configuration.Log after) implements Change {}

  /**
   * Metrics that are served elsewhere.
   *
   * @param before where they were
   * @param after where they are
   */
  record MetricsChanged(Configuration.Metrics before, Configuration.Metrics after)
      implements Change {}

  /**
   * An API that is served on TCP elsewhere, with another certificate or for other tokens. The UNIX
   * socket's path is no part of it.
   *
   * @param before how it was served
   * @param after how it is
   */
  record ApiChanged(Configuration.Api before, Configuration.Api after) implements Change {}

  /**
   * Other programs that are run for events.
   *
   * @param before the hooks
   * @param after the hooks
   */
  record HooksChanged(List<HookConfig> before, List<HookConfig> after) implements Change {}

  /**
   * A key that the daemon reads when it starts.
   *
   * @param subject the key's path
   * @param before its value; empty for the daemon's choice
   * @param after its value; empty for the daemon's choice
   */
  record NeedsRestart(String subject, String before, String after) implements Change {}
}
