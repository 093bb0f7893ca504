package io.lanyard.config;

/**
 * A network's IPv4 addresses.
 *
 * @param subnet the subnet
 * @param gateway the gateway's address, {@code .2} unless said
 * @param host the host's address, {@code .1} unless said: the host adapter's, or what the gateway
 *     answers for where {@code host-loopback} is on
 * @param pool what DHCP gives away, {@code .128} to {@code .254} unless said
 */
public record Ipv4Config(Cidr subnet, Ipv4Address gateway, Ipv4Address host, Ipv4Range pool) {}
