package io.lanyard.nat.tcp;

import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.flow.Grant;
import io.lanyard.nat.gateway.IcmpReason;
import io.lanyard.nat.gateway.Packet;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.tls.ClientHello;
import org.jspecify.annotations.Nullable;

/**
 * The gateway as the TCP engine sees it besides the link: ICMP, and the flow table.
 *
 * <p>Thread: the network's loop only.
 */
public interface TcpHost {
  /**
   * Whether a guest may connect to its SYN's destination. If not, the guest has been told.
   *
   * @param syn the SYN, which leads out
   * @param port the destination's port
   * @return why it may, for the flow to keep; null if it may not
   */
  @Nullable Grant admits(Packet syn, int port);

  /**
   * Whether a segment may go by a connection that is there: it may come in by another port than the
   * connection's guest is behind.
   *
   * @param segment the segment
   * @param flow the connection with its addresses and ports
   * @return false if it is to be dropped, which has been counted
   */
  boolean admits(Packet segment, Flow flow);

  /**
   * Whether a connection may go on to where it leads, once its guest has said to whom it would
   * speak. Asked where the connection was admitted for a name on that condition.
   *
   * @param flow the connection
   * @param by the port that its guest is behind
   * @param hello the first message of the guest
   * @return false if nothing of it may leave
   */
  boolean admits(Flow flow, PortBudget by, ClientHello hello);

  /**
   * Tells a guest by ICMP that its SYN led nowhere.
   *
   * @param reason why
   * @param flow the connection
   * @param guest the guest's end of it
   * @param transport the first eight bytes of the SYN: ports and sequence number
   */
  void unreachable(IcmpReason reason, Flow flow, Neighbour guest, long transport);

  /**
   * The network's flow table. Every connection extends {@link Flow} and is added before its SYN is
   * acted upon: the table finds it by its key, holds the quotas, counts and lists it, and ends it
   * when idle for too long.
   *
   * @return the table, the same at every call
   */
  FlowTable flows();
}
