package io.lanyard.nat.tcp;

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
}
