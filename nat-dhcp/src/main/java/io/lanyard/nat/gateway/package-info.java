/**
 * The gateway as a host on the network: ARP, ICMP, and the way packets take between the guests and
 * the protocol engines.
 */
package io.lanyard.nat.gateway;
