package io.lanyard.config;

import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import org.jspecify.annotations.Nullable;

/**
 * An address kept for one client.
 *
 * @param mac the client
 * @param address its address; may lie outside the pool
 * @param hostname the name that it gets and that DNS answers for, or null for the client's own
 */
public record ReservationConfig(MacAddress mac, Address address, @Nullable String hostname) {}
