/**
 * Port forwards: what comes to a port of the host reaches a port of a guest.
 *
 * <p>A TCP forward listens with an ordinary Netty server socket on the network's loop; an accepted
 * connection is handed, unread, to the TCP engine, which opens a connection to the guest and joins
 * the two. The guest sees the gateway as the client.
 *
 * <p>A UDP forward has one socket on the host. Each client that sends to it becomes a flow in the
 * flow table and gets a port of the gateway's own, so that the guest can tell clients apart and its
 * answers find their way back; it ages like any other UDP flow. A socket on all addresses of the
 * host hears which of them a client has asked ({@code IP_PKTINFO}, RFC 3542 section 6): that
 * address is part of what tells flows apart, and the answer leaves from it, since a client that has
 * connected its socket sees no other.
 *
 * <p>A forward's clients are charged to the forward, not to the guest, and below it to the client's
 * address ({@link io.lanyard.nat.flow.FlowQuota} says how many): what the world opens neither uses
 * up what a guest may hold nor ends the guest's own flows, and one client leaves others a place.
 *
 * <p>A listen address that cannot be had does not take the network with it: that forward is listed
 * as failed with its reason, and tried again every few seconds. A forward leads to an address, or
 * to a guest's NIC, whose lease is looked up for each connection: it may be declared before its
 * guest has an address, and follows it.
 *
 * <p><b>Change.</b> A forward is the configuration's own record ({@link
 * io.lanyard.config.ForwardConfig}), known by its protocol and listen address. It is added with an
 * answer that says whether its port is open, so that a change of the configuration can fail and be
 * taken back. Its target is replaced without touching the port: flows that are open live on, and
 * new clients go to the new target. TCP connections outlive a forward that is removed unless they
 * are to end with it.
 */
package io.lanyard.nat.forward;
