/**
 * One class for each way into a switch.
 *
 * <p>A port reads in bursts: it takes up to a few dozen frames from its device or socket, hands
 * each to the switch, flushes the switch once, and gives the loop back, so that a busy port does
 * not starve the others. Towards the guest it gathers what the switch transmits and sends it at the
 * flush, with as few system calls as the medium allows.
 *
 * <p>A receiver behind the switch may retain a frame that is lent. A port therefore looks at the
 * reference count after it has handed a frame over: a buffer that is still held elsewhere is left
 * to its holder, and a fresh one takes its place.
 *
 * <p>Ports are made on any thread (making one may block), attached to the switch and started on the
 * network's loop, and closed there.
 */
package io.lanyard.vswitch.port;
