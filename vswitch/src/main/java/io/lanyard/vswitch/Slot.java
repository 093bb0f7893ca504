package io.lanyard.vswitch;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A port's place at its switch, and what the switch keeps beside it: its rules, compiled. */
@SuppressWarnings("ReferenceEquality") // a slot is itself
final class Slot {
  final Port port;
  final int number;
  final PortCounters counters;
  final Turn turn;

  /** The port's MTU: asked once, since a port is asked for each frame otherwise. */
  final int mtu;

  /** Null for a port without policies, which pays a check for null. */
  final Policy @Nullable [] ingress;

  final Policy @Nullable [] egress;

  /** A frame passes if the one port's reach and the other's place have a bit in common. */
  final int is;

  final int reaches;

  /** The same for people. */
  final PortRules.Reach reach;

  final @Nullable StormControl storm;

  final Refusals refusals = new Refusals();

  /** The version of the table in which what follows holds. */
  int version;

  /** The last frame's source and its cell, if it was untagged; 0 for none. */
  long source;

  int sourceCell;

  /** The last untagged frame's destination, and the port where it is; null for none. */
  @Nullable Slot destinationSlot;

  long destination;

  /** The moment from which it has to be looked up again, as it may have aged. */
  long destinationUntil;

  /** Whether the port has got a frame since it was flushed last. */
  boolean touched;

  Slot(Port port, int number, PortRules rules, Turn turn, long now) {
    this.port = port;
    this.number = number;
    this.turn = turn;
    this.counters = port.counters();
    this.mtu = port.mtu();
    this.ingress = compile(rules.ingress());
    this.egress = compile(rules.egress());
    this.reach = rules.reach();
    this.is = rules.reach().is;
    this.reaches = rules.reach().reaches;
    StormLimits limits = rules.storm();
    this.storm = limits == null ? null : new StormControl(limits, now);
  }

  /** The problem that the port is to its network, with its remedy, or an empty text. */
  String problem(long now) {
    String storms = storm == null ? "" : storm.problem(now);
    String refused = refusals.problem(now);
    return storms.isEmpty() || refused.isEmpty() ? storms + refused : storms + "; " + refused;
  }

  /**
   * The port with its state and counters.
   *
   * @param addresses how many the switch has learned behind the port
   */
  DumpNode dump(int addresses) {
    DumpNode.Builder node = DumpNode.of("port " + port.name());
    node.with("kind", port.kind()).with("state", port.state().label());
    if (port.state() instanceof PortState.NoCarrier(String reason, String remedy)) {
      node.with("reason", reason);
      if (!remedy.isEmpty()) {
        node.with("remedy", remedy);
      }
    }
    node.with("addresses", addresses);
    counters.describe(node);
    if (port instanceof Dumpable dumpable) {
      node.child(dumpable.dump());
    }
    return node.build();
  }

  private static Policy @Nullable [] compile(List<Policy> policies) {
    return policies.isEmpty() ? null : policies.toArray(Policy[]::new);
  }

  /** Remembers where the table has a source, so that the next frame needs no look-up. */
  void sends(long source, int cell, int version) {
    if (this.version != version) {
      this.version = version;
      destinationSlot = null;
    }
    this.source = source;
    sourceCell = cell;
  }

  /** Remembers a destination that was found after the source. */
  void sendsTo(long destination, Slot slot, long until) {
    this.destination = destination;
    destinationUntil = until;
    if (destinationSlot != slot) { // storing a reference costs more than comparing it
      destinationSlot = slot;
    }
  }

  /** Forgets what the policies have learned. */
  void forget() {
    forget(ingress);
    forget(egress);
  }

  /** Ends the policies. */
  void end() {
    end(ingress);
    end(egress);
  }

  private static void end(Policy @Nullable [] policies) {
    if (policies != null) {
      for (Policy policy : policies) {
        policy.forget();
        policy.end();
      }
    }
  }

  private static void forget(Policy @Nullable [] policies) {
    if (policies != null) {
      for (Policy policy : policies) {
        policy.forget();
      }
    }
  }
}
