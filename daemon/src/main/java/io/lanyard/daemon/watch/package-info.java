/**
 * Health of the daemon: loops that hang, and problems that are present.
 *
 * <p>{@link io.lanyard.daemon.watch.Watchdog} asks every loop and executor for a sign of life once
 * per second. A loop that does not answer in time is logged with its stack, is a problem while it
 * hangs, and keeps the sign of life from systemd, which then restarts the daemon.
 *
 * <p>{@link io.lanyard.daemon.watch.Problems} collects the present problems: a component does not
 * report a problem and take it back, it is asked. The status of the daemon and of each network
 * shows them.
 */
package io.lanyard.daemon.watch;
