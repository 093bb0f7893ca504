/**
 * The daemon's log: the only place of the process that decides how a line is written.
 *
 * <p>{@link io.lanyard.daemon.log.DaemonLog} is the one handler of {@code java.util.logging}: it
 * writes a line per event to standard error, for a terminal or for the journal, and counts warnings
 * and the failures of loops. A budget per logger bounds what a failure that repeats itself may
 * write. {@link io.lanyard.daemon.log.LastingLogManager} keeps the handler while the JVM shuts
 * down, so that the last lines are written too.
 */
package io.lanyard.daemon.log;
