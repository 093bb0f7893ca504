/**
 * The rest of the machine as a hart sees it: RAM and memory-mapped devices, by physical address.
 *
 * <p>{@link io.lanyard.machine.bus.Ram} is one shared mapping of a memfd, so that it can be lent to
 * a device in another process. {@link io.lanyard.machine.bus.Bus} knows which device answers at
 * which address; it never throws for an address that nobody answers, because the guest chooses the
 * address: it says no, and the hart raises an access fault. {@link io.lanyard.machine.bus.Device}
 * is an address range with a read and a write, called on the thread of the hart that does the
 * access; a device that is also touched by other threads does its own locking.
 *
 * <p>RAM is not reached through the bus by harts in their fast path: their soft TLBs hold host
 * addresses inside the mapping. Those are only ever made from a physical page that {@link
 * io.lanyard.machine.bus.Ram#contains} has approved.
 *
 * <p>Devices write RAM whenever they like, code included: harts notice changed code at their next
 * {@code fence.i} by comparing, so DMA needs no hook.
 */
package io.lanyard.machine.bus;
