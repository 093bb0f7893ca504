package io.lanyard.nat.tcp;

import io.lanyard.nat.flow.FlowTable;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the TCP engine needs of the gateway: where a connection leads, and ICMP.
 *
 * <p>Thread: the network's loop only.
 */
public interface TcpHost {
  /**
   * Says where on the host's side a guest's connection leads.
   *
   * @param guest the guest's address as a big-endian int
   * @param destination the address that the guest connects to, as a big-endian int
   * @param port the port that the guest connects to
   * @return where to connect, or null to refuse with a reset
   */
  @Nullable InetSocketAddress route(int guest, int destination, int port);

  /**
   * Tells a guest by ICMP "destination unreachable" that its segment could not be delivered.
   *
   * @param packet lent for the length of the call: the beginning of the guest's packet, from the
   *     IPv4 header on, between reader and writer index
   * @param code 0 network, 1 host, 3 port unreachable, 13 prohibited (RFC 792, RFC 1812 section
   *     5.2.7.1)
   */
  void unreachable(ByteBuf packet, int code);

  /**
   * The network's flow table. Every connection extends {@link io.lanyard.nat.flow.Flow} and is
   * added before its SYN is acted upon: the table finds it by its key, holds the guest's quota,
   * counts and lists it, and ends it when idle for too long.
   *
   * @return the table, the same at every call
   */
  FlowTable flows();
}
