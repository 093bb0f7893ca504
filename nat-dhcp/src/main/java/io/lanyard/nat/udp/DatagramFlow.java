package io.lanyard.nat.udp;

import io.lanyard.nat.flow.Flow;
import io.netty.buffer.ByteBuf;

/**
 * A flow of UDP datagrams, whichever side began it.
 *
 * <p>Thread: the network's loop only.
 */
public abstract class DatagramFlow extends Flow {
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
   * Takes a datagram from the guest.
   *
   * @param frame lent for the length of the call
   * @param ip index of the IPv4 header, which has been checked
   * @param payload index of the datagram's payload
   * @param length its bytes
   */
  protected abstract void fromGuest(ByteBuf frame, int ip, int payload, int length);

  /**
   * UDP flows make place for newer ones: what is idle may be gone anyway (RFC 4787 section 4.3).
   */
  @Override
  protected boolean evictable() {
    return true;
  }
}
