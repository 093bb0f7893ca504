package io.lanyard.dhcp;

import java.util.function.LongConsumer;

/**
 * Finds out whether somebody uses an address that is about to be given to a client (RFC 2131
 * section 3.1 item 2).
 *
 * <p>Thread: the network's loop only.
 */
@FunctionalInterface
public interface ConflictProbe {
  /**
   * Looks for a host that uses an address.
   *
   * @param address the IPv4 address as a big-endian int
   * @param client the MAC address of the client that is to get the address, whose own answer does
   *     not count
   * @param free run on the loop, never within the call, when nobody has answered in time; not run
   *     if {@code inUse} came first
   * @param inUse told on the loop, never within the call, the MAC address of the host that
   *     answered, at most once; it may come after {@code free}, since hosts can be slow
   */
  void probe(int address, long client, Runnable free, LongConsumer inUse);
}
