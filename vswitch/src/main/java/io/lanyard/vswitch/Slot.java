package io.lanyard.vswitch;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A port's place at its switch, and what the switch keeps beside it: its rules, compiled. */
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

  final @Nullable StormControl storm;

  final RefusalLog refusals = new RefusalLog();

  /** Where the table had the last frame's source and destination, to look there first. */
  int sourceCell;

  int destinationCell;

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
    this.is = rules.reach().is;
    this.reaches = rules.reach().reaches;
    StormLimits limits = rules.storm();
    this.storm = limits == null ? null : new StormControl(limits, now);
  }

  private static Policy @Nullable [] compile(List<Policy> policies) {
    return policies.isEmpty() ? null : policies.toArray(Policy[]::new);
  }

  /** Forgets what the policies have learned. */
  void forget() {
    forget(ingress);
    forget(egress);
  }

  private static void forget(Policy @Nullable [] policies) {
    if (policies != null) {
      for (Policy policy : policies) {
        policy.forget();
      }
    }
  }
}
