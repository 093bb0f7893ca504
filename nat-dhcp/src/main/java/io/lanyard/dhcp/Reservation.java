package io.lanyard.dhcp;

import io.lanyard.net.Address;
import org.jspecify.annotations.Nullable;

/**
 * An address that is kept for one MAC address.
 *
 * @param mac whom it is for, in the low 48 bits
 * @param address the address, in the pool or outside of it
 * @param hostname the client's name, whatever it calls itself; null to let it choose
 */
public record Reservation(long mac, Address address, @Nullable String hostname) {}
