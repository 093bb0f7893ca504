/**
 * Who is who on a network: ports, the stations behind them, and what each uses of the gateway.
 *
 * <p><b>Identity.</b> A guest chooses its MAC and IP addresses; it does not choose its port. So a
 * {@link io.lanyard.nat.station.PortBudget} stands for one ingress port, a {@link
 * io.lanyard.nat.station.Station} for one MAC address behind one port, and every quota is kept by
 * the budget, and below it by the station. The same MAC address behind two ports is two stations.
 *
 * <pre>
 *   Stations            the one table of a network
 *      |
 *      +-- PortBudget   made by the port's first frame at the gateway, released with the port
 *             |
 *             +-- Station   made by the first frame of its MAC address
 *             +-- Station   the anonymous one: everything beyond the port's share of the table
 * </pre>
 *
 * <p><b>Bounds.</b> The table is bounded. When it is full, the port with the most stations gives
 * one up: the one that was not heard for longest. So a port that makes up MAC addresses loses its
 * own. What a port sends beyond its share belongs to its anonymous station, so that nothing is ever
 * without an owner.
 *
 * <p><b>Addresses.</b> {@link io.lanyard.nat.station.Neighbours} has the stations' IP addresses, of
 * both families: a {@link io.lanyard.nat.station.Neighbour} each, which a flow keeps so that no
 * packet looks it up.
 *
 * <pre>
 *   packet for it ---&gt; INCOMPLETE ---answer---&gt; REACHABLE &lt;--- the station sends
 *                          |                     |  ^  |
 *                          |        only sent to |  |  | ten minutes without
 *                          |        for a minute v  |  | a packet either way
 *                          |                  PROBING  |
 *              three times |                     |     |
 *                no answer +-----&gt; FORGOTTEN &lt;---+-----+
 * </pre>
 *
 * <p>A known address that is used behind another port is {@code CONTESTED}: its holder is asked.
 * With the first word of the holder it is {@code REACHABLE} again; without one it is so behind the
 * other port. Until then nothing that the other port sends from the address goes on. An {@link
 * io.lanyard.nat.station.AddressGuard} knows the owners of some addresses: these move to their
 * owners at once, and to nobody else.
 *
 * <p>All of it belongs to the network's loop.
 */
package io.lanyard.nat.station;
