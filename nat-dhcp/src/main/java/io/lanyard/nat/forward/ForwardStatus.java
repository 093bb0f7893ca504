package io.lanyard.nat.forward;

import io.lanyard.config.ForwardConfig;
import org.jspecify.annotations.Nullable;

/**
 * A forward as it stands, for a listing.
 *
 * @param forward as declared
 * @param listening whether the host's port is open
 * @param problem why not; null while it is
 * @param port the host's port that is open: the declared one, or what the host chose for port 0
 * @param accepted connections, or clients, that came
 * @param refused those that found no guest or no place
 * @param active those that are there now
 * @param bytesToGuest bytes that guests got from ended and present ones, IP headers included
 * @param bytesFromGuest bytes that guests sent
 */
public record ForwardStatus(
    ForwardConfig forward,
    boolean listening,
    @Nullable String problem,
    int port,
    long accepted,
    long refused,
    int active,
    long bytesToGuest,
    long bytesFromGuest) {}
