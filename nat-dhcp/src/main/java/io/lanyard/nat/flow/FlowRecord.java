package io.lanyard.nat.flow;

import org.jspecify.annotations.Nullable;

/**
 * A flow as it stands, for a listing.
 *
 * @param protocol {@code tcp}, {@code udp} or {@code icmp}
 * @param guestAddress the guest's IPv4 address
 * @param guestPort the guest's port, or the identifier of its echo requests
 * @param remoteAddress the remote IPv4 address, as the guest sees it
 * @param remotePort the remote port
 * @param state the engine's word for where the flow stands
 * @param forward the forward that the flow came in by; null for one that the guest began
 * @param ageNanos how long ago it began
 * @param idleNanos how long ago its last packet passed
 * @param packetsFromGuest packets that the guest sent
 * @param bytesFromGuest their bytes, IP header included
 * @param packetsToGuest packets that the guest got
 * @param bytesToGuest their bytes, IP header included
 */
public record FlowRecord(
    String protocol,
    int guestAddress,
    int guestPort,
    int remoteAddress,
    int remotePort,
    String state,
    @Nullable String forward,
    long ageNanos,
    long idleNanos,
    long packetsFromGuest,
    long bytesFromGuest,
    long packetsToGuest,
    long bytesToGuest) {}
