/**
 * TCP for the guests: a real endpoint towards each guest, spliced to a stream of the host.
 *
 * <p><b>The parts.</b> {@link io.lanyard.nat.tcp.TcpEngine} finds the connection of a segment in
 * the network's flow table, or makes one. A connection is the state machine of RFC 9293 between a
 * sender (send queue, SACK scoreboard, congestion window, one timer for retransmission, tail probe
 * and persist) and a receiver (reassembly, window, what to acknowledge when). Its other end is a
 * {@link io.lanyard.nat.tcp.HostStream}: a socket, or a service of the gateway ({@link
 * io.lanyard.nat.tcp.StreamService}); to that end the connection is a {@link
 * io.lanyard.nat.tcp.GuestStream}.
 *
 * <p><b>Opening.</b> A guest's SYN waits in a state of its own, CONNECTING, until the host's side
 * has connected: a refusal becomes a reset, an unreachable host ICMP, and what the guest takes for
 * established is.
 *
 * <pre>
 *   guest: SYN --&gt; CONNECTING --host connected--&gt; SYN-RECEIVED --&gt; ESTABLISHED --&gt; RFC 9293
 *                      |                                            ^
 *                      +--host failed--&gt; RST or ICMP                |
 *   forward: ---------------------------&gt; SYN-SENT -----------------+
 * </pre>
 *
 * <p><b>Ending.</b> When both sides have ended and the host's peer has yet to read the rest, the
 * connection stays as LINGERING: its socket, its memory and its place stay charged to the port,
 * whose guest could otherwise pile up connections to a peer that reads nothing. Where the guest has
 * ended first, it keeps TIME-WAIT itself.
 *
 * <pre>
 *   LAST-ACK --------------all read---------------&gt; CLOSED
 *      |                                              ^
 *      +---&gt; LINGERING ---read, or 120 s---&gt; TIME-WAIT
 *      |                                        ^
 *   FIN-WAIT-2, CLOSING ------all read----------+
 * </pre>
 *
 * <p><b>Bytes out</b> (guest to host). The payload of a frame is written to the socket at once from
 * where it lies when it is large, gathered with others of the burst when it is small; what the
 * socket does not take stays queued there, and the guest's window is a bound minus that. So nothing
 * is acknowledged for which there is no room, and the window's right edge never moves left.
 *
 * <p><b>Bytes in</b> (host to guest). The socket is read into a buffer with room for all headers
 * before the payload and of the size of a super-frame. The headers are written there, the frame is
 * lent to the link, and the same buffer waits in the send queue until it is acknowledged. What is
 * sent a second time is copied, because a port may still hold the first. When the queue is full the
 * socket is no longer read.
 *
 * <p><b>Sequence numbers</b> are ints compared modulo 2^32 (the class Seq); nothing else may
 * compare them. <b>Time</b> is the network's clock. <b>Memory</b> is counted in one pool for the
 * process ({@link io.lanyard.nat.tcp.MemoryPool}), of which networks and ports have floors and
 * caps: the connections of a port that nears its cap shrink to small windows; at the cap, each
 * moves a few kilobytes at a time, and what is out of order is dropped. Everything runs on the
 * network's loop; a frame costs no object.
 */
package io.lanyard.nat.tcp;
