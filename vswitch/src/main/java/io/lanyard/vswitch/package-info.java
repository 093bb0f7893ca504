/**
 * A network's switch and what hangs from it.
 *
 * <p>Everything in this package belongs to one event loop, the network's: a {@link
 * io.lanyard.vswitch.Port} reads a burst of frames, hands each to its switch, and the frame leaves
 * by another port before the next one is looked at. Nothing here takes a lock, because nothing here
 * is called from another thread; whoever stands outside sends a task to the loop.
 *
 * <p>A frame is lent, not given: the caller keeps its reference and may reuse the buffer as soon as
 * the call returns. A port that needs the bytes for longer retains or copies them.
 */
package io.lanyard.vswitch;
