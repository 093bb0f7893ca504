/**
 * How a daemon is started: the options of its program.
 *
 * <p>The daemon and the command line are two programs in two modules, and a launcher in front of
 * them runs the one or the other, so that a daemon does not carry the commands and a command does
 * not carry the daemon. What both know of {@code lanyard daemon} is here, once: the daemon reads
 * each {@link io.lanyard.control.launch.DaemonOption} and prints the {@link
 * io.lanyard.control.launch.DaemonUsage}, the command line explains and completes them.
 */
package io.lanyard.control.launch;
