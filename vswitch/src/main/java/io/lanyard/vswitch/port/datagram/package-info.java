/**
 * Ports whose medium keeps the boundaries of messages: one frame a datagram.
 *
 * <p>A {@link io.lanyard.vswitch.port.datagram.DatagramPort} is an {@link
 * io.lanyard.vswitch.port.datagram.Addressing} times a {@link
 * io.lanyard.vswitch.port.datagram.DatagramSource}: who the peers are and what lies in front of a
 * frame, times which socket carries it.
 *
 * <p><b>In.</b> One {@code recvmmsg} reads a burst. Each datagram is judged by the addressing,
 * which knows the peer's address: any process that may write to a path or reach a port can send,
 * and only the peer is heard. What passes goes to the switch in the port's turn.
 *
 * <p><b>Out.</b> Frames gather in a batch, which one {@code sendmmsg} sends at the flush. A
 * receiver that does not keep up gets a few more tries, while the loop does other work; then the
 * rest of the batch is dropped and counted.
 *
 * <p><b>Peers.</b> Nothing tells of a UNIX datagram peer's end. The port learns of it from a
 * datagram that is refused, and from a look every second: a socket that connects to the peer and
 * sends nothing.
 *
 * <pre>
 *              cannot bind               peer's socket is there, or it sends
 *   failed &lt;--------------- no-carrier ---------------------------------------&gt; up
 *          ---------------&gt;            &lt;---------------------------------------
 *              bound                     refuses a datagram, or is not found
 * </pre>
 */
package io.lanyard.vswitch.port.datagram;
