/**
 * The little of TLS that the gateway reads: the name that a client's first message asks for.
 *
 * <p>{@link io.lanyard.nat.tls.ClientHello} finds it in the bytes that a guest has sent so far,
 * whatever the segments and records that they came in. It believes nothing: each length is checked
 * against what is there, and what is not exactly a client's first message has no name.
 */
package io.lanyard.nat.tls;
