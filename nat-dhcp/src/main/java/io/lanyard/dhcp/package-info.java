/**
 * DHCPv4, and the leases that it gives.
 *
 * <p><b>The exchange.</b> {@link io.lanyard.dhcp.DhcpServer} takes datagrams from the gateway's
 * port 67 on the network's loop. {@code DhcpMessage} reads one and checks every length; what is not
 * a well-formed request of an Ethernet client is counted and dropped, so the rest of the package
 * deals with messages that are well formed, though perhaps lies. A client is its identifier, or
 * else its hardware address (RFC 2131 section 4.2). What the server does depends on what the client
 * sent:
 *
 * <pre>
 * DISCOVER                                    choose, hold, OFFER             4.3.1
 * REQUEST  server identifier is ours          SELECTING:  ACK or NAK          4.3.2
 * REQUEST  server identifier is another's     withdraw our offer              3.1
 * REQUEST  no identifier, requested address   INIT-REBOOT: ACK, NAK, silence  4.3.2
 * REQUEST  no identifier, ciaddr              RENEWING, REBINDING: the same   4.3.2
 * DECLINE                                     quarantine the address          4.3.3
 * RELEASE                                     free it, remember whose it was  4.3.4
 * INFORM                                      parameters without a lease      4.3.5
 * </pre>
 *
 * <p>Section 4.3.2 wants silence towards a client that is not known, so that servers that do not
 * know of one another can share a wire. On a network of ours there is one server, so by default it
 * is authoritative: it confirms such a client's address if it is free, and refuses it at once if
 * not. Replies go where section 4.1 says: to the relay, to {@code ciaddr}, to everybody if the
 * client asks for that, else straight to the hardware address and the address that is being given.
 *
 * <p><b>An address's life.</b> {@code LeaseTable} keeps the last lease of every address:
 *
 * <pre>
 *            DISCOVER            REQUEST, stored
 *   (never) ---------&gt; OFFERED -----------------&gt; BOUND --+ renewed
 *              ^         |                         |  ^---+
 *              |         | not taken up            | RELEASE, or run out
 *              |         v                         v
 *              +------ RELEASED (remembered) &lt;-----+         DECLINE, or a probe answered:
 *                        ^                                   DECLINED, out of the pool a while
 *                        +-----------------------------------------+
 * </pre>
 *
 * <p>{@code AddressPool} decides which address comes next: never-used ones first, from a hash of
 * the client's identity (so a server that has lost its memory is likely to give the same again),
 * then the one that has been idle for longest. A reservation's address is nobody else's, in the
 * pool or not. A name belongs to whoever has it first; {@link io.lanyard.dhcp.LeaseListener}s (the
 * DNS zone, events) hear of what is bound, and of nothing else.
 *
 * <p><b>Durability.</b> A lease is bound, told to listeners and acknowledged only after it is on
 * disk. The loop hands it to a {@link io.lanyard.dhcp.LeaseJournal} and goes on; the one thread of
 * {@link io.lanyard.dhcp.LeaseStore} takes all that has gathered, commits it to an MVStore file,
 * waits for {@code fsync}, and sends the completions back to the loop as one task. The more clients
 * ask at once, the more share a sync. Releases go the same way, so memory changes in the order of
 * the disk. A write that fails acknowledges nothing: the client asks again, and the file is opened
 * anew from what it holds. Offers are never stored (RFC 2131 section 3.1 item 2 asks for no
 * promise).
 *
 * <p>Times of leases are wall-clock time, because they outlive the process; that a lease has run
 * out is noticed by a timer that looks at least once a minute, so a clock that was set is noticed
 * too.
 */
package io.lanyard.dhcp;
