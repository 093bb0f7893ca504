package io.lanyard.nat.gateway;

import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The log of a network's egress: a line for a decision that somebody wants to see, at a limited
 * rate per port.
 *
 * <p>Thread: the network's loop only.
 */
final class EgressLog {
  private final String network;
  private final RateLimitedLog log;

  /**
   * Makes the log of a network.
   *
   * @param network its name
   * @param clock what a minute is measured by
   */
  EgressLog(String network, Clock clock) {
    this.network = network;
    log = new RateLimitedLog(System.getLogger(Egress.class.getName()), clock);
  }

  /** Logs the decision on a flow that a packet would begin; port 0 for ICMP. */
  void decided(EgressDecision decision, Packet packet, int port, List<String> names) {
    decided(
        decision,
        packet.station.budget().name(),
        line ->
            line.with("guest", packet.source())
                .with("destination", text(packet.protocol, packet.destination(), port))
                .with("names", String.join(",", names)));
  }

  /** Logs the decision on a flow that comes in, to a guest behind the port of that name. */
  void decided(EgressDecision decision, String port, int protocol, Address client, Endpoint to) {
    decided(
        decision,
        port,
        line ->
            line.with("client", client.toString())
                .with("guest", text(protocol, to.address(), to.port())));
  }

  private void decided(EgressDecision decision, String by, UnaryOperator<LogEvent> ends) {
    // A rule whose flows somebody wants to see has lines of its own; who is denied, a port's.
    boolean admitted = decision.admitted();
    log.log(
        Level.INFO,
        admitted ? "egress-allowed" : decision.dry() ? "egress-would-deny" : "egress-denied",
        admitted ? by + " " + decision.label() : by,
        line -> ends.apply(of(line, by)).with("reason", decision.why()));
  }

  /** Logs a packet that no rule could let leave, which the gateway has counted. */
  void neverLeaves(Packet packet, String why) {
    String by = packet.station.budget().name();
    log.log(
        Level.INFO,
        "egress-denied",
        by,
        line ->
            of(line, by)
                .with("guest", packet.source())
                .with("destination", "protocol " + packet.protocol + " " + packet.destination())
                .with("reason", why));
  }

  /** Logs a packet to the host's adapter that was dropped. */
  void deniedAtHost(String port, String destination, String why) {
    log.log(
        Level.INFO,
        "egress-denied",
        port,
        line -> of(line, port).with("destination", destination).with("reason", why));
  }

  /**
   * Logs a flow whose TLS client names a server that it may not reach.
   *
   * @param port the name of the port that the guest is behind
   * @param server the name; empty if none could be read
   * @param dry whether the flow passes, as the rules are only tried
   */
  void deniedServer(Flow flow, String port, String server, String why, boolean dry) {
    log.log(
        Level.INFO,
        dry ? "egress-would-deny" : "egress-denied",
        port,
        line ->
            of(line, port)
                .with("guest", flow.guest())
                .with("destination", text(flow.protocol(), flow.remote(), flow.remotePort()))
                .with("sni", server)
                .with("reason", why));
  }

  /** Logs a question for a name that is refused, or would be. */
  void refusedName(EgressDecision decision, String port, String name) {
    log.log(
        Level.INFO,
        decision.dry() ? "name-would-be-refused" : "name-refused",
        port,
        line -> of(line, port).with("name", name).with("reason", decision.why()));
  }

  private LogEvent of(LogEvent line, String port) {
    return line.with("network", network).with("port", port);
  }

  /** A destination as the log has it. */
  static String text(int protocol, Address destination, int port) {
    return switch (protocol) {
      case FlowKey.TCP -> "tcp " + destination + " port " + port;
      case FlowKey.UDP -> "udp " + destination + " port " + port;
      default -> "icmp " + destination;
    };
  }
}
