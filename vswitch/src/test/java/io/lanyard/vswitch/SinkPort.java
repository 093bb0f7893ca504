package io.lanyard.vswitch;

import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;

/**
 * A port that takes everything, of any length, looks at it and keeps nothing: for tests that count
 * or measure.
 *
 * <p>Thread: the one that plays the network's loop.
 */
public final class SinkPort implements Port {
  private final String name;
  private final Offloads offloads;
  private final Consumer<ByteBuf> look;
  private final PortCounters counters = new PortCounters();

  /**
   * Makes a port that is attached.
   *
   * @param name its name
   * @param offloads what it takes
   * @param network the switch
   * @param look is lent each frame that is transmitted
   */
  public SinkPort(String name, Offloads offloads, Switch network, Consumer<ByteBuf> look) {
    this.name = name;
    this.offloads = offloads;
    this.look = look;
    network.attach(this);
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
    return Ethernet.LARGEST_PACKET;
  }

  @Override
  public Offloads offloads() {
    return offloads;
  }

  @Override
  public boolean transmit(Passage passage, ByteBuf frame) {
    look.accept(frame);
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
}
