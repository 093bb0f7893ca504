package io.lanyard.linux;

/**
 * An error that the kernel keeps for a datagram that was sent before (ip(7), IP_RECVERR).
 *
 * @param number the error number, such as ECONNREFUSED
 * @param fromIcmp whether an ICMP message told it, else the host itself
 * @param type the ICMP type
 * @param code the ICMP code
 * @param info for EMSGSIZE the MTU
 * @param offender who sent the ICMP message: an IPv4 address, or 0
 * @param address where the datagram had been sent to
 * @param port the port that it had been sent to
 */
public record SocketError(
    int number,
    boolean fromIcmp,
    int type,
    int code,
    int info,
    int offender,
    int address,
    int port) {}
