/**
 * The gateway as a host on the network: ARP, ICMP, and the way packets take between the guests and
 * the protocol engines.
 *
 * <p><b>In.</b> The switch hands a frame to the gateway's port as to any other. ARP goes to its
 * responder, which answers for the gateway's addresses, learns neighbours and runs the probes that
 * DHCP asks for (RFC 5227). An IPv4 packet is checked, put together if it came in fragments (RFC
 * 815, so many at a time), and sorted by {@link io.lanyard.nat.gateway.Destinations}: to the
 * gateway itself, where a {@link io.lanyard.nat.gateway.DatagramService} may listen; to the host's
 * loopback, where that is permitted; to the world; or nowhere, of which the guest hears by {@link
 * io.lanyard.nat.gateway.IcmpErrors}, at a limited rate. What leads on goes to the {@link
 * io.lanyard.nat.gateway.PacketEngine} of its protocol.
 *
 * <p><b>Out.</b> An engine writes a whole IPv4 packet behind {@link
 * io.lanyard.nat.gateway.GuestLink#LINK_HEADROOM} free bytes and lends it. The gateway fills in the
 * Ethernet header from the neighbour cache and gives the frame to the switch, which carries it to
 * the guest's port within the same call. Only a packet for a guest whose MAC address is not known
 * is copied: a few wait for each address while ARP asks, three times in three seconds; then they
 * are dropped and the engines told.
 *
 * <p><b>Bursts.</b> While the switch is calling, it will flush by itself; what a socket brings ends
 * with {@link io.lanyard.nat.gateway.GuestLink#flush}. An exception in here is counted, logged once
 * and goes no further: a guest must not stop a network.
 */
package io.lanyard.nat.gateway;
