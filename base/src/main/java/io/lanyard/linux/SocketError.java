package io.lanyard.linux;

import io.lanyard.net.Address;
import org.jspecify.annotations.Nullable;

/**
 * An error that the kernel keeps for a datagram that was sent before (ip(7), IP_RECVERR).
 *
 * @param number the error number, such as ECONNREFUSED
 * @param fromIcmp whether an ICMP message told it, else the host itself
 * @param type the ICMP type
 * @param code the ICMP code
 * @param info for EMSGSIZE the MTU
 * @param offender who sent the ICMP message; null if that is not known
 * @param ends where the datagram had been sent to, and, where the socket tells, from
 */
public record SocketError(
    int number,
    boolean fromIcmp,
    int type,
    int code,
    int info,
    @Nullable Address offender,
    DatagramEnds ends) {}
