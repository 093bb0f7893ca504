package io.lanyard.nat.forward;

import io.lanyard.nat.flow.FlowEnd;
import io.lanyard.nat.udp.DatagramFlow;
import io.lanyard.nat.udp.HostSocket;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

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
  protected @Nullable HostSocket socket() {
    return listener.socket();
  }

  @Override
  protected int hostAddress() {
    return client;
  }

  @Override
  protected int hostPort() {
    return clientPort;
  }

  @Override
  protected void fromGuest(ByteBuf frame, int ip, int packet) {
    answered = true;
  }

  /** A client that cannot be reached is none of the guest's doing: it is counted, no more. */
  @Override
  protected void failed(int error, int bytes) {}

  @Override
  public String state() {
    return answered ? "both-ways" : "inward";
  }

  @Override
  protected void ended(FlowEnd end) {
    listener.forget(this);
  }
}
