package io.lanyard.daemon.network;

import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.control.api.EventType;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.daemon.metric.Metrics;
import io.lanyard.daemon.network.port.PortKinds;
import io.lanyard.daemon.network.port.PortPlace;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortListener;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.port.SharedPort;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The ports on a network's switch, each with its rules, its metrics and the events that tell of it.
 * A port that many guests share has its clients' ports attached here, too.
 *
 * <p>Thread: the network's loop.
 */
final class AttachedPorts {
  private static final System.Logger LOG = System.getLogger(AttachedPorts.class.getName());

  private final Switch ethernet;
  private final PortGovernance governance;
  private final PortPlace place;
  private final Clock clock;
  private final Metrics metrics;
  private final EventBus events;
  private final Consumer<Port> ended;

  /**
   * Makes it without a port.
   *
   * @param governance the rules of the ports, kept here for those that are attached
   * @param place where ports are made
   * @param ended hears of each port that is detached and closed
   */
  AttachedPorts(
      PortGovernance governance,
      PortPlace place,
      Metrics metrics,
      EventBus events,
      Consumer<Port> ended) {
    this.ethernet = place.context().network();
    this.governance = governance;
    this.place = place;
    this.clock = place.context().timers().clock();
    this.metrics = metrics;
    this.events = events;
    this.ended = ended;
  }

  private String network() {
    return ethernet.name();
  }

  /**
   * A listener that logs failures of one port. Thread: any.
   *
   * @param waits whether it does so only when it is told to
   */
  PortLog log(boolean waits) {
    return new PortLog(network(), clock, waits);
  }

  /**
   * Makes a port, attaches it and starts it.
   *
   * @param model what the port's kind makes it from
   * @param listeners hear of the port's states from the beginning
   */
  Port add(Object model, PortGovernance.Rules rules, List<PortListener> listeners) {
    Port port = PortKinds.make(model, place);
    if (port instanceof SharedPort many) {
      share(many);
    }
    attach(port, rules, listeners);
    return port;
  }

  /** Has the clients of a port that many guests share attached by its rules. */
  void share(SharedPort many) {
    many.attachBy(new Clients(many.name()));
  }

  /** Attaches a port and starts it; closes it if that fails. */
  void attach(Port port, PortGovernance.Rules rules, List<PortListener> listeners) {
    boolean done = false;
    try {
      governance.attach(port, rules);
      listeners.forEach(port::addListener);
      port.addListener(this::stateChanged);
      port.start();
      done = true;
    } finally {
      if (!done) {
        ethernet.detach(port);
        port.close();
        if (governance.find(port.name()) == null) { // else it is the one that had the name before
          governance.forgetRules(port.name());
        }
      }
    }
    PortStatus.measure(metrics, network(), port);
    publish(EventType.PORT_ADDED, port.name(), Map.of("kind", port.kind()));
  }

  /** Detaches and closes a port, if it is there. */
  void end(String name) {
    Port port = governance.find(name);
    if (port != null) {
      String source = governance.declared(name);
      governance.forget(name);
      ethernet.detach(port);
      port.close();
      ended.accept(port);
      metrics.removePort(network(), name);
      events.publishOf(source, EventType.PORT_REMOVED, network(), name, Map.of());
    }
  }

  /** Attaches the ports of the clients of a port that many guests share. */
  private final class Clients implements SharedPort.Clients {
    private final String declared;

    Clients(String declared) {
      this.declared = declared;
    }

    @Override
    public void attach(Port client) {
      governance.share(client.name(), declared);
      boolean done = false;
      try {
        // A port that others attach to is never without rules.
        PortGovernance.Rules rules = governance.rules(declared);
        AttachedPorts.this.attach(client, rules, List.of(log(false)));
        if (governance.isUnlinked(client.name())) {
          governance.govern(client.name(), rules);
        }
        done = true;
      } finally {
        if (!done) {
          governance.unshare(client.name());
        }
      }
    }

    @Override
    public void detach(Port client) {
      end(client.name());
    }
  }

  /**
   * Takes the link of a port down or up.
   *
   * @return false if there is no such port that somebody else may attach to
   */
  boolean link(String name, boolean up) {
    if (!governance.governs(name)
        || name.equals(Network.HOST_PORT)
        || name.equals(Network.UPLINK_PORT)) {
      return false;
    }
    if (governance.link(name, up)) {
      publish(up ? EventType.PORT_LINKED : EventType.PORT_UNLINKED, name, Map.of());
    }
    return true;
  }

  /** Makes an address the port's own. */
  void pin(long mac, Port port) {
    if (!ethernet.pin(mac, port)) {
      LogEvent.of("address-not-pinned")
          .with("network", network())
          .with("port", port.name())
          .with("mac", Ethernet.format(mac))
          .with("advice", "another port has the address; give one of them another")
          .log(LOG, Level.WARNING);
    }
  }

  private void stateChanged(Port port, PortState before, PortState now) {
    if (before.label().equals(now.label()) && before.problem().equals(now.problem())) {
      return; // another reason for having no carrier, which the event does not say
    }
    publish(
        EventType.PORT_CHANGED,
        port.name(),
        Map.of("from", before.label(), "to", now.label(), "problem", now.problem()));
  }

  /** The clients of a port that many guests share have its limit of events. */
  private void publish(EventType type, String name, Map<String, String> data) {
    events.publishOf(governance.declared(name), type, network(), name, data);
  }
}
