/**
 * A running network: an event loop with a switch on it, its ports, and the services of its gateway.
 *
 * <pre>
 *   Network ----- NetworkLoop      the loop, and the way onto it from other threads
 *      |--------- NetworkPorts     declared ports, host adapter, uplink, NICs
 *      |             |-- AttachedPorts, PortGovernance   those on the switch; their rules, links
 *      |             |-- HandedOverSockets               links that other processes have opened
 *      |             |-- PortReport                      how they are, for people and the API
 *      |             '-- .port                           the kinds of ports
 *      |--------- NetworkGateway   the gateway's place: empty, or
 *      |             '-- NetworkServices                 NAT and forwards, DhcpService, DnsService
 *      '--------- NetworkReport    what the network is and has, for people and the API
 * </pre>
 *
 * <p><b>Threads.</b> All state belongs to the loop. A call from outside is a task on the loop whose
 * answer is a record; the caller waits for it, and is told by a {@link
 * io.lanyard.daemon.network.NetworkGoneException} if the network ends first. Opening a port or a
 * forward is asynchronous on the loop; the caller waits outside of it.
 *
 * <p><b>Failures.</b> A part that cannot run is a problem of its own: it is logged, it shows in the
 * network's status, and it is tried again if that may help. The rest of the network runs. A port
 * tries again by itself; the parts that begin with the network ({@code StartingParts}: its gateway)
 * are tried by the conductor, with growing pauses.
 *
 * <p><b>Changes.</b> {@link io.lanyard.daemon.network.Network#configure} takes over settings that
 * cannot fail; ports and forwards are added and removed one by one. What none of these can change
 * is changed by another network in the place of this one.
 */
package io.lanyard.daemon.network;
