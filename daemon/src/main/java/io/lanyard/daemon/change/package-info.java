/**
 * The conductor: owns what runs, and makes it what the configuration says.
 *
 * <p>{@link io.lanyard.daemon.change.RunningTree} has the networks and guests. {@link
 * io.lanyard.daemon.change.Conductor} changes it, one command at a time on a thread of its own:
 *
 * <pre>
 *   ChangeRequest --read, check--> new configuration --Difference--> changes
 *
 *   changes --Endings--> it would end flows or guests, and may not: refused
 *      '-----Steps, StepMaker--> steps --Transaction--> all done --Revisions--> kept --> told
 *                                            '--------> one failed --undo--> refused, all as before
 * </pre>
 *
 * <p>{@code Steps} puts the steps in order: what cannot fail comes first, then what may fail, then
 * what ends something; an addition that needs what a removal gives back comes last. What is in no
 * step is not touched.
 *
 * <p>Between two commands the conductor has those parts of networks started again that could not
 * start.
 *
 * <p>A configuration is on disk before the caller hears of it (package {@code history}): after a
 * crash the old one or the new one runs. {@code Recovery} decides at the start which that is.
 */
package io.lanyard.daemon.change;
