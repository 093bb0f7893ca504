package io.lanyard.nat.udp;

import io.lanyard.linux.DatagramEnds;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.gateway.IpHeader;
import io.lanyard.nat.gateway.Packet;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.net.Endpoint;
import org.jspecify.annotations.Nullable;

/**
 * A flow of UDP datagrams, whichever side began it.
 *
 * <p>Thread: the network's loop only.
 */
public abstract class DatagramFlow extends Flow {
  /** The smallest datagrams whose batches the host did not take on this flow's path. */
  private int refusedBatch = Integer.MAX_VALUE;

  private final Neighbour neighbour;

  /** Of packets to the guest; made by the first. */
  private @Nullable IpHeader header;

  /**
   * Makes a flow that is in no table yet.
   *
   * @param neighbour the guest
   * @param guestPort the guest's port
   * @param remote the other end, as the guest sees it
   */
  protected DatagramFlow(Neighbour neighbour, int guestPort, Endpoint remote) {
    super(FlowKey.UDP, neighbour.address(), guestPort, remote.address(), remote.port());
    this.neighbour = neighbour;
  }

  /**
   * The guest.
   *
   * @return the neighbour that the flow's packets go to
   */
  protected final Neighbour neighbour() {
    return neighbour;
  }

  /** The header of packets to the guest. */
  final IpHeader header() {
    IpHeader present = header;
    if (present == null) {
      present = IpHeader.of(FlowKey.UDP, remote(), guest());
      header = present;
    }
    return present;
  }

  /**
   * The host's socket that stands for the guest.
   *
   * @return the socket; null when it is closed
   */
  protected abstract @Nullable HostSocket socket();

  /**
   * Where the host's socket sends to, and from which of its addresses.
   *
   * @return the ends, the same object at every call; nobody changes it
   */
  protected abstract DatagramEnds hostEnds();

  /**
   * Hears of a datagram of the guest's that is about to be sent.
   *
   * @param packet lent for the length of the call
   * @param bytes of the IP packet that the datagram is by itself
   */
  protected abstract void fromGuest(Packet packet, int bytes);

  /**
   * Hears that the host has refused to send.
   *
   * @param error the error number
   * @param bytes the payload of the datagram, of a batch its first
   */
  protected abstract void failed(int error, int bytes);

  /** Whether batches of such datagrams are worth a try. */
  final boolean takesBatches(int segment) {
    return segment < refusedBatch;
  }

  /** Remembers that the path does not take batches of datagrams of this size, and larger ones. */
  final void refusesBatches(int segment) {
    refusedBatch = segment;
  }

  /** In how many datagrams of a size that many bytes come; nothing is one, too. */
  static int datagrams(int bytes, int size) {
    return bytes <= size ? 1 : (bytes + size - 1) / size;
  }

  /**
   * UDP flows make place for newer ones: what is idle may be gone anyway (RFC 4787 section 4.3).
   */
  @Override
  protected Worth worth() {
    return Worth.DISPENSABLE;
  }
}
