/**
 * The daemon's program: its command line, its signals, its end.
 *
 * <p>{@link io.lanyard.daemon.main.Main} reads the options and runs a {@code DaemonCommand}, which
 * makes the daemon and its servers, says that it is ready, and waits:
 *
 * <pre>
 *   options --> configuration, log --> directories, networks --> API --> ready --> guests
 *      |              |                       |                          |
 *      v              v                       v                          | SIGTERM, SIGINT, end of input
 *   exit 2         exit 1                  exit 1                        v
 *                                                                stopping --> stopped, exit
 * </pre>
 *
 * <p>A signal ends the JVM as soon as its shutdown hooks have ended, so one of them waits until the
 * daemon has stopped. What is slow to make the first time is begun before anything else, on threads
 * of its own. {@code Rehearsal} does all that once for the JVM to remember (JEP 514).
 */
package io.lanyard.daemon.main;
