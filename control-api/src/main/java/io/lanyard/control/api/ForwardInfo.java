package io.lanyard.control.api;

/**
 * A port forward: {@code GET /v1/forwards}.
 *
 * @param network its network
 * @param name its name, or empty
 * @param protocol tcp or udp
 * @param listen where the host listens
 * @param to the guest's end
 * @param state {@code listening}, or {@code failed}
 * @param problem why it failed, or that all places of its clients are taken; or empty
 * @param connections connections or associations since it was opened
 */
public record ForwardInfo(
    String network,
    String name,
    String protocol,
    String listen,
    String to,
    String state,
    String problem,
    long connections) {}
