/**
 * The composition root: makes networks and guests from a configuration and keeps them running.
 *
 * <pre>
 *   main --> daemon --> change --> guest --> network --> network.port
 *                         |          |          |
 *                      history       '----------+--> event, metric, watch     log
 * </pre>
 *
 * <p><b>The parts.</b> A {@link io.lanyard.daemon.Daemon} has one state directory, which it locks,
 * one lease store in it, and the networks and guests of its configuration: package {@code network}
 * runs a network, {@code guest} a guest, and {@code change} has the conductor, which owns both.
 * {@code metric}, {@code watch}, {@code event} and {@code log} say how they are.
 *
 * <p><b>Starting.</b> First directories, lock and lease store; without them there is no daemon
 * ({@link io.lanyard.daemon.StartException}). Then all networks at the same time, each on its own
 * loop, then the control socket, and only then the guests, so that the daemon answers while they
 * boot. Any other part that cannot run is a problem of its own: logged, named in the status, tried
 * again if time may mend it, and the other parts go on.
 *
 * <p><b>Threads.</b> Only a network's loop touches the network's state; a query from outside is a
 * task there, whose answer is a record. Changes run on the conductor's thread. Calls into a plug-in
 * go through executors with a timeout each.
 *
 * <p><b>Stopping</b> is starting backwards: guests, plug-ins, networks, the lease store, the lock.
 */
package io.lanyard.daemon;
