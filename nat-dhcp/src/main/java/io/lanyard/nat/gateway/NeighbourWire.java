package io.lanyard.nat.gateway;

import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.Neighbours;
import io.netty.buffer.ByteBuf;

/** The gateway as its table of neighbours sees it. */
final class NeighbourWire implements Neighbours.Wire {
  private final Gateway gateway;

  NeighbourWire(Gateway gateway) {
    this.gateway = gateway;
  }

  @Override
  public void ask(Neighbour neighbour) {
    gateway.ask(neighbour);
  }

  @Override
  public boolean located(Neighbour neighbour) {
    return gateway.located(neighbour);
  }

  @Override
  public void send(ByteBuf packet, Neighbour neighbour) {
    gateway.sendTo(packet, neighbour.mac(), neighbour.behind());
  }

  @Override
  public void unanswered(Neighbour neighbour) {
    gateway.unanswered(neighbour);
  }
}
