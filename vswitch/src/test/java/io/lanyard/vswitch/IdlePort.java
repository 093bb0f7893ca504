package io.lanyard.vswitch;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A port that nothing is sent to and nothing comes from, and that counts whatever it is asked.
 *
 * <p>Thread: the one that plays the network's loop.
 */
public final class IdlePort implements Port {
  private final String name;
  private final AtomicLong calls;
  private final PortCounters counters = new PortCounters();

  /**
   * Makes a port to be attached.
   *
   * @param name its name
   * @param calls counts the calls of all ports that share it
   */
  public IdlePort(String name, AtomicLong calls) {
    this.name = name;
    this.calls = calls;
  }

  /**
   * Attaches many.
   *
   * @param network the switch
   * @param count how many
   * @param calls counts what they are asked from now on
   */
  public static void attach(Switch network, int count, AtomicLong calls) {
    for (int i = 0; i < count; i++) {
      network.attach(new IdlePort("idle" + i, calls));
    }
    calls.set(0);
  }

  @Override
  public String name() {
    calls.incrementAndGet();
    return name;
  }

  @Override
  public String kind() {
    calls.incrementAndGet();
    return "idle";
  }

  @Override
  public PortState state() {
    calls.incrementAndGet();
    return PortState.up();
  }

  @Override
  public String limitation() {
    calls.incrementAndGet();
    return "";
  }

  @Override
  public int mtu() {
    calls.incrementAndGet();
    return 1500;
  }

  @Override
  public Offloads offloads() {
    calls.incrementAndGet();
    return Offloads.ALL;
  }

  @Override
  public boolean transmit(Passage passage, io.netty.buffer.ByteBuf frame) {
    calls.incrementAndGet();
    return true;
  }

  @Override
  public void portLeft(Port other, int number) {
    calls.incrementAndGet();
  }

  @Override
  public void flush() {
    calls.incrementAndGet();
  }

  @Override
  public PortCounters counters() {
    calls.incrementAndGet();
    return counters;
  }

  @Override
  public void close() {}
}
