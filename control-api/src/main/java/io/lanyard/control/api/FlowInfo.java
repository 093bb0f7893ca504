package io.lanyard.control.api;

/**
 * A flow through the NAT: {@code GET /v1/flows}.
 *
 * @param network its network
 * @param id its number, which no other flow of the network has
 * @param forward the forward that it came in by; empty for one that the guest began
 * @param port the port of the switch that the guest is behind; {@code unlocated} while nobody has
 *     answered for the guest's address
 * @param protocol tcp, udp or icmp
 * @param direction {@code out} from a guest, {@code in} by a forward
 * @param guest the guest's address and port
 * @param remote the other end's address and port, as the guest sees it
 * @param client the address and port of the one who has begun it from outside, as the host sees
 *     them; empty for a flow that the guest began
 * @param state the protocol's own word for how far it is
 * @param fromGuestBytes bytes of payload that the guest sent
 * @param toGuestBytes bytes of payload that the guest was sent
 * @param ageSeconds since it began
 * @param idleSeconds since anything passed
 */
public record FlowInfo(
    String network,
    long id,
    String forward,
    String port,
    String protocol,
    String direction,
    String guest,
    String remote,
    String client,
    String state,
    long fromGuestBytes,
    long toGuestBytes,
    long ageSeconds,
    long idleSeconds) {}
