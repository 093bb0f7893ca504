/**
 * The composition root: makes networks and guests from a configuration and keeps them running.
 *
 * <p><b>The parts.</b> A {@link io.lanyard.daemon.Daemon} has one state directory, which it locks,
 * one lease store in it, and what the configuration names. A {@link io.lanyard.daemon.Network} is
 * an event loop with a switch on it, the ports of its configuration, and, by its mode, a gateway
 * with DHCP and DNS. A guest's slot outlives the guest: it asks the VMM plug-in for one, plugs each
 * of its cards into a switch by a cable, and remembers why that failed if it did. {@link
 * io.lanyard.daemon.GuestHandle} is what the control API holds of it.
 *
 * <p><b>Starting.</b> First what nothing can run without: directories, lock, lease store; without
 * them there is no daemon ({@link io.lanyard.daemon.StartException}). Then all networks at a time,
 * each on its own loop, then the control socket, and only then the guests, so that the daemon
 * answers while they boot. Whatever else cannot run is a problem of its own: logged, named in the
 * status, tried again if time may mend it, and in nobody's way.
 *
 * <p><b>Threads.</b> What a network owns is touched on its loop only; a question from outside is a
 * task there, whose answer is a record. Into a plug-in lead lanes: one call at a time, each with
 * its own patience, so that a VMM that throws or hangs costs its own guests and no one else. No
 * thread of a guest enters a network: a frame crosses by the in-process port's ring.
 *
 * <p><b>Stopping</b> is starting backwards: guests, plug-ins, networks, the lease store, the lock.
 */
package io.lanyard.daemon;
