/**
 * NAT for UDP, as RFC 4787 asks for it, through ordinary sockets of the host.
 *
 * <p>A <em>mapping</em> is a guest's endpoint (address and port) and the host's socket that stands
 * for it. The socket is not connected, so that the guest keeps one outside port whatever it talks
 * to (endpoint-independent mapping, REQ-1), the guest's own port number where the host has it free
 * and does not reserve it ({@link io.lanyard.nat.udp.ReservedPorts}). A <em>flow</em> is the part
 * of a mapping to and from one remote endpoint: it lies in the flow table on the account of the
 * station that sent first, is found there by each packet in either direction, counts, and ages. The
 * first flow of an endpoint makes the mapping, the end of the last one closes its socket. So ten
 * thousand destinations of one guest port are ten thousand flows, and one descriptor.
 *
 * <p>From outside, a datagram is taken only from an address that the guest has sent to
 * (address-dependent filtering, REQ-8), unless the network is configured otherwise.
 *
 * <p>A datagram's cost is its way through the host's stack, so several go that way as one wherever
 * they can. Outward a guest's super-frame, or equal datagrams of one flow that follow one another
 * in a burst, are a <em>batch</em>: one system call ({@code UDP_SEGMENT}), and on the wire the same
 * datagrams as before. Order within a flow holds: one batch is open at a time, and a datagram that
 * does not fit into it, or the end of the burst, sends the batch first. Where the path refuses a
 * batch, because its datagrams would have to be fragments or its device cannot, they go singly, and
 * so do later ones of that flow that are not smaller ({@code DatagramSender}).
 *
 * <p>Inward datagrams are read in bursts straight into frames that have room for the headers before
 * the payload ({@link io.lanyard.nat.udp.HostReader}); a batch that the kernel has kept together
 * ({@code UDP_GRO}) becomes one super-frame, unless its datagrams are to be fragments on the
 * guest's network. The UDP checksum is left to the port that a frame leaves by. Neither direction
 * makes an object, and counters count datagrams.
 *
 * <p>Errors that the host keeps for a socket (refused, unreachable, time exceeded on the way, too
 * large) become the ICMP errors that the guest would have seen without NAT.
 *
 * <p>Forwards from the host's ports share the table, with their own kind of flow: the guest sees
 * the client as a port of the gateway.
 */
package io.lanyard.nat.udp;
