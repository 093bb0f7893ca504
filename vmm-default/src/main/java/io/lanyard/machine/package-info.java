/**
 * The bundled VMM.
 *
 * <p>A {@link io.lanyard.machine.Machine} is one life between power-on and power-off: RAM, harts,
 * bus and devices, made together, started once, closed together. A {@link
 * io.lanyard.machine.LanyardGuest} is what outlives it: the console with its history, the network
 * cards with their cables, the open images. So a reset is a new machine, and no device needs a
 * reset of its own that could forget something.
 *
 * <p>Threads: each hart has a platform thread; a disk has a virtual thread; network frames for the
 * guest arrive on the network's loop. Whatever ends a machine (an SBI call, the test finisher, a
 * program's {@code tohost}, an error) only notes the {@link io.lanyard.machine.Machine.End} and
 * stops the harts; the last hart's thread then tells the guest, on a thread that may take the
 * guest's lock. Calls on a guest take that lock, so they happen one after the other.
 *
 * <p>RAM is unmapped last: after the harts' threads have ended and each device has let go of it. If
 * a thread does not end, RAM is leaked and said so, rather than pulled from under it.
 */
@org.jspecify.annotations.NullMarked
package io.lanyard.machine;
