/**
 * The gateway as a host on the network: ARP, ICMP, and the way of packets between the guests and
 * the protocol engines.
 *
 * <p><b>In.</b> The switch hands the gateway's port a frame with its passage. The gateway finds the
 * {@link io.lanyard.nat.station.Station} of the frame by the passage's ingress port and source MAC
 * address, so that everything that follows is on the account of the port, whatever addresses the
 * guest makes up. ARP goes to its responder, which answers for the gateway's addresses, feeds the
 * neighbours and runs the probes that DHCP asks for (RFC 5227). An IPv4 packet is checked and put
 * together if it came in fragments (RFC 815, bounded per port), once, into the {@link
 * io.lanyard.nat.gateway.Packet} that all further code reads. {@link
 * io.lanyard.nat.gateway.Destinations} sorts it: to the gateway itself, where a {@link
 * io.lanyard.nat.gateway.DatagramService} may listen; to the host's loopback; to the world; or
 * nowhere, which {@link io.lanyard.nat.gateway.IcmpErrors} tells the guest at a limited rate. The
 * {@link io.lanyard.nat.gateway.PacketEngine} of its protocol takes a packet that leads on, and
 * asks {@link io.lanyard.nat.gateway.Egress} whether a new flow may leave.
 *
 * <p><b>Out.</b> An engine writes a whole IPv4 packet behind {@link
 * io.lanyard.nat.gateway.GuestLink#LINK_HEADROOM} free bytes and lends it, with the {@link
 * io.lanyard.nat.station.Neighbour} that it is for. The gateway fills in the Ethernet header and
 * gives the frame to the switch, which carries it to the guest's port within the same call. Only a
 * packet for a neighbour whose MAC address is not known is copied: a few wait for each address
 * while ARP asks, three times in three seconds; then they are dropped and the engines told.
 *
 * <p><b>Bursts.</b> While the switch calls the gateway, the switch flushes by itself; frames that a
 * socket brings end with {@link io.lanyard.nat.gateway.GuestLink#flush}. The gateway counts an
 * exception in here, logs the first one and goes on: a guest must not stop a network.
 */
package io.lanyard.nat.gateway;
