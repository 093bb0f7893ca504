package io.lanyard.daemon.network;

import io.lanyard.base.Timers;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.control.api.PortInfo;
import io.lanyard.control.api.PortLoad;
import io.lanyard.daemon.network.port.PortKinds;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.port.DevicePort;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How the ports of a network are, for people and for the API: those that are attached with their
 * problems and loads, those that could not be, and those of a network that is stopped.
 *
 * <p>Thread: the network's loop.
 */
final class PortReport {
  private final Supplier<NetworkConfig> config;
  private final Function<PortConfig, String> guestMac;
  private final Switch ethernet;
  private final PortGovernance governance;
  private final PortLoads loads;

  /** Ports that could not be attached, with the reason. */
  private final Map<String, PortInfo> failed = new LinkedHashMap<>();

  /** The MAC addresses for guests at the ports of {@link #guestMacsOf}, by the ports' names. */
  private Map<String, String> guestMacs = Map.of();

  private List<PortConfig> guestMacsOf = List.of();

  /**
   * Makes one that reads no loads yet.
   *
   * @param config the network as it is configured at present
   * @param guestMac the MAC address for a guest at a port; empty for none
   */
  PortReport(
      Supplier<NetworkConfig> config,
      Function<PortConfig, String> guestMac,
      Switch ethernet,
      PortGovernance governance,
      Timers timers) {
    this.config = config;
    this.guestMac = guestMac;
    this.ethernet = ethernet;
    this.governance = governance;
    this.loads = new PortLoads(ethernet, timers);
  }

  /** Begins to read the ports' loads. */
  void start() {
    loads.start();
  }

  /** Reads no more. */
  void close() {
    loads.close();
  }

  /** Notes that a port could not be attached. */
  void failed(PortInfo port) {
    failed.put(port.name(), port);
  }

  /** Forgets that a port could not be attached. */
  void forget(String name) {
    failed.remove(name);
  }

  /** The reason why a port does not work that was just started; empty if it does. */
  String problem(String name) {
    PortInfo refused = failed.get(name);
    if (refused != null) {
      return refused.problem();
    }
    Port made = governance.find(name);
    return made == null ? "the network did not come to it in time" : made.state().problem();
  }

  /**
   * The ports as they are now, those that failed included.
   *
   * @param gateway says what the network's gateway has to say of a port
   */
  List<PortInfo> list(Function<Port, List<String>> gateway) {
    return list(gateway, PortReport::whyDown);
  }

  /** The reason for an interface to be down: its port shows it, though it is no problem. */
  private static String whyDown(Port port) {
    return port instanceof DevicePort
            && port.state() instanceof PortState.NoCarrier(String reason, _)
        ? reason
        : "";
  }

  /**
   * The limitation of a port that is a problem. Behind an interface without a link is a guest that
   * is off, which is no problem; behind an uplink without one the LAN is missing.
   */
  private static String limitation(Port port) {
    String limitation = port.limitation();
    boolean awaitsGuest =
        port.state() instanceof PortState.NoCarrier(String reason, _)
            && reason.equals(limitation)
            && !port.name().equals(Network.UPLINK_PORT);
    return awaitsGuest ? "" : limitation;
  }

  private List<PortInfo> list(
      Function<Port, List<String>> gateway, Function<Port, String> otherwise) {
    NetworkConfig network = config.get();
    Map<String, String> macs = guestMacs(network.ports());
    List<PortInfo> all = new ArrayList<>();
    for (Port port : ethernet.ports()) {
      Stream<String> own =
          Stream.of(ethernet.problem(port), limitation(port), loads.problem(port))
              .filter(text -> !text.isEmpty())
              .limit(1);
      List<String> found = Stream.concat(own, gateway.apply(port).stream()).toList();
      String harm = found.isEmpty() ? otherwise.apply(port) : String.join("; ", found);
      PortInfo info = PortStatus.of(network.name(), port, harm);
      all.add(governance.isUnlinked(port.name()) ? PortStatus.unlinked(info) : info);
    }
    all.addAll(failed.values());
    all.replaceAll(port ->
        PortStatus.configured(
            governance.group(port.name()), macs.getOrDefault(port.name(), ""), port));
    if (!network.enabled()) {
      for (PortConfig port : network.ports()) {
        all.add(
            PortStatus.configured(
                port.policy().group(),
                macs.getOrDefault(port.name(), ""),
                PortStatus.stopped(network.name(), port.name(), PortKinds.kind(port))));
      }
    }
    return all;
  }

  /** Each is a hash, and a network may have many ports: they are made once per configuration. */
  private Map<String, String> guestMacs(List<PortConfig> ports) {
    if (!ports.equals(guestMacsOf)) {
      guestMacs = ports.stream().collect(Collectors.toUnmodifiableMap(PortConfig::name, guestMac));
      guestMacsOf = ports;
    }
    return guestMacs;
  }

  /** The problems of the ports themselves; the gateway says those that are its own. */
  List<String> problems() {
    return list(_ -> List.of(), _ -> "").stream()
        .filter(port -> !port.problem().isEmpty())
        .map(port -> "port " + port.name() + ": " + port.problem())
        .toList();
  }

  /** The ports that take most of the loop's time, the busiest first. */
  List<PortLoad> busiest() {
    return loads.busiest();
  }
}
