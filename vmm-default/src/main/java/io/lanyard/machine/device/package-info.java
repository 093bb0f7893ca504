/**
 * The platform devices of the machine: what a board has besides harts and RAM.
 *
 * <p>Each device is an address range ({@link io.lanyard.machine.bus.Device}) with a monitor of its
 * own, because harts, network loops and disk threads reach it at the same time. An interrupt is a
 * level, a wire: a device computes whether its {@link io.lanyard.machine.device.InterruptLine} is
 * high after each change of state, and says so; nobody counts edges. Several PCI functions share a
 * wire; {@link io.lanyard.machine.device.PciHost} joins them.
 *
 * <p>A machine has one of two {@linkplain io.lanyard.machine.device.InterruptControl ways} to its
 * harts. Wires may end in the {@link io.lanyard.machine.device.Plic}, which drives the external
 * interrupt of each hart. Or harts take messages, stored to their page of an {@link
 * io.lanyard.machine.device.Imsic}: a PCI function sends its own ({@link
 * io.lanyard.machine.device.MsiX}), one vector a queue, and wires end in the {@link
 * io.lanyard.machine.device.Aplic}, which sends one for each rise. A message sets a bit in the
 * hart's interrupt file and takes no lock, so a network's loop that interrupts a guest waits for
 * nothing.
 *
 * <p>Order of monitors, outermost first: device, {@link io.lanyard.machine.device.PciHost} wires,
 * PLIC or APLIC. No device calls out to the host's world (console listeners, networks, disks)
 * inside its monitor.
 *
 * <p>Addresses and interrupt numbers are those of QEMU's {@code virt} board, in {@link
 * io.lanyard.machine.device.MemoryMap}, so that firmware made for it runs unchanged.
 */
@org.jspecify.annotations.NullMarked
package io.lanyard.machine.device;
