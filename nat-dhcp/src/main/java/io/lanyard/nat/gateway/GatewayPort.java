package io.lanyard.nat.gateway;

import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortCounters;
import io.netty.buffer.ByteBuf;

/**
 * The gateway's side of the switch. It takes every offload, so that no checksum is finished without
 * need.
 */
final class GatewayPort implements Port {
  private final Gateway gateway;
  private final String name;
  private final int mtu;
  private final PortCounters counters = new PortCounters();

  GatewayPort(Gateway gateway, String name, int mtu) {
    this.gateway = gateway;
    this.name = name;
    this.mtu = mtu;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String kind() {
    return "gateway";
  }

  @Override
  public int mtu() {
    return mtu;
  }

  @Override
  public Offloads offloads() {
    return Offloads.ALL;
  }

  @Override
  public boolean transmit(Passage passage, ByteBuf frame) {
    gateway.receive(passage, frame);
    return true;
  }

  @Override
  public void portLeft(Port other, int number) {
    gateway.released(other);
  }

  @Override
  public void flush() {
    gateway.endBurst();
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  @Override
  public void close() {
    gateway.close();
  }
}
