/**
 * The difference of two configurations: the changes that lead from one to the other.
 *
 * <p>{@code Difference} compares the records of the model, thing by thing. A thing is known by its
 * name: networks, guests, ports and port groups by theirs, forwards by {@link
 * io.lanyard.config.ForwardConfig#label}. What has no name of its own is compared as a whole: a
 * network's DHCP server, DNS forwarder, NAT, egress rules and switch are one change each, however
 * much in them differs. The order of networks, ports, forwards, reservations and guests means
 * nothing; that of egress rules, disks and NICs does.
 *
 * <p>A port has what it inherits from its port group in its own record, so that another group is a
 * change of each port that becomes another one by it, and of no other port. The change of the group
 * itself only tells of it.
 *
 * <p>Changes can be made one after the other, in the order of the list:
 *
 * <pre>
 *   guests removed          they leave before their network does
 *   let go                  forwards, ports, host adapters removed; their sockets and devices are free
 *   networks removed, replaced, added
 *   changed in place        by network: switch, services, host adapter, port groups,
 *                           ports, forwards
 *   guests changed, added   their networks are there
 *   the daemon's own        metrics, log, what needs a restart
 * </pre>
 *
 * <p>{@code Holdings} knows what one thing holds at a time: a listening address, a socket's path, a
 * device, a writable disk, a MAC address. A thing that changes and holds what another thing is to
 * have becomes two changes, its removal with the first of the list and its addition with the last:
 * two forwards can swap their listening addresses.
 */
package io.lanyard.config.change;
