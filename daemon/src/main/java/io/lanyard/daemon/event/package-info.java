/**
 * Events of the daemon, for those who want to hear of them.
 *
 * <p>The {@link io.lanyard.daemon.event.EventBus} keeps the last few thousand events in a ring. Who
 * listens has a place in the ring and no queue: a reader that does not read costs nothing, and one
 * that falls out of the ring is told that it has missed some. Numbers go on for as long as the
 * daemon runs; an event's id has the number and a word that is another one in each run, so that a
 * reader which comes back with an id goes on behind it, or is told that it cannot.
 *
 * <p>What a guest can cause has a limit per source ({@code EventLimits}): it neither turns the ring
 * over nor keeps readers from the events of others.
 *
 * <p>{@link io.lanyard.daemon.event.Hooks} is one such reader: it runs the programs that the
 * configuration names, one process per event, limited in time and number.
 */
package io.lanyard.daemon.event;
