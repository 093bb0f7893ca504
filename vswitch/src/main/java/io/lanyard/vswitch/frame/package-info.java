/**
 * Reading and rewriting a frame where it lies.
 *
 * <p>A frame is bytes in a direct {@link io.netty.buffer.ByteBuf}: a 12-byte {@code
 * virtio_net_hdr_v1} ({@link io.lanyard.vswitch.frame.OffloadHeader}) at the reader index, then the
 * Ethernet frame without FCS. The classes here hold no state and no frame: they are functions of a
 * buffer and an absolute index, so that looking at a frame allocates nothing. Addresses travel as
 * primitives: a MAC address in the low 48 bits of a {@code long}, an IPv4 address in an {@code
 * int}.
 */
package io.lanyard.vswitch.frame;
