/**
 * The split virtqueue, from the device's side (VIRTIO 1.2 section 2.7), over any memory.
 *
 * <p>{@link io.lanyard.virtio.GuestMemory} is what the ring lies in: the bundled machine's RAM
 * ({@link io.lanyard.virtio.FlatMemory}), or the regions that another VMM has shared ({@link
 * io.lanyard.virtio.RegionMemory}). {@link io.lanyard.virtio.VirtQueue} takes chains of buffers
 * from the driver and gives them back; a {@link io.lanyard.virtio.Chain} is the checked copy of
 * one, made once and filled again and again. What the driver writes is input: every address, length
 * and index is looked at before it is used, each descriptor is read once, and a driver that breaks
 * the rules has a queue that is dead until the device is reset.
 *
 * <pre>
 *   driver:  available.index++ ---> hasNext, pop --> device works --> push, publish ---> used.index++
 *                                       |                                |
 *                                       +--- rewind: as if not popped ---+
 * </pre>
 */
package io.lanyard.virtio;
