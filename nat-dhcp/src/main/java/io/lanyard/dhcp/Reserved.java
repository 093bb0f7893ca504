package io.lanyard.dhcp;

import io.lanyard.net.Address;
import org.jspecify.annotations.Nullable;

/**
 * An address that one server keeps for a client.
 *
 * @param mac the client, in the low 48 bits
 * @param address its address, of the server's family
 * @param hostname the name that it gets; null for its own
 */
record Reserved(long mac, Address address, @Nullable String hostname) {}
