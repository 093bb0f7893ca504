/**
 * The policies of a port: the guards, which decide which addresses it may claim, what the host's
 * stack must not hear, and a rate.
 *
 * <p>A {@link io.lanyard.vswitch.Policy} judges one frame at a port, at ingress or at egress, and
 * says why it goes no further. {@link io.lanyard.vswitch.policy.RateLimit} is a token bucket;
 * {@link io.lanyard.vswitch.policy.HostShield} keeps DHCP answers, router advertisements and
 * redirects of guests from the host adapter, and {@link io.lanyard.vswitch.policy.HostDestinations}
 * what would go past the gateway by it. The rest of this page is about guards.
 *
 * <p>A guest chooses its addresses, but not its port. The switch's {@code MacTable} holds MAC
 * addresses to ports; {@link io.lanyard.vswitch.policy.Guard} does so for IP addresses, at the
 * ingress, behind it: when a guard judges a frame, its source MAC address is the port's.
 *
 * <p>The addresses of a network stand in {@link io.lanyard.vswitch.policy.PortAddresses}. DHCP
 * binds an address to the MAC address that has leased or reserved it. A <em>strict</em> guard lets
 * a MAC address use what is bound to it, and what the configuration gives to the port. A
 * <em>learning</em> guard also lets its port claim addresses that are neither bound nor claimed by
 * another guarded port: the first to use one has it, until the port loses its carrier. What the
 * configuration gives to one port, another does not claim.
 *
 * <p>Some frames have no source address. A host may ask who uses an address before it has it (ARP
 * probe, duplicate address detection), but not for one that is another's: a client that hears such
 * a question for the address that it has just got declines it. A DHCP client without an address
 * speaks to a server alone, and for the MAC address that its frame comes from.
 *
 * <p>What hides its headers is dropped rather than guessed at: too many tags, SNAP, fragments of
 * DHCP and of neighbour discovery, headers that are cut short (RFC 7113, RFC 6980).
 */
package io.lanyard.vswitch.policy;
