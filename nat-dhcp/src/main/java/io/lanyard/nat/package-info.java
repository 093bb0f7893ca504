/**
 * One network's gateway, put together: what a daemon makes for each network that has one.
 *
 * <p>The packages below it are layers, each of which sees only those beneath. {@link
 * io.lanyard.nat.flow} is the table of everything that guests have open, {@link
 * io.lanyard.nat.station} says who they are, {@link io.lanyard.nat.egress} where they may go.
 * {@link io.lanyard.nat.gateway} is a host on the switch: it takes frames, answers ARP and ping,
 * and hands what is for others to a {@link io.lanyard.nat.gateway.PacketEngine}, without knowing
 * which. The engines, {@link io.lanyard.nat.tcp}, {@link io.lanyard.nat.udp} and ICMP echo, carry
 * it to the host's sockets and back by the {@link io.lanyard.nat.gateway.GuestLink} that the
 * gateway is. {@link io.lanyard.nat.forward} opens the way in through the engines. {@link
 * io.lanyard.nat.NatNetwork} joins them by what {@link io.lanyard.config.NetworkConfig} says, and
 * takes another one while it runs:
 *
 * <pre>
 *                       NatNetwork
 *                           |
 *             +----------forward
 *             v             |
 *       tcp, udp, icmp &lt;----+      engines: guests' packets to sockets and back
 *        |          v
 *        |       gateway           a host on the switch
 *        |          v
 *        |    egress, station      where guests may go, who they are
 *        v          v
 *      flow &lt;-------'              what they have open
 * </pre>
 *
 * <p>A running network takes another configuration of its NAT and its egress ({@link
 * io.lanyard.nat.NatNetwork#configure}), and what the new one forbids ends ({@link
 * io.lanyard.nat.NatNetwork#endedBy} says beforehand whose flows that are). {@code EgressUpkeep}
 * does the same when the host's addresses, other networks or published ports change.
 *
 * <p>All of it belongs to the network's loop. It is closed from the top: forwards, connections,
 * flows, then the gateway, so that resets still find their way out.
 */
package io.lanyard.nat;
