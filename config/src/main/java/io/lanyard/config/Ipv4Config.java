package io.lanyard.config;

import io.lanyard.net.Address;
import io.lanyard.net.AddressRange;
import io.lanyard.net.Subnet;

/**
 * A network's IPv4 addresses.
 *
 * @param subnet the subnet
 * @param gateway the gateway's address, {@code .2} unless said
 * @param host the host's address, {@code .1} unless said: the host adapter's, or what the gateway
 *     answers for where {@code host-loopback} is on
 * @param pool what DHCP gives away, {@code .128} to {@code .254} unless said
 */
public record Ipv4Config(Subnet subnet, Address gateway, Address host, AddressRange pool) {}
