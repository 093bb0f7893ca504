/**
 * The composition root: makes networks and guests from a configuration and keeps them running.
 *
 * <p><b>The parts.</b> A {@link io.lanyard.daemon.Daemon} has one state directory, which it locks,
 * one lease store in it, and the networks and guests of its configuration. A {@link
 * io.lanyard.daemon.Network} is an event loop with a switch on it, the ports of its configuration,
 * and, by its mode, a gateway with DHCP and DNS. A guest's slot outlives the guest: it asks the VMM
 * plug-in for one, attaches each of its NICs to a switch, and keeps the reason if that fails.
 * {@link io.lanyard.daemon.GuestHandle} is what the control API holds of it.
 *
 * <p><b>Starting.</b> First directories, lock and lease store; without them there is no daemon
 * ({@link io.lanyard.daemon.StartException}). Then all networks at the same time, each on its own
 * loop, then the control socket, and only then the guests, so that the daemon answers while they
 * boot. Any other part that cannot run is a problem of its own: logged, named in the status, tried
 * again if time may mend it, and the other parts go on.
 *
 * <p><b>Threads.</b> Only a network's loop touches the network's state; a query from outside is a
 * task there, whose answer is a record. Calls into a plug-in go through executors: one call at a
 * time, each with its own timeout, so that a VMM that throws or hangs harms its own guests and no
 * others. No thread of a guest enters a network: a frame crosses by the in-process port's ring.
 *
 * <p><b>Stopping</b> is starting backwards: guests, plug-ins, networks, the lease store, the lock.
 */
package io.lanyard.daemon;
