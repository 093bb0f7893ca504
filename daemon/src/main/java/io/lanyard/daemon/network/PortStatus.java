package io.lanyard.daemon.network;

import io.lanyard.base.EnumText;
import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.metric.Metrics;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortCounters;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/** Ports as the API and the metrics show them. */
final class PortStatus {
  private PortStatus() {}

  /**
   * One port.
   *
   * @param harm what it does to its network, or cannot do, or an empty text; it works all the same
   */
  static PortInfo of(String network, Port port, String harm) {
    PortCounters counters = port.counters();
    String problem = port.state().problem();
    return new PortInfo(
        network,
        port.name(),
        "",
        port.kind(),
        port.state().label(),
        problem.isEmpty() ? harm : problem,
        "",
        counters.receivedFrames(),
        counters.receivedBytes(),
        counters.transmittedFrames(),
        counters.transmittedBytes(),
        counters.loopNanos(),
        counters.loopWaitNanos(),
        drops(counters::receiveDrops),
        drops(counters::transmitDrops));
  }

  /** The same of a port whose link is switched off. */
  static PortInfo unlinked(PortInfo port) {
    return with(port, port.group(), "link-down", port.guestMac());
  }

  /**
   * The same with what the configuration says of the port.
   *
   * @param group its port group; empty for none
   * @param guestMac the MAC address for a guest that is attached to it; empty for none
   */
  static PortInfo configured(String group, String guestMac, PortInfo port) {
    return with(port, group, port.state(), guestMac);
  }

  private static PortInfo with(PortInfo port, String group, String state, String guestMac) {
    return new PortInfo(
        port.network(),
        port.name(),
        group,
        port.kind(),
        state,
        port.problem(),
        guestMac,
        port.receivedFrames(),
        port.receivedBytes(),
        port.transmittedFrames(),
        port.transmittedBytes(),
        port.loopNanos(),
        port.loopWaitNanos(),
        port.receiveDrops(),
        port.transmitDrops());
  }

  static PortInfo failed(String network, String name, String kind, String problem) {
    return new PortInfo(
        network, name, "", kind, "failed", problem, "", 0, 0, 0, 0, 0, 0, Map.of(), Map.of());
  }

  /** A port of a network that is stopped. */
  static PortInfo stopped(String network, String name, String kind) {
    return new PortInfo(
        network, name, "", kind, Network.STOPPED, "", "", 0, 0, 0, 0, 0, 0, Map.of(), Map.of());
  }

  static void measure(Metrics metrics, String network, Port port) {
    PortCounters counters = port.counters();
    String name = port.name();
    metrics.port(network, name, "up", () -> port.state().hasCarrier() ? 1 : 0);
    metrics.port(network, name, "received_frames", counters::receivedFrames);
    metrics.port(network, name, "received_bytes", counters::receivedBytes);
    metrics.port(network, name, "transmitted_frames", counters::transmittedFrames);
    metrics.port(network, name, "transmitted_bytes", counters::transmittedBytes);
    metrics.portEach(network, name, "receive_drops", () -> drops(counters::receiveDrops));
    metrics.portEach(network, name, "transmit_drops", () -> drops(counters::transmitDrops));
    metrics.port(network, name, "loop_seconds", () -> counters.loopNanos() / 1e9);
    metrics.port(network, name, "loop_wait_seconds", () -> counters.loopWaitNanos() / 1e9);
    metrics.port(network, name, "software_checksums", counters::softwareChecksums);
    metrics.port(network, name, "software_segmentations", counters::softwareSegmentations);
  }

  /** Frames dropped on one way, of the causes that there were. */
  private static Map<String, Long> drops(ToLongFunction<DropCause> way) {
    Map<String, Long> drops = new TreeMap<>();
    for (DropCause cause : DropCause.values()) {
      long count = way.applyAsLong(cause);
      if (count != 0) {
        drops.put(EnumText.word(cause), count);
      }
    }
    return drops;
  }
}
