/**
 * The gateway as a host on the network: ARP and neighbour discovery, ICMP, and the way of packets
 * between the guests and the protocol engines, in both families.
 *
 * <p><b>In.</b> The switch hands the gateway's port a frame with its passage. The gateway finds the
 * {@link io.lanyard.nat.station.Station} of the frame by the passage's ingress port and source MAC
 * address, so that everything that follows is on the account of the port, whatever addresses the
 * guest makes up. ARP goes to {@code AddressResolution}, which answers for the gateway's addresses,
 * feeds the neighbours and runs the probes that DHCP asks for (RFC 5227). A packet is checked by
 * the input of its family and put together if it came in fragments (RFC 815, RFC 8200, bounded per
 * port), once, into the {@link io.lanyard.nat.gateway.Packet} that all further code reads, whatever
 * its family. {@link io.lanyard.nat.gateway.Destinations} sorts it: to the gateway itself, where a
 * {@link io.lanyard.nat.gateway.DatagramService} may listen; to the host's loopback; to the world;
 * or nowhere, which {@link io.lanyard.nat.gateway.IcmpErrors} tells the guest at a limited rate.
 * The {@link io.lanyard.nat.gateway.PacketEngine} of its protocol takes a packet that leads on, and
 * asks {@link io.lanyard.nat.gateway.Egress} whether a new flow may leave.
 *
 * <p><b>IPv6.</b> On a network that has it, address resolution is neighbour discovery, which feeds
 * the same neighbours as ARP and defends the gateway's addresses, with router advertisements, by
 * which guests configure themselves; and the input walks along extension headers. What else differs
 * by family is small: the header that an engine writes, the format of ICMP errors, the fragments. A
 * packet's ICMP has IPv4's protocol number in both families, so that flows, egress and quotas ask
 * no further.
 *
 * <p><b>Out.</b> An engine writes a whole IP packet behind {@link
 * io.lanyard.nat.gateway.GuestLink#LINK_HEADROOM} free bytes and lends it, with the {@link
 * io.lanyard.nat.station.Neighbour} that it is for. The gateway fills in the Ethernet header and
 * gives the frame to the switch, which carries it to the guest's port within the same call. Only a
 * packet for a neighbour whose MAC address is not known is copied: a few wait for each address
 * while it is asked for, three times in three seconds; then they are dropped and the engines told.
 *
 * <p><b>Bursts.</b> While the switch calls the gateway, the switch flushes by itself; frames that a
 * socket brings end with {@link io.lanyard.nat.gateway.GuestLink#flush}. The gateway counts an
 * exception in here, logs the first one and goes on: a guest must not stop a network.
 */
package io.lanyard.nat.gateway;
