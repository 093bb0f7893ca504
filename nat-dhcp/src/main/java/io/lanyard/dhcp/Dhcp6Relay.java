package io.lanyard.dhcp;

import io.lanyard.net.Address;
import org.jspecify.annotations.Nullable;

/**
 * A relay that a message has come by (RFC 8415 section 9), as the reply has to name it.
 *
 * @param hops how many relays were before it
 * @param link the link that the client is on, or unspecified
 * @param peer who sent the message to the relay
 * @param interfaceId what the relay knows the interface by, to be returned; null for nothing
 * @param mac the client's MAC address as the relay saw it (RFC 6939); 0 if it does not say
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Dhcp6Relay(int hops, Address link, Address peer, byte @Nullable [] interfaceId, long mac) {}
