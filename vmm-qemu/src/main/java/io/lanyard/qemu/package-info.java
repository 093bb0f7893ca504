/**
 * QEMU as a VMM plug-in: {@code vmm: qemu}.
 *
 * <p>A guest is a QEMU process. {@link io.lanyard.qemu.QemuCommand} makes its command line out of
 * the specification, {@link io.lanyard.qemu.QemuProcess} starts it, and from then on it is driven
 * by QMP, QEMU's JSON protocol, on a UNIX socket ({@link io.lanyard.qemu.Qmp}). {@link
 * io.lanyard.qemu.QemuGuest} outlives its QEMUs; {@link io.lanyard.qemu.RunningQemu} is one of them
 * with its connection:
 *
 * <pre>
 *   lanyard daemon                                     QEMU (a session of its own)
 *   RunningQemu -- Qmp -------- qmp ------------------ monitor      start, stop, reset, events
 *   QemuGuest -- QemuConsole -- console -------------- serial port
 *   switch port (the daemon's) --- NIC's socket ------ virtio-net   frames, past the plug-in
 * </pre>
 *
 * <p>QEMU runs in a session of its own, where systemd permits it in a scope of its own too ({@link
 * io.lanyard.qemu.SystemdScope}), and listens at all three sockets, so that it outlives the process
 * that connects to them: Lanyard's daemon may end, be killed, or be started again. What a guest
 * needs to be found by is in its directory below the plug-in's runtime directory: {@code pid},
 * {@code qmp}, {@code console} and {@code command}, the command line that it was started with.
 *
 * <pre>
 *   CREATED --start--&gt; RUNNING &lt;--stop, cont--&gt; PAUSED
 *      |                  |  \________ quit, SHUTDOWN ______&gt; STOPPED
 *      +-- qmp answers -&gt; (found again)  \__ QMP ends without a SHUTDOWN --&gt; FAILED
 * </pre>
 *
 * <p>Everything that comes from the configuration reaches QEMU as a whole argument, as JSON, or as
 * a word of letters, digits, dots and hyphens: a comma in a path is a comma in a path. What comes
 * from QEMU is bounded: a message of QMP, what it prints before it runs, what a console keeps.
 *
 * <p>Threads: a guest has one that reads QMP, one for its events, and two for its console, all
 * virtual. Calls on a guest hold its lock; replies come from the reading thread, which takes none.
 */
package io.lanyard.qemu;
