/**
 * Guests' pings to the world, through ICMP sockets of the host.
 *
 * <p>Linux gives a process an ICMP echo socket without privilege where {@code
 * net.ipv4.ping_group_range} permits its group (icmp(7)): what is written is an echo request, whose
 * identifier and checksum the kernel fills in; what is read are the replies to that identifier. One
 * such socket stands for one guest's identifier towards one destination, from the first request
 * until a minute after the last. Replies get the guest's identifier back; errors on the way, time
 * exceeded among them, reach the guest as they reached the host, so that traceroute works.
 *
 * <p>Both families go the same way: the same setting permits both, and only the numbers of the
 * messages differ.
 *
 * <p>Where the host does not permit that but the daemon has {@code CAP_NET_RAW} (it runs as root,
 * or its unit gives it), a raw socket takes its place (raw(7)): connected, so that only what comes
 * from the destination wakes it, and with an identifier of ours, since such a socket hears every
 * reply. Where neither is permitted the guest is told "administratively prohibited", and the
 * operator once what to set.
 */
package io.lanyard.nat.icmp;
