package io.lanyard.nat.udp;

import io.lanyard.nat.flow.FlowEnd;
import io.netty.buffer.ByteBuf;

/** What a mapping carries to and from one remote endpoint. */
final class UdpFlow extends DatagramFlow {
  private final Mapping mapping;

  /** The address that the host's socket sends to: the remote one, or the loopback it stands for. */
  private final int destination;

  /** Whether something has come back. */
  private boolean answered;

  UdpFlow(long high, long low, Mapping mapping, int destination) {
    super(high, low);
    this.mapping = mapping;
    this.destination = destination;
  }

  void answered() {
    answered = true;
  }

  @Override
  protected void fromGuest(ByteBuf frame, int ip, int payload, int length) {
    mapping.send(this, frame, ip, payload, length, destination);
  }

  @Override
  public String state() {
    return answered ? "both-ways" : "outward";
  }

  @Override
  protected void ended(FlowEnd end) {
    mapping.release(this);
  }
}
