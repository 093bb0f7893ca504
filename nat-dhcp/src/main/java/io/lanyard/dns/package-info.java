/**
 * The network's name server: its own names, a cache, and the host's name servers behind them.
 *
 * <p>All messages are read and written by dnsjava. {@link io.lanyard.dns.DnsForwarder} takes them
 * from the gateway's port 53, over UDP as datagrams, over TCP from {@link
 * io.lanyard.dns.DnsStreamService}. A question goes this way, and stops where it is answered:
 *
 * <pre>
 * not a query, shorter than a header     dropped: a response to a response would never end
 * cannot be read, more than one question FORMERR with its identifier
 * opcode, EDNS version, zone transfer    NOTIMP, BADVERS (RFC 6891 6.1.3), REFUSED
 * OwnZone                                our domain, our subnet's in-addr.arpa, localhost, the
 *                                        names of the host's hosts file, and reverse names that
 *                                        nobody else can know (RFC 6303)
 * egress by name, and a type or class    REFUSED: numbers carry data as labels do
 *   that is not assigned
 * no upstreams                           REFUSED: nothing leaves this network
 * ResponseCache                          by name, type, class, RD, CD, AD, DO, EDNS
 * the same question is under way         waits with it, if there is a place for one more
 * Outstanding                            REFUSED: too many of this port's, or of all, are waiting
 * UpstreamQuery                          the host's servers
 * </pre>
 *
 * <p><b>Own names.</b> The zone is authoritative for all of its domain and subnet: what it does not
 * know is denied with an SOA (RFC 2308 sections 2 and 3) and never leaks upstream. Names of leases
 * follow the lease table as its listener; fixed names come first, so no guest can take {@code
 * gateway} or a host of the configuration. A guest may ask for the bare label as well. A wildcard
 * of the configuration gives its address to what has none (RFC 4592). The host's hosts file comes
 * after all of them, in our domain and elsewhere, since guests expect to resolve what the host
 * resolves; its loopback addresses are left out, which mean something else to a guest.
 *
 * <p><b>Upstream.</b> {@code HostResolver} follows the host's {@code resolv.conf} and hosts file:
 * before a question is forwarded the files are looked at again (on a virtual thread) if the last
 * look is a second old, and when they have changed the cache is forgotten, since a VPN may answer
 * otherwise. A file that cannot be read at that moment (no descriptor is left) is not an empty one:
 * what it said stays true, and it is tried again. Servers that the configuration names are asked
 * instead of the host's; a network that names none and does not lead out asks nobody. The search
 * list is not applied: guests have their own. Where systemd-resolved runs, the domains of the
 * host's links (a VPN's) are asked of the links' servers ({@code ResolvedLinks}); it says over the
 * message bus which those are. We ask from the host, so a stub on its loopback works. {@code
 * UpstreamQuery} gives each attempt a socket and an identifier of its own (RFC 5452 section 4),
 * asks the next server when one is silent, passes over one that fails, fetches over TCP what was
 * truncated, and takes the first answer. The server that answered is asked first next time.
 *
 * <p><b>Passing through.</b> A message keeps its flags (but AA and RA, which say who answers),
 * codes and records of every type, known to dnsjava or not (RFC 3597). Only what belongs to one hop
 * is ours: identifier, EDNS size, cookies. The name in the question comes back in the case that it
 * was sent in. A response is kept as bytes with the places of its times to live, so giving it again
 * costs a copy: identifier, the name's bytes, and times that have counted down. It is kept for its
 * shortest time; a denial for what its SOA says (RFC 2308 section 5), and not at all without one; a
 * failure for a second (RFC 9520). A message that would take more than some milliseconds to read is
 * no answer ({@code MessageCost}), and a large one is read in its port's turn. What does not fit
 * the guest's datagram is cut at a whole record set, with TC.
 *
 * <p><b>Change.</b> A running server takes another domain, other fixed names, and other upstreams.
 * Names of leases follow into the new domain. A question under way has its answer from the server
 * that it was put to; when others are to be asked from then on, nobody else waits for that answer
 * and nobody keeps it.
 *
 * <p><b>Limits.</b> The cache is bounded by entries and bytes, and each answer is charged to the
 * port that asked for it first: a full cache takes a place from the port that holds most. Questions
 * and the queries that wait for them are bounded by {@link io.lanyard.dns.DnsLimits}, which ports
 * share so that none can use them up; answers larger than a datagram, until they are read, by their
 * bytes ({@code LargeAnswers}): where there is no memory for one the guest is told that it was cut,
 * or SERVFAIL. All of these also end where the network holds its part of the process's heap ({@link
 * io.lanyard.nat.station.NameMemory}). A TCP connection is bounded by the bytes and questions that
 * it may have waiting, and by time. A query that waits is kept as an identifier, the case of its
 * name and a size ({@code Asker}); the rest of it is in its question.
 *
 * <p>Thread: everything on the network's loop, upstream sockets included.
 */
package io.lanyard.dns;
