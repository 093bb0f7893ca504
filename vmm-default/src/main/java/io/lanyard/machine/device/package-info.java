/**
 * The platform devices of the machine: what a board has besides harts and RAM.
 *
 * <p>Each device is an address range ({@link io.lanyard.machine.bus.Device}) with a monitor of its
 * own, because harts, network loops and disk threads reach it at the same time. An interrupt is a
 * level, a wire: a device computes whether its {@link io.lanyard.machine.device.InterruptLine} is
 * high after each change of state, and says so; nobody counts edges. Wires end in the {@link
 * io.lanyard.machine.device.Plic}, which drives the external interrupt of each hart. Several PCI
 * functions share a wire; {@link io.lanyard.machine.device.PciHost} joins them.
 *
 * <p>Order of monitors, outermost first: device, {@link io.lanyard.machine.device.PciHost} wires,
 * PLIC. No device calls out to the host's world (console listeners, networks, disks) inside its
 * monitor.
 *
 * <p>Addresses and interrupt numbers are those of QEMU's {@code virt} board, in {@link
 * io.lanyard.machine.device.MemoryMap}, so that firmware made for it runs unchanged.
 */
@org.jspecify.annotations.NullMarked
package io.lanyard.machine.device;
