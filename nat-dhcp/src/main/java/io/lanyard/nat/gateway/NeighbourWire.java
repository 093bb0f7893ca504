package io.lanyard.nat.gateway;

import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.Neighbours;
import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;

/** The gateway as its table of neighbours sees it. */
final class NeighbourWire implements Neighbours.Wire {
  private final Gateway gateway;

  NeighbourWire(Gateway gateway) {
    this.gateway = gateway;
  }

  @Override
  public void ask(Address address, long mac) {
    gateway.ask(address, mac);
  }

  @Override
  public void send(ByteBuf packet, long mac) {
    gateway.sendTo(packet, mac);
  }

  @Override
  public void unanswered(Neighbour neighbour) {
    gateway.unanswered(neighbour);
  }
}
