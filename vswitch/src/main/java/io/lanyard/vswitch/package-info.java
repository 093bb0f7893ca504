/**
 * A network's switch and what hangs from it.
 *
 * <p>Everything in this package belongs to one event loop, the network's: a {@link
 * io.lanyard.vswitch.Port} reads a burst of frames, hands each to its switch, and the frame leaves
 * by another port before the next one is looked at. Nothing here takes a lock, because nothing here
 * is called from another thread; other threads send a task to the loop.
 *
 * <p>A frame is lent, not given: the caller keeps its reference and may reuse the buffer as soon as
 * the call returns. A port that needs the bytes for longer retains or copies them.
 *
 * <p><b>A frame's way.</b> {@link io.lanyard.vswitch.Switch} checks what the frame claims about
 * itself (its offload header is input as well), notes in the {@link io.lanyard.vswitch.MacTable} by
 * which port its source is reached, and looks its destination up: known, it goes to that port;
 * unknown or a group address, to all others. What a port cannot do itself ({@link
 * io.lanyard.vswitch.Offloads}: finishing a checksum, cutting a super-frame) is done before it is
 * asked to transmit, and counted. At the end of its burst the port that received flushes the
 * switch, which flushes each port that has got something.
 *
 * <p><b>Turns.</b> The loop serves its ports by the time that each takes ({@link
 * io.lanyard.vswitch.Turns}): a burst is charged to the port that sent it, data from the host to
 * the port of its flow, and a port that has had its share waits until the others have had theirs.
 *
 * <p><b>Faults.</b> A fault of a port, a policy or an engine behind a port must not end the loop.
 * It is caught where the loop calls, counted and logged ({@link io.lanyard.vswitch.LoopFaults}),
 * and the work that threw is tried again; where that is of no use, its source is closed ({@link
 * io.lanyard.vswitch.Work#broke}).
 *
 * <p><b>Time.</b> A {@link io.lanyard.base.Clock} is injected everywhere, and {@link
 * io.lanyard.base.TimerWheel} turns it into timers on the loop that cost nothing while they are
 * pushed back. What happened is in counters, which each part shows as a {@link
 * io.lanyard.base.DumpNode}.
 */
package io.lanyard.vswitch;
