package io.lanyard.nat.forward;

import io.lanyard.nat.flow.FlowEnd;
import io.lanyard.nat.udp.DatagramFlow;
import io.netty.buffer.ByteBuf;

/** One client of a UDP forward; the guest sees it as a port of the gateway. */
final class ClientFlow extends DatagramFlow {
  private final UdpListener listener;
  final int client;
  final int clientPort;
  private boolean answered;

  ClientFlow(long high, long low, UdpListener listener, int client, int clientPort) {
    super(high, low);
    this.listener = listener;
    this.client = client;
    this.clientPort = clientPort;
  }

  @Override
  protected void fromGuest(ByteBuf frame, int ip, int payload, int length) {
    answered = true;
    listener.answer(this, frame, payload, length);
  }

  @Override
  public String state() {
    return answered ? "both-ways" : "inward";
  }

  @Override
  protected void ended(FlowEnd end) {
    listener.forget(this);
  }
}
