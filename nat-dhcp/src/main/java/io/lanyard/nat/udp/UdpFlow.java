package io.lanyard.nat.udp;

import io.lanyard.linux.DatagramEnds;
import io.lanyard.nat.flow.FlowEnd;
import io.lanyard.nat.gateway.Packet;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import org.jspecify.annotations.Nullable;

/** The flow of a mapping to and from one remote endpoint. */
final class UdpFlow extends DatagramFlow {
  private final Mapping mapping;

  /** The address that the host's socket sends to: the remote one, or the loopback it stands for. */
  private final DatagramEnds destination;

  /** Whether something has come back. */
  private boolean answered;

  UdpFlow(Mapping mapping, Endpoint remote, Address destination) {
    super(mapping.guest, mapping.port, remote);
    this.mapping = mapping;
    this.destination = DatagramEnds.to(destination, remote.port());
  }

  void answered() {
    answered = true;
  }

  @Override
  public @Nullable Address hostAddress() {
    return mapping.hostAddress();
  }

  @Override
  protected @Nullable HostSocket socket() {
    return mapping.socket();
  }

  @Override
  protected DatagramEnds hostEnds() {
    return destination;
  }

  @Override
  protected void fromGuest(Packet packet, int bytes) {
    mapping.prepare(packet, bytes);
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
