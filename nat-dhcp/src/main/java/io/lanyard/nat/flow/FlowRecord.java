package io.lanyard.nat.flow;

import io.lanyard.net.Endpoint;
import org.jspecify.annotations.Nullable;

/**
 * A flow as it stands, for a listing.
 *
 * @param id its number in the network's table; no other flow of the network ever has the same
 * @param protocol {@code tcp}, {@code udp} or {@code icmp}
 * @param port the port of the switch that the guest is behind
 * @param guest the guest's end; for ICMP with the identifier of its echo requests for a port
 * @param remote the remote end, as the guest sees it; for ICMP with port 0
 * @param state the engine's word for where the flow stands
 * @param forward the forward that the flow came in by; null for one that the guest began
 * @param client who has begun the flow from outside, as the host sees it; null for one that the
 *     guest began
 * @param ageNanos how long ago it began
 * @param idleNanos how long ago its last packet passed
 * @param packetsFromGuest packets that the guest sent
 * @param bytesFromGuest their bytes, IP header included
 * @param packetsToGuest packets that the guest got
 * @param bytesToGuest their bytes, IP header included
 */
public record FlowRecord(
    long id,
    String protocol,
    String port,
    Endpoint guest,
    Endpoint remote,
    String state,
    @Nullable String forward,
    @Nullable Endpoint client,
    long ageNanos,
    long idleNanos,
    long packetsFromGuest,
    long bytesFromGuest,
    long packetsToGuest,
    long bytesToGuest) {}
