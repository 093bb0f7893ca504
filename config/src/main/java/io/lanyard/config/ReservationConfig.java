package io.lanyard.config;

import org.jspecify.annotations.Nullable;

/**
 * An address kept for one client.
 *
 * @param mac the client
 * @param address its address; may lie outside the pool
 * @param hostname the name that it gets and that DNS answers for, or null for the client's own
 */
public record ReservationConfig(MacAddress mac, Ipv4Address address, @Nullable String hostname) {}
