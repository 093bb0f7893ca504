package io.lanyard.dhcp;

import org.jspecify.annotations.Nullable;

/**
 * An address that is kept for one MAC address.
 *
 * @param mac whom it is for, in the low 48 bits
 * @param address the IPv4 address as a big-endian int, in the pool or outside of it
 * @param hostname the client's name, whatever it calls itself; null to let it choose
 */
public record Reservation(long mac, int address, @Nullable String hostname) {}
