/**
 * Virtio devices (VIRTIO 1.2): transport, queue and device, each without knowledge of the others'
 * insides.
 *
 * <p>{@link io.lanyard.machine.virtio.VirtioPci} is the transport: the capabilities, the registers,
 * feature negotiation, the device's status and its interrupts. {@link io.lanyard.virtio.VirtQueue}
 * is a split virtqueue over guest RAM. A {@link io.lanyard.machine.virtio.VirtioDevice} says what
 * it offers and is given its queues when the driver is ready.
 *
 * <p>Rings and descriptors are the guest's, and the guest may be hostile or may change them while
 * they are read. So each descriptor is read once, into a {@link io.lanyard.virtio.Chain}, and
 * checked there; a chain is at most as long as its queue, so a loop ends; addresses that are not
 * RAM, indirect tables inside indirect tables, readable buffers after writable ones, and an
 * available index that runs ahead break the queue: the device stops using it and asks for a reset
 * (section 2.1.2, DEVICE_NEEDS_RESET). Nothing is thrown.
 *
 * <p>Threads: a queue is used with its own lock held. Notifications come on the notifying hart's
 * thread. Network frames for the guest come on the network's loop, disk requests end on a virtual
 * thread. After {@link io.lanyard.machine.virtio.VirtioDevice#reset} has returned no thread of the
 * device touches guest RAM any more; that is what lets a machine give its RAM back.
 */
@org.jspecify.annotations.NullMarked
package io.lanyard.machine.virtio;
