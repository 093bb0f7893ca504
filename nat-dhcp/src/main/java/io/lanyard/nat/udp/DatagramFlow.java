package io.lanyard.nat.udp;

import io.lanyard.nat.flow.Flow;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A flow of UDP datagrams, whichever side began it.
 *
 * <p>Thread: the network's loop only.
 */
public abstract class DatagramFlow extends Flow {
  /** The smallest datagrams whose trains the host did not take on this flow's path. */
  private int refusedTrain = Integer.MAX_VALUE;

  /**
   * Makes a flow that is in no table yet.
   *
   * @param high the first half of its key
   * @param low the second half of its key
   */
  protected DatagramFlow(long high, long low) {
    super(high, low);
  }

  /**
   * The host's socket that stands for the guest.
   *
   * @return the socket; null when it is closed
   */
  protected abstract @Nullable HostSocket socket();

  /**
   * Where the host's socket sends to.
   *
   * @return the IPv4 address as a big-endian int
   */
  protected abstract int hostAddress();

  /**
   * The port that the host's socket sends to.
   *
   * @return the port
   */
  protected abstract int hostPort();

  /**
   * Hears of a datagram of the guest's that is about to be sent.
   *
   * @param frame lent for the length of the call
   * @param ip index of the IPv4 header, which has been checked
   * @param packet bytes of the IPv4 packet that the datagram is by itself
   */
  protected abstract void fromGuest(ByteBuf frame, int ip, int packet);

  /**
   * Hears that the host has refused to send.
   *
   * @param error the error number
   * @param bytes the payload of the datagram, of a train its first
   */
  protected abstract void failed(int error, int bytes);

  /** Whether trains of such datagrams are worth a try. */
  final boolean takesTrains(int segment) {
    return segment < refusedTrain;
  }

  /** Remembers that the path does not take trains of datagrams of this size, and larger ones. */
  final void refusesTrains(int segment) {
    refusedTrain = segment;
  }

  /** In how many datagrams of a size that many bytes come; nothing is one, too. */
  static int datagrams(int bytes, int size) {
    return bytes <= size ? 1 : (bytes + size - 1) / size;
  }

  /**
   * UDP flows make place for newer ones: what is idle may be gone anyway (RFC 4787 section 4.3).
   */
  @Override
  protected boolean evictable() {
    return true;
  }
}
