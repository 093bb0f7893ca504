package io.lanyard.dhcp;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/** A network whose hosts answer probes when a test says so. */
final class SteppedProbe implements ConflictProbe {
  /** A probe that was sent. */
  record Sent(int address, long client, Runnable free, LongConsumer inUse) {}

  final List<Sent> sent = new ArrayList<>();

  @Override
  public void probe(int address, long client, Runnable free, LongConsumer inUse) {
    sent.add(new Sent(address, client, free, inUse));
  }

  /** The newest probe's wait is over. */
  Sent silent() {
    Sent newest = sent.getLast();
    newest.free().run();
    return newest;
  }

  /** A host answers the newest probe. */
  Sent answeredBy(long mac) {
    Sent newest = sent.getLast();
    newest.inUse().accept(mac);
    return newest;
  }
}
