/**
 * Captures of a port or a network, in pcapng.
 *
 * <p>A {@link io.lanyard.vswitch.capture.Capture} is a tap on a switch. On the network's loop it
 * copies each wire frame (the segments of a super-frame one by one, checksums finished) into a
 * bounded queue; a virtual thread takes them from there and writes blocks to whatever channel it
 * was given, so that a slow disk or a stalled viewer never holds the network. A frame for which the
 * queue has no room is not captured, and the count of those stands in the interface statistics at
 * the end of the file (isb_ifdrop) and before the next frame that was (epb_dropcount).
 *
 * <p>Each port is an interface of the file, with its name (if_name) and what it is
 * (if_description). A port's capture has both directions, marked in epb_flags; a network's capture
 * has each frame once, where it came in. Name resolution blocks say who has which address, at the
 * head of the file, and at its end for those who came while it ran. What the switch and the port
 * have dropped during the capture, by cause, is a comment of the interface's statistics.
 */
package io.lanyard.vswitch.capture;
