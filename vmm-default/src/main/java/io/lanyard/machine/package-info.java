/**
 * The bundled VMM.
 *
 * <p>A {@link io.lanyard.machine.Machine} is one life between power-on and power-off: RAM, harts,
 * bus and devices, made together, started once, closed together. A {@link
 * io.lanyard.machine.LanyardGuest} is what outlives it: the console with its history, the NICs with
 * their links, the open images. So a reset is a new machine, and no device needs a reset of its own
 * that could forget something.
 *
 * <pre>
 *   CREATED ---start---&gt; RUNNING &lt;---pause, resume---&gt; PAUSED
 *                         ^    |                         |
 *                   start |    | power off, kill, error  |
 *                         |    v                         |
 *                       STOPPED, FAILED &lt;---- kill ------'
 * </pre>
 *
 * <p>The parts stand on one another: {@code bus} is RAM and the devices' addresses, {@code mmu} and
 * {@code hart} execute on it, {@code device} is the board, {@code virtio} and {@code disk} are
 * behind its PCI bus, {@code sbi} answers as firmware, {@code boot} fills the RAM, and this package
 * joins them.
 *
 * <p>Threads: each hart, each disk whose driver is ready, and each program that reports by {@code
 * tohost} has a platform thread, because a guest can keep them busy without end, and virtual
 * threads share as many carriers as there are cores. Network frames for the guest arrive on the
 * network's loop. Whatever ends a machine (an SBI call, the test finisher, a program's {@code
 * tohost}, an error) only notes the {@link io.lanyard.machine.Machine.End} and stops the harts; a
 * thread of the machine's own, which waits for that from the start, does what follows. Calls on a
 * guest take its lock, so they happen one after the other; none holds it for longer than about a
 * second on account of what the guest does.
 *
 * <p>RAM is unmapped last: after the harts' threads have ended and each device has let go of it. If
 * that takes long, since the host has not finished what a disk asked for, the guest is stopped
 * nevertheless, and a thread gives the rest back later.
 */
@org.jspecify.annotations.NullMarked
package io.lanyard.machine;
