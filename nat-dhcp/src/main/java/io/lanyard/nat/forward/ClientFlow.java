package io.lanyard.nat.forward;

import io.lanyard.linux.DatagramEnds;
import io.lanyard.nat.flow.FlowEnd;
import io.lanyard.nat.gateway.Packet;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.udp.DatagramFlow;
import io.lanyard.nat.udp.HostSocket;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import org.jspecify.annotations.Nullable;

/**
 * One client of a UDP forward at one address of the host; the guest sees it as a port of the
 * gateway.
 */
final class ClientFlow extends DatagramFlow {
  private final UdpListener listener;
  private final DatagramEnds ends;
  private boolean answered;

  /**
   * Makes a flow that is in no table yet.
   *
   * @param gateway the client, as the guest sees it
   * @param ends the client, as the host sees it, and the address that it has asked
   */
  ClientFlow(UdpListener listener, Neighbour guest, int port, Endpoint gateway, DatagramEnds ends) {
    super(guest, port, gateway);
    this.listener = listener;
    this.ends = ends;
  }

  @Override
  public @Nullable Address hostAddress() {
    Address asked = ends.local();
    return asked.isAny() ? null : asked;
  }

  @Override
  protected @Nullable HostSocket socket() {
    return listener.socket();
  }

  @Override
  protected DatagramEnds hostEnds() {
    return ends;
  }

  @Override
  protected void fromGuest(Packet packet, int bytes) {
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
