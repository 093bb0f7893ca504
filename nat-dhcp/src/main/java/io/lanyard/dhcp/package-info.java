/**
 * DHCP of both versions, and the leases that it gives.
 *
 * <p>What follows is of DHCPv4; the last paragraph says what DHCPv6 does otherwise.
 *
 * <p><b>The exchange.</b> {@link io.lanyard.dhcp.DhcpServer} takes datagrams from the gateway's
 * port 67 on the network's loop. {@code DhcpMessage} reads one; what is not a request of an
 * Ethernet client is counted and dropped, and an option of a wrong length counts as absent, so the
 * rest of the package deals with messages that are well formed, though perhaps lies. A client is
 * its identifier, or else its hardware address (RFC 2131 section 4.2). The gateway hands on what
 * comes from 0.0.0.0, from the subnet, and, if it is broadcast, from any other network's address,
 * because a client that was moved here still has one. What the server does depends on what the
 * client sent:
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
 * <p>{@code Exchange} does the first five, {@code Returns} the next two.
 *
 * <p>Section 4.3.2 wants silence towards a client that is not known, so that servers that do not
 * know of one another can share a wire. On a network of Lanyard's there is one server, so by
 * default it is authoritative, as dnsmasq and ISC's server can be: it confirms the address of such
 * a client if it is free, and refuses it at once if not. So guests keep their addresses when the
 * lease store is lost, and one that was moved here from another network restarts at once. {@code
 * authoritative: false} has it the RFC's way. Replies go where section 4.1 says: to the relay, to
 * {@code ciaddr}, to the broadcast address if the client asks for that, else straight to the
 * hardware address and the address that is being given; always out of the port that the request
 * came in by, and no other.
 *
 * <p><b>Who is who.</b> A client chooses its identifier and its MAC address; it does not choose its
 * port. A lease has the name of the port that it was got by, and so has an offer: it is for clients
 * of that port, and another port that asks in the same name is offered another address. Of two that
 * take their offers, the one whose lease is on disk first has it. {@code Returns} takes a RELEASE
 * or DECLINE only by that port and from the MAC address that it names. {@code Identification}
 * probes the lease of a client that comes from another port or MAC address than its lease, whether
 * or not the configuration has addresses probed before they are given away: a machine that was
 * moved, or has a new NIC, takes the lease along; a clone of a virtual machine, which has the
 * identifier of the original, is known by its MAC address instead, so each gets an address; and one
 * that asks in the name of a client which is there gets no answer. A request that waits, for a
 * probe or for the disk, takes nothing from a holder that is heard meanwhile ({@code Vacated}).
 *
 * <p>A DISCOVER or REQUEST may come from another MAC address than its client's, as by way of a
 * relay or of a bridge that has one address for all. It is dropped if the switch knows the client
 * at another port ({@link io.lanyard.dhcp.StationLocator}).
 *
 * <p>A name belongs to the client that has it first ({@code LeaseNames}), except that a
 * reservation's, and that of a guest of the configuration, are kept for their MAC address. When
 * another client wants the name, its holder is probed ({@code NameContest}): if it does not answer,
 * the name moves, so that a machine that is made anew has it at once. {@link
 * io.lanyard.dhcp.LeaseListener}s (the DNS zone, events) hear of what is bound, and of nothing
 * else.
 *
 * <p><b>Shares.</b> One port must not take the whole pool, whatever number of clients is behind it.
 * {@code PortShares} keeps an eighth of the pool for ports that have few addresses or none, lets
 * offers of a port that has more give way to a port that has less, and bounds what a port is
 * offered and what it can have taken out of the pool by answering probes or by DECLINE. Requests
 * that wait for a probe or for the disk have bounds for each port too. {@code PoolWatch} says who
 * is at a limit.
 *
 * <p>A share is used up by leases whose clients have gone without a word, too. Before a client is
 * refused, {@code Reclaim} looks for the holder of such a lease: of one that was got by the asking
 * port before it had its present link, or by a port that has gone and holds more. A holder that
 * answers behind its port keeps its lease; the address of another goes to the client.
 *
 * <p><b>An address's life.</b> {@code LeaseTable} keeps the last lease of every address:
 *
 * <pre>
 *            DISCOVER, free          REQUEST, stored
 *   (never) ---------------&gt; OFFERED -----------------&gt; BOUND --+ renewed
 *              ^              |                          |  ^---+
 *              |              | not taken up             | RELEASE, or run out
 *              |              v                          v
 *              +------ RELEASED (remembered) &lt;------------+     DECLINE, or a probe answered:
 *                        ^                                      DECLINED, out of the pool a while
 *                        +--------------------------------------------+
 * </pre>
 *
 * <p>{@code AddressPool} decides which address comes next: never-used ones first, from a hash of
 * the client's identity (so a server that has lost its memory is likely to give the same again),
 * then the one that has been idle for longest, and when there is no other, one from quarantine that
 * nobody answers for any more. A reservation's address is nobody else's, in the pool or not; while
 * a stranger uses it, its client gets another.
 *
 * <p><b>Probes.</b> A host with a static address in the pool is silent until it is asked, so before
 * an address is given away, by an OFFER or to a client that asks for one that was never offered,
 * the network is asked for it by ARP ({@link io.lanyard.dhcp.ConflictProbe}; RFC 2131 sections 2.2
 * and 3.1). The request waits and nothing else does. That costs a new guest a fifth of a second of
 * its first boot: a host on a virtual switch answers at once, and one that is slower than the wait
 * is still heard for a second, so that its address is refused when the client asks for it. A client
 * that had an address until less than a lease ago has it again at once, so renewals, reboots and
 * reservations that are asked for again cost nothing. The client's own answer is no conflict: it
 * may still have the address of a server that forgot it.
 *
 * <p>All ports hear a probe, so it costs the port that asks as much as a broadcast frame of its own
 * ({@link io.lanyard.nat.station.PortBudget#admitsBroadcast}): a request to the server alone is no
 * way around storm control. The client asks again.
 *
 * <p>Every guest can answer every probe. So an answer is not believed ({@code AddressCheck}) from a
 * host that has a lease for another address, nor from a port that has four addresses in quarantine
 * already. Where a lease's holder is looked for, only its own MAC address behind its own port
 * counts.
 *
 * <p><b>Change.</b> The parts share one {@code DhcpTerms}, which has the configuration's records,
 * so they see at once what a running server takes; the pool, the shares, the names and the encoded
 * options are derived from it anew. No lease is dropped. One whose address is not given to its
 * client any more ends when the client asks to renew it ({@link
 * io.lanyard.dhcp.DhcpServer#configure} says how, and by which section), and a name that is kept
 * for another client now leaves the lease that had it.
 *
 * <p><b>Durability.</b> A lease is bound, told to listeners and acknowledged only after it is on
 * disk. The loop hands it to a {@link io.lanyard.dhcp.LeaseJournal} and goes on; the one thread of
 * {@link io.lanyard.dhcp.LeaseStore} takes all that has gathered, commits it to an MVStore file,
 * waits for {@code fsync}, and sends the completions back to the loop as one task. The more clients
 * ask at once, the more share a sync. Releases go the same way, so memory changes in the order of
 * the disk. Writes of one address are of one client at a time, so that the disk never says that
 * somebody else has what a client was acknowledged. A renewal a few seconds after the last is
 * answered from what is on disk, so a guest that renews in a loop does not keep the disk busy. A
 * write that fails acknowledges nothing: the client asks again, and the file is opened anew from
 * what is known to be on disk. The next commit that succeeds takes back what the failed one may
 * have left. Offers are never stored (RFC 2131 section 3.1 item 2 asks for no promise).
 *
 * <p><b>Time.</b> Leases go by {@link io.lanyard.dhcp.LeaseClock}, which counts the time that
 * passes and goes on across restarts; nothing that is done to the wall clock ends or lengthens a
 * lease. A timer ends what has run out; after a suspend, which timers do not count, the next
 * message does.
 *
 * <p><b>DHCPv6.</b> {@link io.lanyard.dhcp.Dhcp6Server} has a table of leases of its own, and
 * otherwise the parts named above: {@link io.lanyard.dhcp.LeaseServer} is what the servers have in
 * common. {@code Dhcp6Message} reads a message out of the relays' envelopes. Each of its identity
 * associations is a client ({@code Dhcp6Client}) with one address, known by the client's DUID and
 * the association's number. {@code Dhcp6Answers} waits until all of them have their outcome.
 *
 * <pre>
 * SOLICIT                            choose, hold, ADVERTISE                18.3.1
 * SOLICIT with rapid commit          choose, store, REPLY                   18.3.1
 * REQUEST                            store, REPLY                           18.3.2
 * CONFIRM                            REPLY whether it is an address here    18.3.3
 * RENEW, REBIND                      store, REPLY; or withdraw the address  18.3.4, 18.3.5
 * INFORMATION-REQUEST                options without a lease                18.3.6
 * RELEASE, DECLINE                   as in DHCPv4, and REPLY                18.3.7, 18.3.8
 * </pre>
 *
 * <p>The sections are those of RFC 8415. What a client sends to the server alone is refused.
 * Addresses are not probed before they are given away, since IPv6 hosts look themselves; a lease's
 * holder is, where another claims to be it. {@code Namesakes} keeps a name with one machine in both
 * families.
 */
package io.lanyard.dhcp;
