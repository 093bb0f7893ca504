/**
 * Addresses, as everybody in the project means them: read, printed and compared in one place.
 *
 * <p>{@link io.lanyard.net.Address} is one type for both families, IPv4 in its mapped form, so that
 * whatever does not depend on the family (flows, forwards, leases, names) is written once. {@link
 * io.lanyard.net.Subnet}, {@link io.lanyard.net.AddressRange} and {@link io.lanyard.net.Endpoint}
 * are built from it; {@link io.lanyard.net.MacAddress} stands beside it.
 *
 * <p>All types are immutable values. Their {@code parse} methods throw {@link
 * IllegalArgumentException} with a sentence that can stand behind a file's name, line and column;
 * none of them looks up a name. What {@code toString} prints, {@code parse} reads.
 *
 * <p>Frame paths keep addresses as two longs and make no object.
 */
package io.lanyard.net;
