/**
 * The ways into a switch.
 *
 * <p>A {@link io.lanyard.vswitch.port.StreamPort} is a {@link io.lanyard.vswitch.port.Framing}
 * times a {@link io.lanyard.vswitch.port.StreamAddress}; a {@link
 * io.lanyard.vswitch.port.DevicePort} is a {@link io.lanyard.vswitch.port.FrameDevice} that a
 * {@link io.lanyard.vswitch.port.DeviceSource} opens; an {@link
 * io.lanyard.vswitch.port.InProcessPort} is the NIC of a guest in this process; a {@link
 * io.lanyard.vswitch.port.VhostUserPort} shares the rings of a guest in another process.
 *
 * <p>A device is a TAP device, or an interface of the host seen through a packet socket or libpcap
 * ({@link io.lanyard.vswitch.port.InterfaceSource}, {@link io.lanyard.vswitch.port.WireDriver}):
 * what a bridged network has as its uplink. Frames for the host itself do not go by the wire: they
 * are led into its stack beside it.
 *
 * <p>A port reads in bursts: it takes up to a few dozen frames from its device or socket, hands
 * each to the switch, flushes the switch once, and gives the loop back, so that a busy port does
 * not starve the others. Towards the guest it gathers what the switch transmits and sends it at the
 * flush, with as few system calls as the medium allows.
 *
 * <p>A receiver behind the switch may retain a frame that is lent. A port therefore looks at the
 * reference count after it has handed a frame over: a buffer that is still held elsewhere is left
 * to its holder, and a fresh one takes its place.
 *
 * <p>A port is made, attached to the switch, started and closed on the network's loop. None of that
 * blocks or fails: what may wait runs on another thread, and what cannot be done now is the port's
 * {@link io.lanyard.vswitch.PortState}. It tries again by itself; the switch, the log and the API
 * follow the state.
 *
 * <pre>
 *              +--------------- its device, namespace or socket is back
 *              v                                     |
 *   no-carrier &lt;-- nobody there --- up ------> failed: reason, remedy
 *              --- somebody ------>     lost
 * </pre>
 */
package io.lanyard.vswitch.port;
