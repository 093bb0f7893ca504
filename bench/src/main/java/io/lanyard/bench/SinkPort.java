package io.lanyard.bench;

import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortCounters;
import io.netty.buffer.ByteBuf;

/** A port that leads nowhere. */
final class SinkPort implements Port {
  private final String name;
  private final Offloads offloads;
  private final PortCounters counters = new PortCounters();
  private long bytes;

  SinkPort(String name, Offloads offloads) {
    this.name = name;
    this.offloads = offloads;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String kind() {
    return "sink";
  }

  @Override
  public int mtu() {
    return 1500;
  }

  @Override
  public Offloads offloads() {
    return offloads;
  }

  @Override
  public boolean transmit(Passage passage, ByteBuf frame) {
    bytes += frame.readableBytes();
    return true;
  }

  @Override
  public void flush() {}

  @Override
  public PortCounters counters() {
    return counters;
  }

  @Override
  public void close() {}

  @Override
  public String toString() {
    return name + " " + bytes;
  }
}
