package io.lanyard.nat.udp;

import io.lanyard.nat.flow.FlowEnd;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

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
  protected @Nullable HostSocket socket() {
    return mapping.socket();
  }

  @Override
  protected int hostAddress() {
    return destination;
  }

  @Override
  protected int hostPort() {
    return remotePort();
  }

  @Override
  protected void fromGuest(ByteBuf frame, int ip, int packet) {
    mapping.prepare(frame, ip, packet);
  }

  @Override
  protected void failed(int error, int bytes) {
    mapping.failed(this, error, bytes);
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
