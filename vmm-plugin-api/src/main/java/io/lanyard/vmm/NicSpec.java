package io.lanyard.vmm;

/**
 * A NIC.
 *
 * @param name the NIC's name, unique in its guest
 * @param mac its address: 48 bits, not a group address
 * @param mtu the network's MTU in bytes of IP packet, which the NIC tells the guest
 */
public record NicSpec(String name, long mac, int mtu) {}
