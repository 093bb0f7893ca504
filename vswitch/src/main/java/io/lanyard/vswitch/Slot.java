package io.lanyard.vswitch;

/** A port's place at its switch, and what the switch keeps beside it. */
final class Slot {
  final Port port;
  final int number;
  final PortCounters counters;

  /** The port's MTU: asked once, since a port is asked for each frame otherwise. */
  final int mtu;

  final RefusalLog refusals = new RefusalLog();

  /** Whether the port has got a frame since it was flushed last. */
  boolean touched;

  Slot(Port port, int number) {
    this.port = port;
    this.number = number;
    this.counters = port.counters();
    this.mtu = port.mtu();
  }
}
