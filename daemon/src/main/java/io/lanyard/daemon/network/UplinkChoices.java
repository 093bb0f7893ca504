package io.lanyard.daemon.network;

import io.lanyard.base.Causes;
import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.config.PortConfig;
import io.lanyard.config.UplinkConfig;
import io.lanyard.control.api.UplinkInfo;
import io.lanyard.linux.Capability;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.HostAddress;
import io.lanyard.linux.HostInterface;
import io.lanyard.linux.InterfaceFacts;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.linux.Rtnetlink;
import io.lanyard.net.MacAddress;
import io.lanyard.vswitch.pcap.Pcap;
import io.lanyard.vswitch.pcap.PcapInterface;
import io.lanyard.vswitch.port.TapSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The interfaces of the host that a bridged network might lead by: libpcap lists them, the kernel
 * says what each is. Without libpcap the kernel does: the JDK leaves those out that have no
 * address, which bridged networks have most often.
 *
 * <p>Thread: any that may wait.
 */
public final class UplinkChoices {
  /** The name of a device that the daemon makes for a way into the host's stack. */
  private static final String OWN = "lyhost";

  private final @Nullable String netns;
  private final Collection<NetworkConfig> networks;

  private UplinkChoices(@Nullable String netns, Collection<NetworkConfig> networks) {
    this.netns = netns;
    this.networks = networks;
  }

  /**
   * Looks at all there are.
   *
   * @param netns a network namespace's name or path, or null for the daemon's own
   * @param networks the networks that may have one already
   * @return those that can be used first, the one of the default route at the head
   * @throws IOException if the namespace cannot be entered, or nothing can be listed
   */
  public static List<UplinkInfo> list(@Nullable String netns, Collection<NetworkConfig> networks)
      throws IOException {
    UplinkChoices choices = new UplinkChoices(netns, networks);
    return NetworkNamespace.run(netns, choices::listHere);
  }

  private List<UplinkInfo> listHere() throws IOException {
    List<PcapInterface> found;
    String problem = "";
    try {
      found = Pcap.library().interfaces();
    } catch (IOException e) {
      problem = "driver pcap: " + Causes.of(e);
      found = withoutPcap();
    }
    String byDefault = HostInterface.ofDefaultRoute().map(HostInterface::name).orElse("");
    List<UplinkInfo> all = new ArrayList<>();
    for (PcapInterface one : found) {
      Optional<HostInterface> at = look(one.name());
      if (at.isPresent() && !one.name().startsWith(OWN)) {
        all.add(info(one, at.get(), byDefault.equals(one.name()), problem));
      }
    }
    all.sort(
        Comparator.comparing((UplinkInfo info) -> !info.isDefault())
            .thenComparing(info -> !info.usable())
            .thenComparing(UplinkInfo::name));
    return all;
  }

  private static List<PcapInterface> withoutPcap() throws IOException {
    Set<HostAddress> addresses;
    try (Rtnetlink kernel = Rtnetlink.open()) {
      addresses = kernel.addresses();
    }
    List<PcapInterface> all = new ArrayList<>();
    for (String name : HostInterface.names()) {
      look(name).ifPresent(at -> all.add(new PcapInterface(name, "", addressesOf(at, addresses))));
    }
    return all;
  }

  private static List<String> addressesOf(HostInterface at, Set<HostAddress> addresses) {
    return addresses.stream()
        .filter(address -> address.device() == at.index())
        .map(address -> address.address() + "/" + address.prefix())
        .sorted()
        .toList();
  }

  /** Empty for a pseudo-device of libpcap's, and for one that has just gone. */
  private static Optional<HostInterface> look(String name) {
    try {
      return Optional.of(HostInterface.read(name));
    } catch (ErrnoException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private UplinkInfo info(
      PcapInterface one, HostInterface at, boolean isDefault, String pcapProblem)
      throws ErrnoException {
    InterfaceFacts facts = InterfaceFacts.read(one.name());
    String refusal = refusal(at, isDefault);
    List<String> drivers = new ArrayList<>();
    if (at.isEthernet()) {
      drivers.add("packet");
      if (pcapProblem.isEmpty()) {
        drivers.add("pcap");
      }
    }
    return new UplinkInfo(
        one.name(),
        one.addresses(),
        at.isEthernet() ? new MacAddress(at.mac()).toString() : "",
        at.mtu(),
        !at.isUp() ? "down" : at.hasCarrier() ? "up" : "no-link",
        facts.speed(),
        facts.wireless(),
        isDefault,
        drivers,
        refusal.isEmpty(),
        refusal.isEmpty() ? Objects.requireNonNullElse(note(at), pcapProblem) : refusal);
  }

  /** Why a bridged network cannot have an interface; empty if it can. */
  private String refusal(HostInterface at, boolean isDefault) {
    String name = at.name();
    if (!at.isEthernet()) {
      return "it is no Ethernet interface; use a network of mode nat";
    }
    if (!Capability.NET_RAW.effective()) {
      return "the daemon lacks the capability CAP_NET_RAW; run it as root or as the system service";
    }
    Path master = Path.of("/sys/class/net", name, "master");
    if (netns == null && Files.isSymbolicLink(master)) {
      String of = masterOf(master);
      return "it is a part of " + of + "; choose " + of;
    }
    String holder = holder(name);
    if (!holder.isEmpty()) {
      return holder;
    }
    for (NetworkConfig network : networks) {
      if (network.mode() instanceof NetworkMode.Bridged(UplinkConfig uplink)
          && uplink.vlan() == UplinkConfig.ALL_VLANS
          && Objects.equals(uplink.netns(), netns)
          && (uplink.device() == null ? isDefault : name.equals(uplink.device()))) {
        return "network " + network.name() + " has it already";
      }
    }
    return "";
  }

  /**
   * Why an interface is a way into one of the daemon's own networks, or taken by one; empty if it
   * is neither. A bridged network that led there would lead round.
   */
  private String holder(String name) {
    PortConfig.Held device = new PortConfig.Held.Device(name, netns);
    for (NetworkConfig network : networks) {
      HostAdapterConfig adapter = network.hostAdapter();
      if (netns == null && adapter != null && adapter.name().equals(name)) {
        return "it is the host adapter of network " + network.name();
      }
      for (PortConfig port : network.ports()) {
        if (port.holds().contains(device)) {
          return "port " + port.name() + " of network " + network.name() + " has it";
        }
      }
    }
    return netns == null && TapSettings.isOfLanyard(name)
        ? "it is a device that a daemon of Lanyard has made"
        : "";
  }

  private static String masterOf(Path link) {
    try {
      return Files.readSymbolicLink(link).getFileName().toString();
    } catch (IOException e) {
      return "another interface";
    }
  }

  /** The action that is needed before frames pass; null for none. */
  private @Nullable String note(HostInterface at) {
    if (!at.isUp()) {
      String place = netns == null ? "" : "-n " + netns + " ";
      return "it is down; set it up by `ip " + place + "link set " + at.name() + " up`";
    }
    return at.hasCarrier() ? null : "it has no link; look at what is at its other end";
  }
}
